"""Loads the day's orders. Fails: one amount is written with a decimal comma."""

from __future__ import annotations

import logging
from datetime import UTC, datetime

from airflow.sdk import dag, task

ROWS = [("o-1", "19.90"), ("o-2", "7.00"), ("o-3", "12,50")]


class OrderError(Exception):
    """An order that cannot be loaded."""


@dag(
    schedule=None,
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    tags=["team:orders"],
    default_args={"owner": "orders-team"},
)
def orders_daily():
    @task
    def extract() -> int:
        logging.getLogger(__name__).info("read %d orders", len(ROWS))
        return len(ROWS)

    @task
    def parse_amounts(count: int) -> float:
        total = 0.0
        for order, amount in ROWS:
            try:
                total += float(amount)
            except ValueError as error:
                raise OrderError(f"order {order} of {count} could not be parsed") from error
        return total

    @task
    def publish(total: float) -> None:
        logging.getLogger(__name__).info("published %s", total)

    publish(parse_amounts(extract()))


orders_daily()
