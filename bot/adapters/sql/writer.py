"""Transactions that an acknowledgement waits for, done in one go whatever else the loop does."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from time import monotonic, sleep
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, event
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.adapters.sql.engine import (
    BUSY_MILLISECONDS,
    create_engine_of_one_thread,
    is_busy,
    turn_of,
)

_BETWEEN_LOOKS = 0.002

T = TypeVar("T")


async def in_one_go(engine: AsyncEngine, work: Callable[[Connection], T]) -> T:
    """What `work` returns, after it was committed. Nothing is kept where it raises.

    Where the connection broke it is done once more, even if that may have been after the commit.
    On the loop each statement waits for its turn among all else that is ready, several times
    over. So all of `work` is done in the one thread of a connection of its own.
    """
    writer = _writer_of(engine)
    if engine.dialect.name != "sqlite":
        return await writer.do(work)
    async with turn_of(engine):
        return await writer.do(work)


class _Writer:
    """The thread that writes into the database of `engine`, and is closed with it."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = create_engine_of_one_thread(engine.url)
        self._is_file = self._engine.dialect.name == "sqlite"
        if self._is_file:
            event.listen(self._engine, "connect", _never_wait)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="writer")

    async def do(self, work: Callable[[Connection], T]) -> T:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, partial(self._do, work))

    def _do(self, work: Callable[[Connection], T]) -> T:
        try:
            return self._once(work)
        except DBAPIError as error:
            if not error.connection_invalidated:
                raise
        return self._once(work)

    def _once(self, work: Callable[[Connection], T]) -> T:
        with self._engine.begin() as connection:
            if self._is_file:
                _begin(connection)
            return work(connection)

    def close(self) -> None:
        self._thread.submit(self._engine.dispose)
        self._thread.shutdown(wait=False)


_writers: WeakKeyDictionary[AsyncEngine, _Writer] = WeakKeyDictionary()


def _writer_of(engine: AsyncEngine) -> _Writer:
    if engine not in _writers:
        _writers[engine] = _Writer(engine)

        def disposed(_: object) -> None:
            if writer := _writers.pop(engine, None):
                writer.close()

        event.listen(engine.sync_engine, "engine_disposed", disposed, once=True)
    return _writers[engine]


def _never_wait(connection: Any, _: object) -> None:
    # Only the beginning can find the file busy, and that looks by itself.
    connection.execute("PRAGMA busy_timeout = 0")


def _begin(connection: Connection) -> None:
    until = monotonic() + BUSY_MILLISECONDS / 1000
    while True:
        try:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            return
        except OperationalError as error:
            if not is_busy(error.orig) or monotonic() > until:
                raise
        sleep(_BETWEEN_LOOKS)
