"""Work on the terminal: a table of many, a page about one, or JSON.

What people wrote is shown without control characters: a terminal would obey them.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING

from bot.domain.work import WorkStatus

if TYPE_CHECKING:
    from rich.table import Table

    from bot.workflows.views import Work, WorkDetail, WorkStep

_WHAT_MAX = 80
_ERROR_MAX = 120
_WAITS_LONG = 60.0  # seconds; nothing waits so long for its turn


def print_table(found: Sequence[Work], now: datetime) -> None:
    if not found:
        print("There is no such work.")
        return
    table = _table("Ref", "Age", "Status", "Queue", "Begun", "What", "Error")
    for each in found:
        table.add_row(
            each.reference,
            _span((now - each.since).total_seconds()),
            each.status.value,
            each.queue,
            str(each.begun),
            _short(each.what or each.kind or each.key, _WHAT_MAX),
            _short(each.error, _ERROR_MAX),
        )
    _print(table)


def print_detail(found: WorkDetail, now: datetime) -> None:
    work = found.work
    page = _table("", "", show_header=False)
    for label, words in (
        ("Reference", work.reference),
        ("Key", work.key),
        ("What", found.work.what),
        ("Kind", ", ".join(filter(None, (work.kind, f"queue {work.queue}", work.share)))),
        ("Part of", work.part_of),
        ("Status", _status(work, now)),
        ("Taken on", _moment(work.since)),
        ("Begun", _moment(work.started)),
        ("Finished", _moment(work.finished)),
        ("Error", work.error),
        ("To do", _remedy(work, now)),
    ):
        if words:
            page.add_row(label, _clean(words))
    _print(page)
    if found.steps:
        print()
        _print(_steps(found.steps))


def print_json(found: Sequence[Work] | WorkDetail) -> None:
    tree = [asdict(each) for each in found] if isinstance(found, Sequence) else asdict(found)
    print(json.dumps(tree, ensure_ascii=False, indent=2, default=str))


def _steps(steps: Sequence[WorkStep]) -> Table:
    table = _table("Step", "Begun", "Took", "Tries", "Kept", "Handed on, or what went wrong")
    for each in steps:
        table.add_row(
            _short(each.name, _WHAT_MAX),
            f"{each.started:%H:%M:%S}" if each.started else "",
            _took(each.started, each.finished),
            str(each.tries),
            f"{each.size:,}" if each.size else "",
            _clean(each.error or each.child),
        )
    return table


def _status(work: Work, now: datetime) -> str:
    since = work.finished or work.started or work.since
    words = f"{work.status.value} since {_span((now - since).total_seconds())}"
    if work.begun:
        times = "once" if work.begun == 1 else f"{work.begun} times"
        words += f", taken up {times}"
    return f"{words}, last by {work.owner}" if work.owner else words


def _remedy(work: Work, now: datetime) -> str:
    match work.status:
        case WorkStatus.FAILED | WorkStatus.CANCELLED:
            return f"To let it go on from where it stopped: airflow-bot work retry {work.key}"
        case WorkStatus.RUNNING:
            return f"To call it off: airflow-bot work cancel {work.key}"
        case WorkStatus.WAITING if (now - work.since).total_seconds() > _WAITS_LONG:
            return "Where nothing moves, see that airflow-bot serve runs with role worker or both."
    return ""


def _table(*columns: str, show_header: bool = True) -> Table:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, show_header=show_header)
    for name in columns:
        # What is long is folded; nothing else may be cut.
        table.add_column(name, no_wrap=name in _NARROW, overflow="fold")
    return table


_NARROW = {"Ref", "Age", "Status", "Queue", "Begun", "Took", "Tries", "Kept"}


def _print(table: Table) -> None:
    from rich.console import Console

    width = max(60, shutil.get_terminal_size((120, 24)).columns)
    Console(width=width, markup=False, highlight=False, emoji=False).print(table)


def _short(text: str, longest: int) -> str:
    clean = _clean(text)
    return clean if len(clean) <= longest else clean[: longest - 1] + "…"


def _clean(text: str) -> str:
    return "".join(one if one.isprintable() else " " for one in text)


def _moment(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S} UTC" if at else ""


def _took(started: datetime | None, finished: datetime | None) -> str:
    if started is None or finished is None:
        return ""
    return f"{(finished - started).total_seconds():.1f} s"


def _span(seconds: float) -> str:
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{int(seconds // size)} {unit}"
    return f"{max(0, int(seconds))} s"
