"""Addresses of Airflow 3's own pages, built from ids alone."""

from __future__ import annotations

from urllib.parse import quote

from bot.domain.answers import Link
from bot.domain.targets import Target
from bot.words import mark


def pages_of(target: Target, base: str) -> tuple[Link, ...]:
    """The pages nearest to the target first: the task's log, the run, the Dag, the cluster."""
    if not target.dag_id:
        return (Link("Airflow", base + "/"),)
    dag = f"{base}/dags/{_part(target.dag_id)}"
    found = [Link("Dag", dag)]
    if target.run_id:
        run = f"{dag}/runs/{_part(target.run_id)}"
        found.append(Link(mark("Run"), run))
        if target.task_id:
            found.append(Link(mark("Task log"), _task_page(run, target)))
    elif target.task_id:
        found.append(Link(mark("Task"), f"{dag}/tasks/{_part(target.task_id)}"))
    return tuple(reversed(found))


def _task_page(run: str, target: Target) -> str:
    page = f"{run}/tasks/{_part(target.task_id or '')}"
    if target.map_index is not None and target.map_index >= 0:
        page += f"/mapped/{target.map_index}"
    return page + (f"?try_number={target.try_number}" if target.try_number else "")


def _part(name: str) -> str:
    """Quoted for one path segment: run ids hold `+` and `:`, task ids may hold anything."""
    return quote(name, safe="")
