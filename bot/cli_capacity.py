"""What the capacity command prints: how much room each cluster has, and where it ends.

It looks into the database beside a bot that is running. Exit status: 0 there is room, 1 some is
full or foreseen to be, 2 cannot start.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from bot.domain.capacity import ClusterOutlook, Outlook, Standing
from bot.domain.errors import StoreError
from bot.settings import Settings, load_settings

TROUBLE = 1


def capacity(
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
    config: Annotated[
        Path | None,
        typer.Option(
            "--config", "-c", help="YAML file; else AIRFLOW_BOT_CONFIG, ./airflow-bot.yaml."
        ),
    ] = None,
) -> None:
    """Shows how much room each cluster has, as the bot saw it last, and when it ends."""
    found = asyncio.run(_outlooks(load_settings(os.environ, config)))
    if as_json:
        print(json.dumps([_tree(one) for one in found], ensure_ascii=False, indent=2))
    else:
        for line in _lines(found):
            print("".join(one if one.isprintable() else " " for one in line))
    every = [one for cluster in found for one in cluster.outlooks]
    if any(one.standing is not Standing.ROOM for one in every):
        raise typer.Exit(TROUBLE)


async def _outlooks(settings: Settings) -> Sequence[ClusterOutlook]:
    from bot.adapters.sql.capacity import CapacityReads
    from bot.adapters.sql.engine import create_engine
    from bot.adapters.sql.migrate import require_current

    _require_there(settings.database_url)
    engine = create_engine(settings.database_url, connections=1)
    try:
        await require_current(engine)
        reads = CapacityReads(engine)
        names = settings.clusters
        return [await reads.outlook(name) or ClusterOutlook(name, None) for name in names]
    finally:
        await engine.dispose()


def _require_there(url: str) -> None:
    """To look at a file that is not there would make it."""
    from sqlalchemy import make_url

    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite" and not Path(parsed.database or "").exists():
        raise StoreError(f"There is no database at {parsed.database}. Start the bot first.")


def _lines(found: Sequence[ClusterOutlook]) -> Iterator[str]:
    from bot.answering.capacity import outlook_mark, outlook_words
    from bot.answering.gaps import gap_in_words
    from bot.answering.wording import duration

    for cluster in found:
        if cluster.at is None:
            yield f"{cluster.cluster}: not looked at yet. The bot looks all five minutes."
            continue
        age = duration((datetime.now(UTC) - cluster.at).total_seconds())
        yield f"{cluster.cluster}, seen {age} ago"
        for one in sorted(cluster.outlooks, key=_gravest):
            yield f"  {outlook_mark(one)} {outlook_words(one)}"
        for gap in cluster.gaps:
            yield f"  ? {gap_in_words(gap)}"


def _gravest(one: Outlook) -> tuple[int, str]:
    return (one.standing is Standing.ROOM) - (one.standing is Standing.FULL), one.gauge.key


def _tree(cluster: ClusterOutlook) -> dict[str, object]:
    return {
        "cluster": cluster.cluster,
        "at": cluster.at.isoformat() if cluster.at else None,
        "gauges": [_gauge(one) for one in cluster.outlooks],
        "gaps": [{"source": gap.source, "reason": gap.reason.value} for gap in cluster.gaps],
    }


def _gauge(one: Outlook) -> dict[str, object]:
    gauge, forecast = one.gauge, one.forecast
    return {
        "kind": gauge.kind.value,
        "name": gauge.name,
        "used": gauge.used,
        "limit": gauge.limit,
        "waiting": gauge.waiting,
        "standing": one.standing.value,
        "full_at": forecast.at.isoformat() if forecast else None,
        "full_at_earliest": forecast.earliest.isoformat() if forecast else None,
        "full_at_latest": forecast.latest.isoformat() if forecast and forecast.latest else None,
    }
