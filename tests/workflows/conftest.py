"""A database that is ready for durable work, on either kind."""

from __future__ import annotations

import pytest

from bot.workflows.databases import migrate_engine
from tests.postgres import PostgresDatabase


@pytest.fixture
def url(database_url: str) -> str:
    migrate_engine(database_url)
    return database_url


@pytest.fixture
def shared(postgres: PostgresDatabase) -> PostgresDatabase:
    """A database for several processes."""
    migrate_engine(postgres.url)
    return postgres
