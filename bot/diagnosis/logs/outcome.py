"""What a log says of how the task ended: state, exit code, signal, or why there is no log."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from signal import Signals
from typing import Any

from bot.diagnosis.logs.rows import Row
from bot.domain.logs import Speaker

# A container or shell reports death by signal as 128 and the signal's number.
_SHELL_SIGNAL = 128

_STATES = (
    (re.compile(r"Marking task as ([A-Z_]+)"), None),
    (re.compile(r"marking task as (UP_FOR_RESCHEDULE)"), None),
    (re.compile(r"Skipping task\."), "skipped"),
    (re.compile(r"Pausing task as DEFERRED"), "deferred"),
    (re.compile(r"Task failed with exception"), "failed"),
    (re.compile(r"Immediate failure requested"), "failed"),
)
_EXIT = re.compile(
    r"(?i)(?:return(?:ed)? (?:a )?(?:non-zero )?(?:exit )?(?:code|status)|"
    r"exit(?:ed)?(?: with)?(?: a)?"
    r"(?: non-zero)?(?: return| exit)? ?(?:code|status)|Error code is|exit code of)[:= ]{1,3}"
    r"(?P<code>-?\d{1,3})\b"
)
_NEGSIGNAL = re.compile(r"Negsignal\.(SIG[A-Z0-9]+)")
_SIGNAL = re.compile(r"(?:[Rr]eceived|[Ss]ending|terminated by) (?:Signals\.)?(SIG[A-Z]+)")
_REASON = re.compile(
    r"Could not read|not found|does not exist|Failed to fetch|No logs? |not available|Unable to"
    r"|Could not",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Outcome:
    state: str | None = None
    exit_code: int | None = None
    signal: int | None = None


def outcome_of(rows: Iterable[Row]) -> Outcome:
    """How the rows of one try say that it ended; user output is not believed about states."""
    state: str | None = None
    exit_code = child_code = signal = None
    for row in rows:
        speaker = row.head.speaker
        if speaker in (Speaker.STDOUT, Speaker.STDERR, Speaker.SOURCE):
            continue
        code = _exit_code(row)
        if code is not None and speaker is Speaker.AIRFLOW:
            exit_code = code
        elif code is not None:
            child_code = code
        if speaker is Speaker.AIRFLOW:
            state = _state(row) or state
            signal = _signal(row) or signal
    chosen = child_code if child_code not in (None, 0) else exit_code
    if signal is None and chosen is not None:
        signal = _signal_of_code(chosen)
    return Outcome(state, chosen if chosen is not None else child_code, signal)


def missing_reason(rows: Sequence[Row]) -> str | None:
    """What the log handler said instead of a log; None where there is a log."""
    if any(row.head.speaker is not Speaker.SOURCE and row.text.strip() for row in rows):
        return None
    return next((row.text.strip("* ") for row in rows if _REASON.search(row.text)), None)


def _state(row: Row) -> str | None:
    detail = row.head.fields.get("final_state")
    if isinstance(detail, str):
        return detail.lower()
    for pattern, state in _STATES:
        match = pattern.search(row.text)
        if match is not None:
            return state or match.group(1).lower()
    if "return code 0" in row.text and "Task exited" in row.text:
        return "success"
    return _current_state(row.head.fields)


def _current_state(fields: Mapping[str, Any]) -> str | None:
    detail = fields.get("detail")
    state = detail.get("current_state") if isinstance(detail, dict) else None
    return state.lower() if isinstance(state, str) else None


def _exit_code(row: Row) -> int | None:
    code = row.head.fields.get("exit_code")
    if isinstance(code, int) and not isinstance(code, bool):
        return code
    match = _EXIT.search(row.text)
    return int(match["code"]) if match else None


def _signal(row: Row) -> int | None:
    number = row.head.fields.get("signal")
    if isinstance(number, int) and not isinstance(number, bool):
        return abs(number)
    match = _NEGSIGNAL.search(row.text) or _SIGNAL.search(row.text)
    if match is None:
        return None
    try:
        return Signals[match.group(1)].value
    except KeyError:
        return None


def _signal_of_code(code: int) -> int | None:
    number = -code if code < 0 else code - _SHELL_SIGNAL
    return number if number in set(Signals) else None
