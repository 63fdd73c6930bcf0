# Two commands to use: make demo, make test. The rest is for work on the bot itself.
# PYTHON names an interpreter (3.11 or newer) where the one found is not the one wanted;
# ARGS is passed on, e.g. make test ARGS="tests/settings -x".

.PHONY: help demo test lint lock clean
.DEFAULT_GOAL := help
export PYTHON

# Several processes run whole files of tests, in the order that tests/workers.py gives them. -n 0 in
# ARGS runs all in one process.
IN_PARALLEL := -n auto --dist loadscope --no-loadscope-reorder

help:
	@echo "make demo   a real Airflow, a local workspace and the bot; Ctrl-C ends it"
	@echo "make test   all tests"
	@echo "make lint   format, types, layers, spelling, Dockerfile, runbooks"
	@echo "make lock   write the pinned requirements anew (ARGS=--upgrade for newer versions)"
	@echo "make clean  remove environments, caches and what the demo kept"

demo:
	@.ci/venv run airflow
	@exec .venv/bin/python -m bot demo $(ARGS)

test:
	@.ci/venv dev airflow
	@exec .venv/bin/python -m pytest $(IN_PARALLEL) $(ARGS)

lint:
	@.ci/venv dev
	@.ci/lint

lock:
	@.ci/venv dev
	@.ci/lock $(ARGS)

clean:
	rm -rf .venv .cache .demo .mypy_cache .ruff_cache .pytest_cache .hypothesis \
		.import_linter_cache build dist
