"""Whether a failure came with a change: of the Dag, or of what surrounds an unchanged one."""

from __future__ import annotations

import re

from bot.diagnosis.findings import NOTHING, Finding, Matched, RuledOut
from bot.domain.evidence import Evidence
from bot.domain.signals import Signal, Signals
from bot.words import mark

_OUTSIDE = frozenset({"network", "timeout", "http", "auth", "memory", "disk"})
_ELSEWHERE = frozenset(
    {"metadata_db", "broker", "api_server", "kubernetes_api", "airflow_part", "log_server"}
)
_SURROUNDINGS = re.compile(
    r"^(?:ModuleNotFoundError|ImportError)\b|\bNo module named\b|\bcannot import name\b"
    r"|\bmodule .{1,80} has no attribute\b|dtype size changed|undefined symbol|GLIBC(?:XX)?_"
    r"|\bVersionConflict\b|\bDistributionNotFound\b|cannot open shared object file"
    r"|command not found|: not found$|unexpected keyword argument|Can.t open lib",
    re.I,
)


def first_failure_after_a_change(signals: Signals, evidence: Evidence) -> Finding:
    """The Dag changed since the task last went well, and this is the first failure since.

    Not: an error of network, login, memory or Airflow's own parts, which no Dag brings about.
    """
    changed = signals.first("version_changed")
    raised = signals.named("exception")
    if changed is None or not raised:
        return NOTHING
    lines = (changed.quote,)
    if signals.first("same_failure_before") is not None:
        return RuledOut(mark("it failed before the change as well, or more than once since"), lines)
    if any(signal.value in _OUTSIDE for signal in signals.named("family")):
        return RuledOut(
            mark("what was raised comes from outside, whatever the Dag's version"), lines
        )
    if any(signal.value in _ELSEWHERE for signal in signals.named("against")):
        return RuledOut(mark("the call that failed was to a part of Airflow"), lines)
    return Matched(raised)


def surroundings_changed(signals: Signals, evidence: Evidence) -> Finding:
    """The same version of the Dag went well before; what it finds around it is another now."""
    complaints = _about_surroundings(signals)
    if not complaints:
        return NOTHING
    if signals.first("version_unchanged") is not None:
        return Matched(complaints)
    changed = signals.first("version_changed")
    return RuledOut(mark("the Dag itself changed"), (changed.quote,)) if changed else NOTHING


def _about_surroundings(signals: Signals) -> tuple[Signal, ...]:
    spoken = (*signals.named("text"), *signals.named("child_error"))
    proven = {signal.quote.id for signal in signals.named("exception")}
    return tuple(
        signal
        for signal in spoken
        if (signal.quote.id in proven or signal.name == "child_error")
        and _SURROUNDINGS.search(signal.value)
    )
