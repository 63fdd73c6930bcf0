"""Alembic's environment: runs the revisions over a connection that it is handed.

`bot.adapters.sql.migrate` hands it one. By hand, to write a new revision:
`alembic -x url=sqlite:///scratch.db revision --autogenerate -m "…"`.
"""

from __future__ import annotations

from alembic import context
from sqlalchemy import Connection, create_engine

from bot.adapters.sql.migrate import VERSION_TABLE, is_ours
from bot.adapters.sql.tables import Base


def run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        version_table=VERSION_TABLE,
        include_object=is_ours,
        render_as_batch=True,  # SQLite cannot alter most things in place
        compare_type=True,
    )
    with context.begin_transaction():
        context.run_migrations()


connection = context.config.attributes.get("connection")
if connection is not None:
    run(connection)
else:
    with create_engine(context.get_x_argument(as_dictionary=True)["url"]).connect() as own:
        run(own)
