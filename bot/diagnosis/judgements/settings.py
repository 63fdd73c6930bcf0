"""Whether a failing address or credential is still the placeholder of a template."""

from __future__ import annotations

import re

from bot.diagnosis.depth import Depth
from bot.diagnosis.findings import NOTHING, Finding, Matched
from bot.domain.evidence import Evidence
from bot.domain.signals import Signals

_PLACEHOLDER = re.compile(
    r"\byour[-_]\w+|\b(?:enter|insert|put|replace|change)[-_](?:your[-_]?|this[-_]?)?\w+"
    r"|<(?:your|host|account|project|bucket|region|server|user|database|endpoint|api)[\w -]{0,30}>"
    r"|\bchangeme\b|\bplaceholder\b|\bTODO[-_]|\b\w*_hostname\b|\bxxx+\b",
    re.I,
)
_FAILING = re.compile(
    r"connect|resolve|translate|not known|unreachable|40[134]|not found|denied|invalid|login|auth"
    r"|refused|does not exist|timed out",
    re.I,
)


def setting_is_placeholder(signals: Signals, evidence: Evidence) -> Finding:
    """The words that failed name a host, account or key nobody has filled in."""
    spoken = (*signals.named("text"), *signals.named("child_error"))
    proofs = tuple(
        signal
        for signal in spoken
        if signal.depth >= Depth.CHAIN
        and _FAILING.search(signal.value)
        and _PLACEHOLDER.search(signal.value)
    )
    return Matched(proofs) if proofs else NOTHING
