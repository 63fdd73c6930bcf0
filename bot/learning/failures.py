"""A failure as the rows of an evaluation corpus show it: its log, and other texts by name."""

from __future__ import annotations

from collections.abc import Iterator

from bot.domain.datasets import FailureSeen
from bot.domain.evidence import Evidence
from bot.domain.logs import LogLine, LogReading, Speaker

_LOG_MAX = 60_000  # characters; of a longer log its end is kept
_TEXT_MAX = 12_000
_EVENTS_MAX = 40


def failure_of(evidence: Evidence) -> FailureSeen | None:
    """None where there is neither a log nor another text."""
    log = _log(evidence.log) if evidence.log else ""
    extra = tuple(_texts(evidence))
    if not log and not extra:
        return None
    task = evidence.task_instance
    return FailureSeen(
        log=log[-_LOG_MAX:],
        extra=extra,
        airflow_version=evidence.airflow_version or "",
        executor=evidence.executor or (task.executor if task else None) or "",
        operator=(task.operator if task else None) or "",
        state=(task.state if task else None) or "",
        try_number=(task.try_number if task else evidence.target.try_number) or None,
        max_tries=task.max_tries if task else None,
    )


def shown(failure: FailureSeen) -> str:
    """The failure as one text, facts first; nothing in it says what the verdict was."""
    facts = {
        "Airflow": failure.airflow_version,
        "executor": failure.executor,
        "operator": failure.operator,
        "state": failure.state,
        "try": str(failure.try_number or ""),
    }
    parts = ["\n".join(f"{name}: {value}" for name, value in facts.items() if value)]
    parts += [f"## {name.replace('_', ' ')}\n{text}" for name, text in failure.extra]
    parts += [f"## task log\n{failure.log}"] if failure.log else []
    return "\n\n".join(part for part in parts if part)


def _log(reading: LogReading) -> str:
    lines = (line for line in reading.lines if line.speaker is not Speaker.SOURCE)
    return "\n".join(map(_line, lines))


def _line(line: LogLine) -> str:
    """As Airflow's own handler writes it, where enough is known for that."""
    if line.at is None or line.level is None:
        return line.text
    at = line.at.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3]
    return f"[{at}+0000] {{{line.source or 'task.py:1'}}} {line.level.upper()} - {line.text}"


def _texts(evidence: Evidence) -> Iterator[tuple[str, str]]:
    events = [
        " ".join(filter(None, (one.event, one.task_id, one.owner, one.extra)))
        for one in evidence.events[-_EVENTS_MAX:]
    ]
    if events:
        yield "event_log", "\n".join(events)[-_TEXT_MAX:]
    problems = [f"{one.filename}\n{one.stack_trace}" for one in evidence.import_problems]
    if problems:
        yield "import_error", "\n\n".join(problems)[-_TEXT_MAX:]
    unmet = [f"{one.name}: {one.reason}" for one in evidence.unmet]
    if unmet:
        yield "unmet_dependencies", "\n".join(unmet)[-_TEXT_MAX:]
    told: dict[str, str] = {}
    for text in evidence.extra:
        told[text.name] = f"{told[text.name]}\n{text.text}" if text.name in told else text.text
    for name, words in told.items():
        if name not in ("event_log", "import_error", "unmet_dependencies"):
            yield name, words[-_TEXT_MAX:]
