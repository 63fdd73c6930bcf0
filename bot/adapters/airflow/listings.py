"""Lists that may be long: all pages up to a cap, and what is most wanted out of the rest."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from bot.adapters.airflow.api import PAGE, Api
from bot.adapters.airflow.asking import Asking, Listing
from bot.adapters.airflow.dossier import Dossier
from bot.adapters.airflow.lanes import Rank
from bot.adapters.airflow.parse_tasks import task_instances
from bot.domain.evidence import TaskInstance

GATHERED_MAX = 400  # task instances of one run that are looked at for a diagnosis
TROUBLED = ["failed", "up_for_retry"]

Redact = Callable[[str], str]


async def run_task_instances(api: Api, asking: Asking, dossier: Dossier, redact: Redact) -> None:
    """Task instances of the dossier's run; of a long list the failed and the asked ones first."""
    target = dossier.target
    dag_id, run_id = target.dag_id or "", target.run_id or ""
    look = partial(task_instance_listing, api, asking, redact, dag_id, run_id)
    found = await look(cap=PAGE, rank=Rank.DECISIVE)
    dossier.put_listing("task_instances", "task_instances", found, shorten=False)
    if found.refusal or found.is_whole:
        return
    wanted = [await look(cap=PAGE, rank=Rank.DECISIVE, state=TROUBLED, order_by=["end_date"])]
    if target.task_id:
        of_map = None if target.map_index is None else [target.map_index]
        named = look(cap=PAGE, rank=Rank.DECISIVE, task_id=target.task_id, map_index=of_map)
        wanted.append(await named)
    rest = await look(cap=GATHERED_MAX, rank=Rank.USEFUL, start=len(found.rows))
    rows = merged(*(listing.rows for listing in (*wanted, found, rest)))
    dossier.put_listing("task_instances", "task_instances", Listing(rows, found.total))


async def task_instance_listing(
    api: Api,
    asking: Asking,
    redact: Redact,
    dag_id: str,
    run_id: str,
    *,
    cap: int,
    rank: Rank = Rank.USEFUL,
    start: int = 0,
    **filters: Any,
) -> Listing[TaskInstance]:
    filters.setdefault("order_by", ["id"])
    return await asking.listing(
        lambda offset: api.task_instances(dag_id, run_id, limit=PAGE, offset=offset, **filters),
        lambda body: task_instances(body, redact),
        cap=cap,
        start=start,
        rank=rank,
    )


def merged(*groups: tuple[TaskInstance, ...]) -> tuple[TaskInstance, ...]:
    """Each task instance once, in the order of their first sight."""
    seen: dict[tuple[str, str, str, int], TaskInstance] = {}
    for one in (one for group in groups for one in group):
        seen.setdefault((one.dag_id, one.run_id, one.task_id, one.map_index), one)
    return tuple(seen.values())
