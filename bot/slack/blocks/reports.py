"""Cards of states: a Dag's latest runs, and how the clusters are doing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bot.answering.capacity import outlook_mark, outlook_words, telling
from bot.answering.incidents import incident_line, incident_mark
from bot.answering.wording import duration, run_in_words, short_name
from bot.domain.answers import ClusterReport, HealthReport, StatusReport
from bot.domain.capacity import GaugeKind, Standing
from bot.domain.evidence import ComponentHealth, DagRun, Pool, TaskInstance
from bot.slack.blocks.kit import (
    Block,
    Element,
    cell,
    context,
    header,
    lines,
    mrkdwn,
    rich,
    section,
    table,
    text,
)
from bot.slack.blocks.message import Room, SlackMessage, fit
from bot.slack.blocks.pieces import (
    NEUTRAL,
    WARNING,
    clock,
    more_buttons,
    small_print,
    state_mark,
    unseen,
)
from bot.slack.limits import Limit
from bot.words import mark, mark_many, number, say, say_many

_CLUSTERS_SHOWN = 10
# With room for no more items than this, the lines on each cluster say the same.
_SMALL = 3
# Pools with fewer free slots than this share are worth a line.
_TIGHT = 0.2
_FORESEEN_SHOWN = 3
_NAME = Limit(120)
_WORD = Limit(40)  # states and versions: one word as Airflow writes them


def status_card(report: StatusReport, turn_id: str) -> SlackMessage:
    summary = mrkdwn("\n".join([_status_headline(report), *map(_run_words, report.runs[:3])]))

    def draw(room: Room) -> SlackMessage:
        return SlackMessage(summary, tuple(_status_blocks(report, turn_id, room)))

    return fit(draw)


def _status_headline(report: StatusReport) -> str:
    name = _NAME.head(short_name(report.target))
    if not report.runs:
        return f"{name} · " + (say("runs not seen") if report.gaps else say("no runs yet"))
    state = report.runs[0].state
    latest = say("latest run {state}", state=_word(state, say("without a state")))
    return f"{state_mark(state)} {name} · {latest}"


def _status_blocks(report: StatusReport, turn_id: str, room: Room) -> Iterator[Block]:
    yield header(_status_headline(report))
    runs = report.runs[: room.items]
    if runs:
        yield table((say("Run"), say("State"), say("Started"), say("Took")), map(_run_row, runs))
    if report.failing:
        shown = report.failing[: room.items]
        more = len(report.failing) - len(shown)
        tasks = [*map(_task_words, shown), *_and_more(more)]
        yield rich(section(text(say("Failing tasks"), bold=True)), lines(tasks))
    notes = [say("💤 The Dag is paused: nothing is scheduled.")] if report.is_paused else []
    if report.owners:
        notes.append(say("Owner: {names}", names=_NAME.head(", ".join(report.owners))))
    notes.append(unseen(report.gaps, room.items))
    if any(notes):
        yield context(*notes)
    yield from more_buttons(report.links, turn_id, room.urls)
    yield small_print(report.reference)


def _and_more(more: int) -> list[str]:
    return [say_many("… and {n} more", "… and {n} more", more)] if more else []


def _word(word: str | None, otherwise: str) -> str:
    return _WORD.head(word) if word else otherwise


def _run_words(run: DagRun) -> str:
    name = _NAME.head(run_in_words(run.run_id))
    began = clock(run.start or run.queued_at or run.run_after)
    when = say("started {at}", at=began) if began and began not in name else ""
    took = duration(run.duration) if run.duration is not None else ""
    details = [name, _word(run.state, say("no state")), when, took]
    return f"{state_mark(run.state)} " + " · ".join(part for part in details if part)


def _run_row(run: DagRun) -> Sequence[Element]:
    word = _word(run.state, say("no state"))
    state = f"{state_mark(run.state)} {word}"
    began = clock(run.start or run.queued_at or run.run_after)
    took = duration(run.duration) if run.duration is not None else ""
    return [cell(one) for one in (_NAME.head(run_in_words(run.run_id)), state, began, took)]


def _task_words(task: TaskInstance) -> str:
    name = task.task_id + (f"[{task.map_index}]" if task.map_index >= 0 else "")
    tried = say("try {n}", n=task.try_number) if task.try_number else ""
    details = [_NAME.head(name), _word(task.state, say("no state")), tried, clock(task.end)]
    return f"{state_mark(task.state)} " + " · ".join(part for part in details if part)


def health_card(report: HealthReport) -> SlackMessage:
    words = [_health_headline(report), *map(cluster_words, report.clusters)]
    summary = mrkdwn("\n".join(words))
    return fit(lambda room: SlackMessage(summary, tuple(_health_blocks(report, room))))


def _health_blocks(report: HealthReport, room: Room) -> Iterator[Block]:
    yield header(_health_headline(report))
    if len(report.clusters) > 1 and room.items > _SMALL:
        yield table(
            [*map(say, _HEALTH_COLUMNS)], map(_cluster_row, report.clusters[:_CLUSTERS_SHOWN])
        )
    for cluster in report.clusters[:_CLUSTERS_SHOWN]:
        yield rich(*_cluster_parts(cluster, room))
        # Of a cluster that does not answer, its own line says why.
        if cluster.reachable and (missing := unseen(cluster.gaps, room.items)):
            yield context(missing)
    if report.troubles:
        told = [f"{incident_mark(one)} {incident_line(one)}" for one in report.troubles]
        yield rich(lines(told[: room.items]))
    more = len(report.clusters) - _CLUSTERS_SHOWN
    yield small_print(report.reference, _clusters_left(more))


def _clusters_left(more: int) -> str:
    if more <= 0:
        return ""
    return say_many("{n} more cluster not shown", "{n} more clusters not shown", more)


def _health_headline(report: HealthReport) -> str:
    ailing = [cluster.cluster for cluster in report.clusters if not _is_well(cluster)]
    if not ailing:
        return say("✅ Airflow is healthy")
    clusters = _NAME.head(", ".join(ailing))
    return f"{WARNING} " + say("Airflow is not well: {clusters}", clusters=clusters)


def _is_well(cluster: ClusterReport) -> bool:
    return cluster.reachable and all(_is_healthy(part) for part in cluster.components)


def _is_healthy(component: ComponentHealth) -> bool:
    # A part that is not deployed (no triggerer, say) has no status and ails nobody.
    return component.status in ("healthy", None)


_HEALTH_COLUMNS = (
    mark("Cluster"),
    mark("Airflow"),
    mark("Health"),
    mark("Files that do not import"),
    mark("Failed, last hour"),
)


def _cluster_row(cluster: ClusterReport) -> Sequence[Element]:
    ailing = [one.name.replace("_", " ") for one in cluster.components if not _is_healthy(one)]
    health = ", ".join(ailing) or say("healthy") if cluster.reachable else say("does not answer")
    figures = (cluster.import_errors, cluster.failed_last_hour)
    return [
        cell(_NAME.head(cluster.cluster)),
        cell(_word(cluster.airflow_version, "?")),
        cell(f"{'✅' if _is_well(cluster) else '❌'} {Limit(120).head(health)}"),
        *(cell("?" if one is None else number(one)) for one in figures),
    ]


def cluster_words(cluster: ClusterReport) -> str:
    """One line on how a cluster does."""
    version = f"Airflow {_WORD.head(cluster.airflow_version)}" if cluster.airflow_version else ""
    ailing = [f"{one.name} {one.status}" for one in cluster.components if not _is_healthy(one)]
    state = "; ".join(ailing) or say("all parts healthy")
    if not cluster.reachable:
        state = say("does not answer")
    sign = "✅" if _is_well(cluster) else "❌"
    told = telling(cluster.outlook.outlooks, _FORESEEN_SHOWN) if cluster.outlook else []
    foreseen = [outlook_words(one) for one in told if one.standing is not Standing.ROOM]
    parts = [_NAME.head(cluster.cluster), version, Limit(300).head(state), *foreseen]
    return f"{sign} " + " · ".join(part for part in parts if part)


def _cluster_parts(cluster: ClusterReport, room: Room) -> Iterator[Element]:
    yield section(text(cluster_words(cluster), bold=True))
    if not cluster.reachable:
        details = " ".join(say(gap.detail) for gap in cluster.gaps if gap.detail)
        if details:
            yield section(text(Limit(room.prose).head(details)))
        return
    items: list[str] = []
    for component in cluster.components[: room.items]:
        sign = NEUTRAL if component.status is None else "✅" if _is_healthy(component) else "❌"
        beat = clock(component.latest_heartbeat)
        heard = " · " + say("last heard of {at}", at=beat) if beat else ""
        name = _word(component.name, say("part")).replace("_", " ")
        status = _word(component.status, say("not deployed"))
        items.append(f"{sign} {name}: {status}{heard}")
    foreseen = telling(cluster.outlook.outlooks, room.items) if cluster.outlook else []
    items.extend(f"{outlook_mark(one)} {outlook_words(one)}" for one in foreseen)
    told = {one.gauge.name for one in foreseen if one.gauge.kind is GaugeKind.POOL}
    tight = [pool for pool in _tight(cluster.pools) if pool.name not in told]
    items.extend(map(_pool_words, tight[: room.items]))
    if cluster.import_errors:
        one, many = mark_many("{n} Dag file does not import", "{n} Dag files do not import")
        items.append(f"{WARNING} {say_many(one, many, cluster.import_errors)}")
    if cluster.failed_last_hour is not None:
        one, many = mark_many(
            "{n} task failed in the last hour", "{n} tasks failed in the last hour"
        )
        items.append(f"{NEUTRAL} {say_many(one, many, cluster.failed_last_hour)}")
    if items:
        yield lines(items)


def _tight(pools: Sequence[Pool]) -> list[Pool]:
    """Pools with little or no room, the fullest first."""
    limited = [pool for pool in pools if pool.slots > 0]
    tight = [pool for pool in limited if pool.open_slots <= pool.slots * _TIGHT]
    return sorted(tight, key=lambda pool: pool.open_slots / pool.slots)


def _pool_words(pool: Pool) -> str:
    waiting = pool.queued + pool.scheduled
    held_up = say_many(", {n} waiting", ", {n} waiting", waiting) if waiting else ""
    sign = "🔴" if pool.open_slots <= 0 else WARNING
    open_slots = number(max(pool.open_slots, 0))
    free = say_many(
        "{free} of {n} slot free", "{free} of {n} slots free", pool.slots, free=open_slots
    )
    return f"{sign} " + say("pool {name}: {free}", name=_NAME.head(pool.name), free=free) + held_up
