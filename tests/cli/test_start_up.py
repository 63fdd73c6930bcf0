"""Commands start at once: what takes long to import waits until it is wanted."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = {"airflow_client", "chromadb", "numpy", "openai", "slack_bolt", "sqlalchemy"}


@pytest.mark.parametrize(
    ("module", "needed"),
    [
        ("bot.cli", set()),  # for --help
        ("bot.bootstrap", {"sqlalchemy"}),  # for migrate and runbooks
        ("bot.cli_work.opening", {"sqlalchemy"}),
    ],
)
def test_a_command_imports_no_library_that_it_does_not_need(module: str, needed: set[str]) -> None:
    program = f"import sys, {module}; print(*sorted({HEAVY!r} & sys.modules.keys()))"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    assert set(done.stdout.split()) <= needed
