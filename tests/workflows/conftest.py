"""Databases that are ready for durable work, on either kind."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.workflows.databases import migrate_engine
from tests.postgres import PostgresDatabase, PostgresServer, Server, postgres_server

_USING_POSTGRES = {"shared", "own_server"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if _USING_POSTGRES.intersection(getattr(item, "fixturenames", ())):
            item.add_marker("postgres")


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def url(request: pytest.FixtureRequest) -> str:
    """A database of the test's own, once on either kind."""
    if request.param == "sqlite":
        of_file: str = request.getfixturevalue("file_url")
        return of_file
    database: PostgresDatabase = request.getfixturevalue("shared")
    return database.url


@pytest.fixture
def file_url(durable_file: Path, tmp_path: Path) -> str:
    file = shutil.copy(durable_file, tmp_path / "bot.db")
    return f"sqlite+aiosqlite:///{file}"


@pytest.fixture
def shared(server: Server, durable_template: PostgresDatabase) -> Iterator[PostgresDatabase]:
    """A database for several processes; its server may be stopped and started."""
    database = server.create_database(template=durable_template)
    yield database
    server.start()
    server.drop_database(database)


@pytest.fixture
def shared_url(shared: PostgresDatabase) -> str:
    return shared.url


@pytest.fixture
def own_server() -> Iterator[PostgresServer]:
    """One that may be crashed without disturbing other tests."""
    with postgres_server(durable=True) as server:
        yield server


@pytest.fixture(scope="session")
def durable_file(migrated_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("durable") / "bot.db"
    shutil.copy(migrated_file, file)
    migrate_engine(f"sqlite+aiosqlite:///{file}")
    return file


@pytest.fixture(scope="session")
def durable_template(
    server: Server, migrated_template: PostgresDatabase
) -> Iterator[PostgresDatabase]:
    template = server.create_database(template=migrated_template)
    migrate_engine(template.url)
    yield template
    server.start()
    server.drop_database(template)
