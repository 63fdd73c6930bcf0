"""Which tests one worker gets where several run them: those of a file, and those of Airflows."""

from __future__ import annotations

from typing import Any

import pytest

_AIRFLOW = ("tests/real_airflow/", "tests/demo/")


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
