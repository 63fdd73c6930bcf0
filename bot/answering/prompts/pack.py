"""The evidence that goes into a prompt: numbered, most telling first, within a token budget."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from bot.answering.excerpt import log_of
from bot.answering.foreign import middle_cut, one_line
from bot.answering.frames import deciding_chain, frame_text
from bot.answering.prompts.cases import CASE_SOURCE
from bot.answering.prompts.fence import for_prompt
from bot.answering.quotes import NEW
from bot.answering.wording import duration
from bot.domain.answers import Diagnosis
from bot.domain.evidence import EventLogEntry, Evidence, TaskInstance
from bot.domain.logs import LogLine, Speaker
from bot.domain.runbooks import Passage

# Characters per token of Airflow logs and runbooks, on the safe side for every tokenizer measured.
CHARACTERS_PER_TOKEN = 2.6
# Passages that somebody of the platform team has read before they were taken in.
REVIEWED_SOURCES = ("runbook", "guide")
_LINE_MAX = 600
_PASSAGE_MAX = 4_000
_EVENTS_MAX = 12
_FRAMES_MAX = 4
_NEW_MAX = 20  # lines that a successful run does not have, the last ones
_FURTHER_MAX = 2  # passages beside the runbook of the cause
_LOUD = {"error", "critical", "fatal"}


def tokens_of(text: str) -> int:
    """An estimate that rather overstates."""
    return int(len(text) / CHARACTERS_PER_TOKEN) + 1


@dataclass(frozen=True, slots=True)
class Item:
    """One citable piece. `is_runbook` marks reviewed text: only it may lend commands."""

    id: str
    heading: str
    text: str
    is_runbook: bool = False


@dataclass(frozen=True, slots=True)
class Pack:
    """`items` in the order in which they are shown; `left_out` did not fit the budget."""

    items: tuple[Item, ...]
    left_out: int = 0

    def find(self, item_id: str) -> Item | None:
        return next((item for item in self.items if item.id == item_id), None)


def pack_diagnosis(diagnosis: Diagnosis, evidence: Evidence, budget: int) -> Pack:
    """`budget` in tokens. The quotes that decided come first, then facts, runbook, log, events."""
    return _fit(_distinct(_candidates(diagnosis, evidence)), budget)


def pack_passages(passages: tuple[Passage, ...], budget: int) -> Pack:
    return _fit(_distinct(_passage_item(passage) for passage in passages), budget)


def _candidates(diagnosis: Diagnosis, evidence: Evidence) -> Iterator[Item]:
    for quote in diagnosis.verdict.quotes:
        yield _item(quote.id, "What decided", f"{quote.source}: {quote.text}")
    for number, (label, value) in enumerate(diagnosis.facts, start=1):
        yield _item(f"F{number}", "Facts", f"{label}: {value}")
    yield from _chain(diagnosis, evidence)
    own, docs, further = _passages(diagnosis)
    yield from own
    yield from _log_items(diagnosis, evidence)
    yield from _tries(evidence)
    numbered = list(enumerate(evidence.events, start=1))
    yield from (_event(position, entry) for position, entry in numbered[-_EVENTS_MAX:])
    yield from _other_text(evidence)
    for excluded in diagnosis.verdict.ruled_out:
        if excluded.quote:
            text = f"{excluded.quote.text} (rules out {excluded.cause}: {excluded.reason})"
            yield _item(excluded.quote.id, "Ruled out", text)
    yield from (*docs, *further[:_FURTHER_MAX])


def _passages(diagnosis: Diagnosis) -> tuple[list[Item], list[Item], list[Item]]:
    """The runbook of the cause with how it was solved before, the Dag's own docs, and what a search
    found besides."""
    own, docs, further = [], [], []
    for passage in diagnosis.passages:
        if passage.cause == diagnosis.verdict.cause or passage.source == CASE_SOURCE:
            own.append(_passage_item(passage))
        elif passage.source in REVIEWED_SOURCES:
            further.append(_passage_item(passage))
        else:
            docs.append(_passage_item(passage))
    return own, docs, further


def _chain(diagnosis: Diagnosis, evidence: Evidence) -> Iterator[Item]:
    """The exceptions behind the verdict, from the one that surfaced to the deepest cause."""
    chain = deciding_chain(evidence, diagnosis.verdict.deciding)
    for number, exception in enumerate(chain.exceptions if chain else (), start=1):
        own = [frame_text(frame) for frame in exception.frames if frame.is_user]
        at = f", raised by way of {' > '.join(own[-_FRAMES_MAX:])}" if own else ""
        text = f"{exception.type}: {exception.message} (log line {exception.line}){at}"
        yield _item(f"C{number}", "Exceptions, each caused by the next", text)


def _log_items(diagnosis: Diagnosis, evidence: Evidence) -> Iterator[Item]:
    """What a successful run does not say, lines near the deciding one, then loud ones, all from
    the log that the excerpt was cut from."""
    deciding = diagnosis.verdict.deciding
    log = log_of(evidence, deciding.try_number if deciding else None)
    heading = f"Task log of try {log.try_number}" if log and log.try_number else "Task log"
    near = {line.number for line in diagnosis.log_lines}
    loud = [
        line
        for line in (log.lines if log else ())
        if line.number not in near and (line.level or "") in _LOUD
    ]
    centre = deciding.line if deciding and deciding.line else None
    new = [line for line in (log.lines if log else ()) if line.is_new]
    for line in (*new[-_NEW_MAX:], *_nearest_first(diagnosis.log_lines, centre), *loud):
        if line.speaker is not Speaker.SOURCE:
            yield _item(f"L{line.number}", heading, _log_text(line))


def _nearest_first(lines: tuple[LogLine, ...], centre: int | None) -> list[LogLine]:
    # Without a deciding line the end of a log tells most.
    middle = centre if centre is not None else max((line.number for line in lines), default=0)
    return sorted(lines, key=lambda line: abs(line.number - middle))


def _log_text(line: LogLine) -> str:
    by = {Speaker.STDOUT: "printed: ", Speaker.STDERR: "printed: ", Speaker.CHILD: "child: "}
    times = f" ({line.repeated} lines like this)" if line.repeated > 1 else ""
    level = f"{line.level} " if line.level else ""
    times += f" ({NEW})" if line.is_new else ""
    return f"{level}{by.get(line.speaker, '')}{line.text}{times}"


def _tries(evidence: Evidence) -> Iterator[Item]:
    for one in evidence.tries if len(evidence.tries) > 1 else ():
        yield _item(f"T{one.try_number}", "All tries", _try_text(one))


def _try_text(one: TaskInstance) -> str:
    ran = f" after {duration(one.duration)}" if one.duration is not None else ""
    return f"try {one.try_number}: {one.state}{ran} on {one.hostname or 'no worker'}"


def _event(position: int, entry: EventLogEntry) -> Item:
    at = f"{entry.when:%Y-%m-%d %H:%M:%S} " if entry.when else ""
    # For state events the log names the Dag's owner where one would expect who did it.
    actor = f" requested by {entry.owner}" if entry.owner and "_" in entry.event else ""
    task = f" {entry.task_id}" if entry.task_id else ""
    return _item(
        f"E{position}", "Event log", f"{at}{entry.event}{task}{actor} {entry.extra}".strip()
    )


def _other_text(evidence: Evidence) -> Iterator[Item]:
    for number, unmet in enumerate(evidence.unmet, start=1):
        yield _item(f"U{number}", "Why Airflow does not start it", f"{unmet.name}: {unmet.reason}")
    for number, problem in enumerate(evidence.import_problems, start=1):
        yield _item(f"I{number}", "Import errors", f"{problem.filename}: {problem.stack_trace}")
    for number, named in enumerate(evidence.extra, start=1):
        yield _item(f"N{number}", named.name.replace("_", " "), named.text)


def _item(item_id: str, heading: str, text: str) -> Item:
    return Item(item_id, _heading(heading), middle_cut(for_prompt(text).strip(), _LINE_MAX))


def _passage_item(passage: Passage) -> Item:
    heading = f"{passage.source.capitalize()}: {passage.title}"
    text = middle_cut(for_prompt(passage.text).strip(), _PASSAGE_MAX)
    return Item(passage.id, _heading(heading), text, passage.source in REVIEWED_SOURCES)


def _heading(text: str) -> str:
    """Headings stand without an id before them, so they must not hold a second line."""
    return one_line(for_prompt(text), 120)


def _distinct(items: Iterator[Item]) -> list[Item]:
    """The first item of each id stands: a quote already shows the line it was taken from."""
    kept: dict[str, Item] = {}
    for item in items:
        if item.text:
            kept.setdefault(item.id, item)
    return list(kept.values())


def _fit(items: list[Item], budget: int) -> Pack:
    """Takes items in order of worth as long as they fit, then shows them grouped by heading."""
    kept: list[Item] = []
    left = budget
    for item in items:
        cost = tokens_of(item.text) + (item.text.count("\n") + 1) * 4
        if cost <= left:
            kept.append(item)
            left -= cost
    order = {heading: rank for rank, heading in enumerate(dict.fromkeys(i.heading for i in kept))}
    kept.sort(key=lambda item: (order[item.heading], _number(item.id)))
    return Pack(tuple(kept), left_out=len(items) - len(kept))


def _number(item_id: str) -> tuple[int, ...]:
    """`L118.2` → (118, 2)."""
    return tuple(int(digits) for digits in re.findall(r"\d+", item_id))
