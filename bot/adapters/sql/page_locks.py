"""Keeps pages of the ledger to one process, in a PostgreSQL that several share."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, TypeVar

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.adapters.sql.engine import store_errors
from bot.domain.errors import StoreError

T = TypeVar("T")
Work = Callable[[AsyncConnection], Awaitable[T]]
Do = Callable[[Work[Any]], Awaitable[Any]]
"""Does some work in a transaction of its own, on the connection that holds the page."""

_BETWEEN_TRIES = 0.05  # seconds


class PageLocks:
    """Any number of pages on one connection: messages are on their way to Slack for seconds, and
    hold none of their own meanwhile. There is no connection while no page is open.

    The locks are the connection's, and end with it: with the process that holds them, not while
    that is merely slow. Where it is lost, nothing is written under the pages that it held.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._turn = asyncio.Lock()
        self._connection: AsyncConnection | None = None
        self._open = 0

    @asynccontextmanager
    async def held(self, number: int, wait: float) -> AsyncIterator[Do | None]:
        """None where another process has had the page for `wait` seconds.

        Within this process a page must not be asked for twice at a time. Raises `StoreError`.
        """
        self._open += 1
        try:
            connection = await self._uncut(self._connected)
            do, may_be_ours = partial(self._do, connection), True
            try:
                may_be_ours = await _locked(do, number, wait)
                yield do if may_be_ours else None
            finally:
                # Also where we are cancelled and nobody knows whether the lock came about.
                if may_be_ours:
                    await self._give_back(connection, number)
        finally:
            self._open -= 1
            await self._uncut(self._disconnected)

    async def _connected(self) -> AsyncConnection:
        if self._connection is None or self._connection.invalidated:
            await self._drop()
            with store_errors("Opening the ledger of posts"):
                self._connection = await self._engine.connect()
        return self._connection

    async def _disconnected(self) -> None:
        if self._open == 0:
            await self._drop()

    async def _drop(self) -> None:
        if self._connection is not None:
            connection, self._connection = self._connection, None
            with store_errors("Closing the ledger of posts"):
                await connection.close()

    async def _do(self, connection: AsyncConnection, work: Work[T]) -> T:
        async def in_transaction() -> T:
            if connection.invalidated or connection.closed:
                raise StoreError(
                    "The connection that held the post was lost; another may have it by now."
                )
            async with connection.begin():
                return await work(connection)

        return await self._uncut(in_transaction)

    async def _give_back(self, connection: AsyncConnection, number: int) -> None:
        async def unlock() -> None:
            if connection.invalidated or connection.closed:
                return
            try:
                with store_errors("Closing the ledger of posts"):
                    async with connection.begin():
                        await connection.execute(
                            text("SELECT pg_advisory_unlock(:page)"), {"page": number}
                        )
            except BaseException:
                # It may hold the lock still, which its end gives back for certain.
                await connection.invalidate()
                raise

        await self._uncut(unlock)

    async def _uncut(self, work: Callable[[], Awaitable[T]]) -> T:
        """One after the other, and each to its end though its caller is cancelled: a statement that
        is cut short ends the connection, and with that every page."""

        async def alone() -> T:
            async with self._turn:
                return await work()

        task = asyncio.create_task(alone())
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            task.add_done_callback(_forget)
            raise


def _forget(task: asyncio.Task[Any]) -> None:
    """Its caller has gone; the loop shall not complain that nobody heard what came of it."""
    if not task.cancelled():
        task.exception()


async def _locked(do: Do, number: int, wait: float) -> bool:
    async def lock(connection: AsyncConnection) -> bool:
        locking = text("SELECT pg_try_advisory_lock(:page)")
        return bool(await connection.scalar(locking, {"page": number}))

    until = asyncio.get_running_loop().time() + wait
    with store_errors("Opening the ledger of posts"):
        while not await do(lock):
            if asyncio.get_running_loop().time() > until:
                return False
            await asyncio.sleep(_BETWEEN_TRIES)
    return True
