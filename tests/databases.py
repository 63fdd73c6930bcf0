"""Databases for tests: fresh ones, up to date, on SQLite and on a real PostgreSQL."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from bot.adapters.sql.migrate import migrate
from tests.postgres import PostgresDatabase, PostgresMissing, Server, open_server

_USING_POSTGRES = {"postgres", "empty_postgres"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if _USING_POSTGRES.intersection(getattr(item, "fixturenames", ())):
            item.add_marker("postgres")


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest) -> str:
    """A database of the test's own with all tables, once on either kind; for `create_engine`."""
    if request.param == "sqlite":
        url: str = request.getfixturevalue("sqlite_url")
        return url
    database: PostgresDatabase = request.getfixturevalue("postgres")
    return database.url


@pytest.fixture
def sqlite_url(migrated_file: Path, tmp_path: Path) -> str:
    """A file of the test's own with all tables."""
    file = shutil.copy(migrated_file, tmp_path / "bot.db")
    return f"sqlite+aiosqlite:///{file}"


@pytest.fixture
def postgres(server: Server, migrated_template: PostgresDatabase) -> Iterator[PostgresDatabase]:
    """A database of the test's own with all tables; its server may be stopped and restarted."""
    yield from _database(server, migrated_template)


@pytest.fixture
def empty_postgres(server: Server) -> Iterator[PostgresDatabase]:
    """The same without any table."""
    yield from _database(server, None)


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    try:
        opened = open_server()
    except PostgresMissing as missing:
        pytest.skip(str(missing))
    yield opened
    opened.remove()


@pytest.fixture(scope="session")
def migrated_template(server: Server) -> Iterator[PostgresDatabase]:
    template = server.create_database()
    _migrate(template.url)
    yield template
    server.start()
    server.drop_database(template)


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("database") / "migrated.db"
    _migrate(f"sqlite+aiosqlite:///{file}")
    return file


def _database(server: Server, template: PostgresDatabase | None) -> Iterator[PostgresDatabase]:
    database = server.create_database(template=template)
    yield database
    server.start()  # the test may have left it stopped
    server.drop_database(database)


def _migrate(url: str) -> None:
    # In a thread: where an async test asks for the fixture, this one's event loop is running.
    with ThreadPoolExecutor(1) as pool:
        pool.submit(migrate, url).result()
