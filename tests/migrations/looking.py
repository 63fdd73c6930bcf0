"""A plain look into a database, past everything of ours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import create_engine, make_url

_TABLES = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'table'",
    "postgresql": "SELECT tablename FROM pg_tables WHERE schemaname = 'public'",
}
_SCHEMA = {
    "sqlite": "SELECT name, sql FROM sqlite_master ORDER BY name",
    "postgresql": """
        SELECT table_name || '.' || column_name, data_type || is_nullable
        FROM information_schema.columns WHERE table_schema = 'public'
        UNION ALL SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'
        UNION ALL SELECT conrelid::regclass || '.' || conname, pg_get_constraintdef(oid)
        FROM pg_constraint WHERE connamespace = 'public'::regnamespace ORDER BY 1, 2
    """,
}


@dataclass(frozen=True, slots=True)
class Database:
    """`url` is the one that the bot is given."""

    url: str

    @property
    def kind(self) -> str:
        return make_url(self.url).get_backend_name()

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        """What `statement` returns, if anything; what it changes is committed."""
        engine = create_engine(self.url.replace("+aiosqlite", ""))
        with engine.begin() as connection:
            result = connection.exec_driver_sql(statement)
            found = [tuple(row) for row in result] if result.returns_rows else []
        engine.dispose()
        return found

    def tables(self) -> set[str]:
        return {name for (name,) in self.rows(_TABLES[self.kind])}

    def schema(self) -> list[tuple[Any, ...]]:
        """Columns, indexes and constraints; equal for equal schemas."""
        return self.rows(_SCHEMA[self.kind])
