"""No test leaves an engine of durable work to those after it, of which each would fail."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from bot.workflows.engine import Engine


@pytest.fixture(autouse=True)
def _no_engine_left_open() -> Iterator[None]:
    """Set up after what a module shares, and before all that is the test's own."""
    with no_engine_left_open():
        yield


@contextmanager
def no_engine_left_open() -> Iterator[None]:
    """Closes an engine that was opened within and is open at the end, and fails."""
    before = _at_work()
    yield
    left = _at_work()
    if left is not None and left is not before:
        _end(left)
        pytest.fail("this test left its engine open; it was closed for the sake of the next")


def _at_work() -> Engine | None:
    """The engine of this process. It is not imported for tests that have none."""
    module = sys.modules.get("bot.workflows.engine")
    return module.Engine._at_work if module else None


def _end(engine: Engine) -> None:
    # The loop in which it was opened may have ended, and be the one that DBOS' threads wait for.
    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, engine.close(0)).result()
    engine._threads.shutdown()
    type(engine)._at_work = None
