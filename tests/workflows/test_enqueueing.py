"""Several jobs put into the tables together, which are DBOS' own."""

from __future__ import annotations

import time
from typing import Any

import sqlalchemy as sa

from bot.workflows.databases import client_of, open_engine
from bot.workflows.queues import options_of
from bot.workflows.serializer import TypedJson
from tests.workflows.support import Errand, errand, running

_OF_EACH_ROW = {"workflow_uuid", "creator_xid", "created_at", "updated_at", "inputs"}


async def _unused(body: Any, steps: Any) -> None:
    raise AssertionError("nobody works here")


def _kept(database: sa.Engine) -> dict[str, tuple[dict[str, Any], str]]:
    """What stands in the tables about each job, as far as all jobs have it in common; its input."""
    schema = None if database.dialect.name == "sqlite" else "dbos"
    metadata = sa.MetaData()
    status = sa.Table("workflow_status", metadata, schema=schema, autoload_with=database)
    inputs = sa.Table("workflow_input", metadata, schema=schema, autoload_with=database)
    joined = sa.select(status, inputs.c.inputs.label("body")).join_from(
        status, inputs, status.c.workflow_uuid == inputs.c.workflow_uuid
    )
    with database.connect() as connection:
        rows = [dict(row) for row in connection.execute(joined).mappings()]
    for row in rows:
        # No attributes, whichever way they are not there.
        row["attributes"] = row["attributes"] if row["attributes"] != "null" else None
    return {
        row["workflow_uuid"]: (
            {name: value for name, value in row.items() if name not in {*_OF_EACH_ROW, "body"}},
            row["body"],
        )
        for row in rows
    }


async def test_jobs_put_in_together_stand_there_as_dbos_puts_in_each(url: str) -> None:
    alone = errand("alone", share="one share", priority=3)
    together = [errand(key, text="alone", share="one share", priority=3) for key in ("a", "b")]
    database = open_engine(url, connections=1)
    client = client_of(database, TypedJson([Errand]))
    async with running(url, _unused, works=False) as engine:
        with database.begin() as connection:
            client.enqueue_in_transaction(connection, options_of(alone), alone)
        with database.begin() as connection:
            engine.enqueue(connection, *together)

    kept = _kept(database)
    database.dispose()

    (row, body) = kept.pop("alone")
    assert {key: (*there,) for key, there in kept.items()} == {
        key: (row, body.replace('"key":"alone"', f'"key":"{key}"')) for key in ("a", "b")
    }


async def test_jobs_that_wait_for_their_time_go_in_beside_others(url: str) -> None:
    database = open_engine(url, connections=1)
    async with running(url, _unused, works=False) as engine:
        with database.begin() as connection:
            engine.enqueue(connection, errand("now"), errand("later", delay=60.0))

    kept = _kept(database)
    database.dispose()

    assert {key: row["status"] for key, (row, _) in kept.items()} == {
        "now": "ENQUEUED",
        "later": "DELAYED",
    }


async def test_a_job_that_is_there_already_keeps_no_other_out(url: str) -> None:
    database = open_engine(url, connections=1)
    async with running(url, _unused, works=False) as engine:
        with database.begin() as connection:
            engine.enqueue(connection, errand("first"))
        with database.begin() as connection:
            engine.enqueue(connection, errand("first", text="again"), errand("second"))

    kept = _kept(database)
    database.dispose()

    assert sorted(kept) == ["first", "second"]
    assert "again" not in kept["first"][1]


async def test_jobs_arrive_in_the_order_in_which_they_were_put_in(url: str) -> None:
    """In one transaction or in several within the same millisecond; keys are no help."""
    together = [f"{number:02}" for number in reversed(range(20, 40))]
    each_alone = [f"{number:02}" for number in reversed(range(20))]
    database = open_engine(url, connections=1)
    async with running(url, _unused, works=False) as engine:
        with database.begin() as connection:
            engine.enqueue(connection, *[errand(key) for key in together])
            engine.enqueue(connection, errand(together[0], text="again"))
            for key in each_alone:
                engine.enqueue(connection, errand(key))

    schema = "" if database.dialect.name == "sqlite" else "dbos."
    arrivals = f"SELECT workflow_uuid, created_at FROM {schema}workflow_status ORDER BY created_at"
    with database.connect() as connection:
        rows = connection.execute(sa.text(arrivals)).all()
    database.dispose()

    assert [row.workflow_uuid for row in rows] == together + each_alone
    assert len({row.created_at for row in rows}) == len(rows)
    assert abs(rows[0].created_at / 1000 - time.time()) < 60
