"""A database that is ready for durable work, on either kind."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bot.workflows.databases import migrate_engine
from tests.postgres import PostgresDatabase, PostgresServer, postgres_server


@pytest.fixture
def url(database_url: str) -> str:
    migrate_engine(database_url)
    return database_url


@pytest.fixture
def shared_url(shared: PostgresDatabase) -> str:
    return shared.url


@pytest.fixture
def own_server() -> Iterator[PostgresServer]:
    """One that may be stopped without disturbing other tests."""
    with postgres_server(durable=True) as server:
        yield server


@pytest.fixture
def shared(postgres: PostgresDatabase) -> PostgresDatabase:
    """A database for several processes."""
    migrate_engine(postgres.url)
    return postgres
