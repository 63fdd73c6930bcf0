"""What the demo's Dags show: a question for each, and the verdict that fits."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from bot.domain.verdicts import VerdictKind


class Staging(StrEnum):
    """How a Dag gets into its situation, and how one sees that it is there."""

    FAILS = "fails"  # runs and fails by itself; the failure is kept over restarts
    MARKED = "marked"  # like the one above, but a person marks its running task as failed
    BLOCKED = "blocked"  # one task holds the pool and another waits; anew at each start
    PAUSED = "paused"  # paused, with a run that waits; seen to at each start
    UNREGISTERED = "unregistered"  # its file does not import


@dataclass(frozen=True, slots=True)
class Scene:
    """One Dag of the demo. `verdict` is what the bot should find."""

    dag_id: str
    question: str
    shows: str
    verdict: VerdictKind
    staging: Staging = Staging.FAILS
    invited: bool = False  # named among the examples in the terminal


OPENING = Scene(
    "orders_daily",
    "Why did orders_daily fail?",
    "an amount with a decimal comma, two exceptions deep",
    VerdictKind.DEPENDENCY,
)

SCENES: tuple[Scene, ...] = (
    OPENING,
    Scene(
        "customers_sync",
        "why did customers_sync fail?",
        "a connection nobody created",
        VerdictKind.CODE,
    ),
    Scene(
        "sales_report",
        "what's wrong with sales report?",
        "a template without its setting",
        VerdictKind.CODE,
    ),
    Scene(
        "warehouse_load",
        "why did warehouse_load fail?",
        "a column that is not there",
        VerdictKind.CODE,
        invited=True,
    ),
    Scene("nightly_dbt", "nightly_dbt failed, why?", "a model that fails", VerdictKind.CODE),
    Scene("geocoding", "is geocoding slow or broken?", "the execution timeout", VerdictKind.CODE),
    Scene(
        "shard_scoring", "why did shard_scoring fail?", "one mapped task of five", VerdictKind.CODE
    ),
    Scene(
        "inventory_count",
        "why does inventory_count not run?",
        "a file that does not import",
        VerdictKind.CODE,
        Staging.UNREGISTERED,
    ),
    Scene(
        "payments_ingest",
        "why did payments_ingest fail?",
        "connection refused",
        VerdictKind.DEPENDENCY,
        invited=True,
    ),
    Scene(
        "rates_import",
        "why did rates_import fail?",
        "429 Too Many Requests",
        VerdictKind.DEPENDENCY,
    ),
    Scene(
        "partner_files",
        "why did partner_files fail?",
        "a file that never came",
        VerdictKind.DEPENDENCY,
    ),
    Scene(
        "ml_training",
        "is ml_training my code or you?",
        "not enough memory",
        VerdictKind.CAPACITY,
        invited=True,
    ),
    Scene("archive_export", "why did archive_export fail?", "a full device", VerdictKind.CAPACITY),
    Scene(
        "exports_small_pool",
        "why is exports_small_pool stuck?",
        "a pool without a slot",
        VerdictKind.CAPACITY,
        Staging.BLOCKED,
        invited=True,
    ),
    Scene(
        "image_resize",
        "why did image_resize fail?",
        "killed, nobody saw why",
        VerdictKind.UNKNOWN,
        invited=True,
    ),
    Scene(
        "marketing_feed",
        "why did marketing_feed fail?",
        "marked by a person",
        VerdictKind.OPERATOR,
        Staging.MARKED,
        invited=True,
    ),
    Scene(
        "finance_close",
        "why does finance_close not start?",
        "a paused Dag",
        VerdictKind.OPERATOR,
        Staging.PAUSED,
    ),
)
