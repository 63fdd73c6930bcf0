"""Scores shards in mapped tasks. Fails: one of five shards has a row without a key."""

from __future__ import annotations

from datetime import UTC, datetime

from airflow.sdk import dag, task

ROWS = [
    {"customer_key": 7, "spent": 120},
    {"customer_key": 9, "spent": 80},
    {"customer_key": 12, "spent": 45},
    {"spent": 310},
    {"customer_key": 31, "spent": 12},
]


@dag(
    schedule=None,
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    tags=["team:ml"],
    default_args={"owner": "ml-team"},
)
def shard_scoring():
    @task
    def score(shard: int) -> int:
        return ROWS[shard]["customer_key"]

    score.expand(shard=list(range(len(ROWS))))


shard_scoring()
