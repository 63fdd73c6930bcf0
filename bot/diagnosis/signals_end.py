"""Signals about the end of a try: who stopped it by the log's own words, and after what silence."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.diagnosis.airflow_lines import is_echo, stop_of
from bot.diagnosis.depth import Depth
from bot.diagnosis.log_part import LogPart
from bot.diagnosis.quoting import Quotes
from bot.diagnosis.signals_exceptions import wraps
from bot.domain.logs import LogLine
from bot.domain.signals import Signal
from bot.domain.verdicts import Quote

_KILLED = re.compile(
    r"Negsignal\.SIGKILL|return code -9|signal[ =:']*-?9\b|SIGKILL|exit(?:ed)?[ a-z]*code[ :]+137"
    r"|was killed before it finished|Likely out of memory",
    re.I,
)
_OUTCOME = re.compile(r"Marking task as (\w+)", re.I)
_WITH_CURRENT_STATE = re.compile(r"current_state['\"]?\s*[:=]\s*['\"]?(\w+)")


def from_end(part: LogPart, quotes: Quotes) -> Iterator[Signal]:
    """Facts about how the try ended; `stopped: after_end` is a harmless race at the very end."""
    outcome = _outcome(part)
    for line in part.lines:
        stop = stop_of(line)
        if stop is None:
            continue
        quote = quotes.log_line(line)
        if outcome is not None and line.number > outcome.number:
            yield Signal("stopped", "after_end", quote, Depth.STATE)
            continue
        depth = Depth.ROOT if stop.kind == "sigterm" else Depth.OUTSIDE
        if stop.kind == "heartbeat_failed":
            depth = Depth.ERROR_LINE
        yield Signal("stopped", stop.kind, quote, depth)
        to = stop.to or _current_state(line.text)
        if to:
            yield Signal("stopped_to", to.lower(), quote, depth)
    yield from _numbers(part, quotes)
    yield from _silence(part, quotes)


def was_stopped(part: LogPart) -> bool:
    """The try was ended from outside, by Airflow's word or by a signal."""
    if part.reading.signal in (9, 15, -9, -15):
        return True
    outcome = _outcome(part)
    end = outcome.number if outcome else 1 << 60
    return any(stop_of(line) is not None and line.number < end for line in part.lines)


def _outcome(part: LogPart) -> LogLine | None:
    return next((line for line in part.lines if _OUTCOME.search(line.text)), None)


def _current_state(text: str) -> str | None:
    found = _WITH_CURRENT_STATE.search(text)
    return found[1] if found else None


def _numbers(part: LogPart, quotes: Quotes) -> Iterator[Signal]:
    reading = part.reading
    # Airflow 2 ends every try that raised with exit code 1: that repeats the exception.
    told = reading.exit_code == 1 and part.failure is not None and not wraps(part)
    if reading.exit_code is not None and not told:
        quote = _evidence_of(part, quotes, rf"\b{reading.exit_code}\b", "exit")
        yield Signal("exit_code", str(reading.exit_code), quote, Depth.STATE)
    if reading.signal is not None and not part.ended_well:
        number = abs(reading.signal)
        quote = _evidence_of(
            part, quotes, _KILLED.pattern if number == 9 else "SIGTERM|signal", "sig"
        )
        yield Signal("signal", str(number), quote, Depth.ROOT)
    if reading.final_state:
        quote = _evidence_of(part, quotes, reading.final_state, "state")
        yield Signal("log_state", reading.final_state.lower(), quote, Depth.STATE)


def _evidence_of(part: LogPart, quotes: Quotes, pattern: str, word: str) -> Quote:
    """The last line that shows what the log reader found, better one that is no mere echo."""
    search = re.compile(pattern, re.I)
    telling = [
        line
        for line in reversed(part.lines)
        if search.search(line.text) and (word in line.text.lower() or word == "state")
    ]
    fresh = (line for line in telling if word == "state" or not is_echo(line.text))
    best = next(fresh, telling[0] if telling else None)
    if best is not None:
        return quotes.log_line(best)
    if part.lines:
        return quotes.log_line(part.lines[-1])
    return quotes.fact(f"the log reports {word} {pattern}", "task log")


def _silence(part: LogPart, quotes: Quotes) -> Iterator[Signal]:
    """Seconds without a line before the last things that were written."""
    reading = part.reading
    if reading.longest_gap is None or reading.gap_before_line is None or not part.lines:
        return
    after = [line for line in part.lines if line.number >= reading.gap_before_line]
    if after and len(after) <= 8:
        yield Signal(
            "silence_before_end",
            f"{reading.longest_gap:.0f}",
            quotes.log_line(after[0]),
            Depth.STATE,
        )
