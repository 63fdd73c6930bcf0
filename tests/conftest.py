"""What holds for every test: loopback only, no settings from outside, nothing skipped in CI."""

from __future__ import annotations

import ipaddress
import logging
import os
import socket
import sys
from collections.abc import Generator, Iterator
from typing import Any

import hypothesis
import pytest
import structlog

# Machines differ in speed, so no example has a deadline; in CI the examples are always the same.
hypothesis.settings.register_profile("here", deadline=None)
hypothesis.settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
hypothesis.settings.load_profile("ci" if os.environ.get("CI") else "here")

pytest_plugins = ["tests.databases", "tests.engines", "tests.rules", "tests.workers"]

_NEVER_SKIPPED_IN_CI = ("airflow", "browser", "postgres")
_OUTSIDE = ("AIRFLOW_BOT_", "SLACK_", "OPENAI_", "AIRFLOW__")


def _refuse_the_outside(event: str, arguments: tuple[Any, ...]) -> None:
    """Fails a test that would reach another machine."""
    if event != "socket.connect":
        return
    connecting, address = arguments
    if connecting.family not in (socket.AF_INET, socket.AF_INET6):
        return
    host = str(address[0]).partition("%")[0]
    try:
        is_here = host in ("", "localhost") or ipaddress.ip_address(host).is_loopback
    except ValueError:
        is_here = False
    if not is_here:
        raise PermissionError(f"a test tried to reach {host}; tests stay on loopback")


sys.addaudithook(_refuse_the_outside)


@pytest.fixture(autouse=True)
def _environment_of_no_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a developer has set for the bot does not reach the tests."""
    for name in os.environ:
        if name.startswith(_OUTSIDE):
            monkeypatch.delenv(name)


@pytest.fixture(autouse=True)
def _log_of_no_one() -> Iterator[None]:
    """Where a command of one test writes its log is closed before the next."""
    root = logging.getLogger()
    before = list(root.handlers)
    yield
    for handler in [one for one in root.handlers if one not in before]:
        root.removeHandler(handler)


@pytest.fixture(autouse=True)
def _plain_tracebacks() -> None:
    """With the values of all variables, as structlog shows them by itself, one takes seconds."""
    if structlog.is_configured():
        return
    plain = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    structlog.configure(processors=[*structlog.get_config()["processors"][:-1], plain])


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """In CI everything that the real tests need is installed: a skip there hides something."""
    report = yield
    marks = [name for name in _NEVER_SKIPPED_IN_CI if item.get_closest_marker(name)]
    if report.skipped and marks and os.environ.get("CI"):
        reason = report.longrepr[-1] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"tests marked {marks[0]} may not be skipped in CI: {reason}"
    return report
