"""How many workers run tests, and which each gets: those of a file, and those of Airflows."""

from __future__ import annotations

import os
from typing import Any

import pytest

_AIRFLOW = ("tests/real_airflow/", "tests/demo/")
_LONGEST = (
    _AIRFLOW,
    "tests/chaos/test_chaos.py",
    "tests/cli/",
    "tests/workflows/",
    "tests/end_to_end/",
)
"""In this order, before all others: a worker that begins one at the end keeps all waiting."""

_MOST = 4
_GIVING_WAY = 5


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """One more than there are cores: a third of the time a test waits, for programs that start and
    end, or for what is to happen after some seconds."""
    return min((os.cpu_count() or 1) + 1, _MOST)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    if config.getoption("dist") != "loadscope":
        return None
    from xdist.scheduler import LoadScopeScheduling

    class Scheduling(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            """A file's fixtures are made once. So is each real Airflow, and never two at a time:
            one is enough to keep a core busy."""
            return "airflow" if nodeid.startswith(_AIRFLOW) else nodeid.partition("::")[0]

    return Scheduling(config, log)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if hasattr(config, "workerinput"):
        items.sort(key=_place)


def _place(item: pytest.Item) -> int:
    places = (at for at, which in enumerate(_LONGEST) if item.nodeid.startswith(which))
    return next(places, len(_LONGEST))


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """A worker gives way to a real Airflow beside it, whose tasks would be taken for dead if it
    were starved. None comes to the worker itself any more: the first unit of all was Airflow's."""
    is_worker = hasattr(item.config, "workerinput")
    if is_worker and not item.nodeid.startswith(_AIRFLOW) and os.nice(0) < _GIVING_WAY:
        os.nice(_GIVING_WAY)
