"""Whether a failure that says little by itself happened to many, or again and again to one."""

from __future__ import annotations

from bot.diagnosis.findings import NOTHING, Finding, Matched, RuledOut
from bot.domain.evidence import Evidence
from bot.domain.signals import Signal, Signals
from bot.words import mark

OTHER_DAGS = 3
"""Other Dags that must fail within the same minute before chance explains nothing any more."""
SAME_HOST = 2
"""Other failures on the same host in the same minutes that speak for the host."""
IN_A_ROW = 2
"""Runs before this one that must have failed at the same task."""


def happened_to_many(signals: Signals, evidence: Evidence) -> Finding:
    """Nothing in it says why, and the same host, or many Dags in the same minute, failed too."""
    silent = (*_ended_from_outside(signals), *_unexplained(signals))
    host, dags = _number(signals, "same_host_failures"), _number(signals, "ended_together")
    seen = tuple(one for one in (host, dags) if one is not None)
    if not silent or not seen:
        return NOTHING
    if host is not None and int(host.value) >= SAME_HOST and _ended_from_outside(signals):
        return Matched((*silent, host))
    if dags is not None and int(dags.value) >= OTHER_DAGS:
        return Matched((*silent, dags))
    return RuledOut(mark("too few others failed with it"), (seen[0].quote,))


def happens_here_alone(signals: Signals, evidence: Evidence) -> Finding:
    """The same task failed in run after run, while no other Dag failed with it."""
    row, raised = _number(signals, "same_failure_before"), _unexplained(signals)
    if not raised or row is None or int(row.value) < IN_A_ROW:
        return NOTHING
    others = signals.first("ended_together")
    if others is not None:
        return RuledOut(mark("other Dags failed in the same minute"), (others.quote,))
    return Matched((*raised, row))


def _ended_from_outside(signals: Signals) -> tuple[Signal, ...]:
    return tuple(
        signal
        for signal in signals
        if (signal.name == "signal" and signal.value in ("9", "15"))
        or (signal.name == "exit_code" and signal.value in ("137", "143"))
        or (signal.name == "stopped" and signal.value in ("sigterm", "supervisor_sigterm"))
    )


def _unexplained(signals: Signals) -> tuple[Signal, ...]:
    """Exceptions out of a library that name no system and no mechanism."""
    for told in ("against", "raised_in_user_code", "mechanism", "stopped", "wrapper"):
        if signals.first(told) is not None:
            return ()
    return signals.named("exception")


def _number(signals: Signals, name: str) -> Signal | None:
    found = signals.first(name)
    return found if found is not None and found.value.isdigit() else None
