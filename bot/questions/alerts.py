"""Reading alerts that Airflow's notifiers, callbacks and monitoring post, for what they are about.

How they are written stands in `alert_formats`; this puts together what the patterns find.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from bot.questions.alert_formats import FIELD_OF_LABEL, FORMATS, LABELLED
from bot.questions.words import is_common

_MOST = 50  # alerts read out of one message


@dataclass(frozen=True, slots=True)
class Alert:
    """What one alert names; any part may be missing, `dag_id` never is."""

    dag_id: str
    task_id: str | None = None
    run_id: str | None = None
    map_index: int | None = None
    try_number: int | None = None


def read_alert(text: str) -> Alert | None:
    """What the alert is about, or None where the text is no alert that names a Dag."""
    return next(iter(read_alerts(text)), None)


def read_alerts(text: str) -> tuple[Alert, ...]:
    """Everything that the text says failed, in its order; what says the same is one."""
    found = _by_format(text, weak=False)
    labelled = list(_labelled(text))
    if len(found) == 1 and len(labelled) <= 1:
        details = labelled[0] if labelled else replace(found[0], try_number=_try_beside(text))
        found = [_joined(found[0], details) or found[0]]
    alerts = _distinct([*found, *labelled]) or _distinct(_by_format(text, weak=True))
    return tuple(alerts[:_MOST])


def _by_format(text: str, *, weak: bool) -> list[Alert]:
    hits = [
        (hit.start(), rank, alert)
        for rank, known in enumerate(FORMATS)
        if known.is_weak is weak
        for hit in known.pattern.finditer(text)
        if (alert := _of_parts(hit.groupdict())) is not None and not is_common(alert.dag_id)
    ]
    if weak:
        # The frame nearest to the error is the last one.
        return [alert for _, _, alert in hits[-1:]]
    return [alert for _, _, alert in sorted(hits, key=lambda hit: hit[:2])]


def _of_parts(parts: Mapping[str, str | None]) -> Alert | None:
    dag_id, task_id = parts.get("dag"), parts.get("task")
    path = parts.get("path")
    if path is not None:
        # Dag ids may hold dots, task ids of a group do too; Airflow joins them without a mark. The
        # first dot is right unless the Dag id itself is dotted, which the look-up by name settles.
        dag_id, _, task_id = path.partition(".")
    if not dag_id or (path is not None and not task_id):
        return None
    run_id = (parts.get("run") or "").rstrip(".:*_`)") or None
    return Alert(dag_id, task_id, run_id, _number(parts.get("map")), _number(parts.get("attempt")))


def _labelled(text: str) -> Iterator[Alert]:
    """One alert for each label of a Dag, with the labels that belong to it.

    In a text that puts the task first, a label that is taken already begins the next alert.
    """
    fields: dict[str, str] = {}
    for label, value in _labels(text):
        if label in fields and fields[label] != value and "dag" in fields:
            yield from _of_fields(fields)
            fields = {}
        fields.setdefault(label, value)
    yield from _of_fields(fields)


def _of_fields(fields: Mapping[str, str]) -> Iterator[Alert]:
    alert = _of_parts(fields)
    if alert is not None:
        yield alert


def _labels(text: str) -> Iterator[tuple[str, str]]:
    for found in LABELLED.finditer(text):
        label = FIELD_OF_LABEL[re.sub(r"[_ ]", "", found["label"].lower())]
        value = found["value"].rstrip(".:*_`") or found["value"]
        yield label, value.removesuffix(".log") if label == "attempt" else value


def _try_beside(text: str) -> int | None:
    """The try that stands beside an alert: the e-mail notifier writes it into a table."""
    numbers = (_number(value) for label, value in _labels(text) if label == "attempt")
    return next((number for number in numbers if number), None)


def _distinct(alerts: list[Alert]) -> list[Alert]:
    """Each failure once, as fully as it was named anywhere."""
    kept: list[Alert] = []
    for alert in alerts:
        for at, known in enumerate(kept):
            if (joined := _joined(known, alert)) is not None:
                kept[at] = joined
                break
        else:
            kept.append(alert)
    return kept


def _joined(known: Alert, other: Alert) -> Alert | None:
    """Both in one; None where they contradict each other."""
    if known.dag_id != other.dag_id:
        return None
    parts: dict[str, object] = {}
    for name in ("task_id", "run_id", "map_index", "try_number"):
        one, two = getattr(known, name), getattr(other, name)
        if one is not None and two is not None and one != two:
            return None
        parts[name] = two if one is None else one
    return replace(known, **parts)  # type: ignore[arg-type]


def _number(text: str | None) -> int | None:
    return int(text) if text is not None and text.isascii() and text.isdecimal() else None
