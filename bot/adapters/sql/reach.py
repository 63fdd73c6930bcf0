"""Connecting to the database for the first time, where a wrong setting shows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.adapters.sql.engine import store_errors
from bot.domain.errors import StoreError
from bot.services.unreachable import Unreachable, unreachable


class NotReached(StoreError):
    """The database could not be connected to."""

    def __init__(self, why: Unreachable) -> None:
        super().__init__(str(why))
        self.why = why


@contextmanager
def reaching(engine: AsyncEngine, doing: str) -> Iterator[None]:
    """As `store_errors`; raises `NotReached` where no connection came about."""
    with store_errors(doing):
        try:
            yield
        except DBAPIError as error:
            if error.statement is not None:
                raise
            url = engine.url.render_as_string(hide_password=True)
            raise NotReached(unreachable(url, str(error.orig))) from error
