"""Loads the warehouse. Fails: the SQL names a column that the table does not have."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime

from airflow.sdk import dag, task


@dag(
    schedule=None,
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    tags=["team:warehouse"],
    default_args={"owner": "warehouse-team"},
)
def warehouse_load():
    @task
    def load_facts() -> None:
        with sqlite3.connect(":memory:") as db:
            db.execute("create table facts (day text, amount real)")
            db.execute("insert into facts (day, amount_net) values ('2026-11-01', 1.0)")

    load_facts()


warehouse_load()
