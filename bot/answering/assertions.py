"""Whether a sentence asserts what the verdict denies."""

from __future__ import annotations

import re

from bot.answering.prompts.build import Conclusion
from bot.domain.verdicts import RetryAdvice, VerdictKind

_I = re.IGNORECASE
_ASSERTS = {
    VerdictKind.CODE: re.compile(
        r"\b(?:bug|mistake|error|fault|defect|problem) (?:is |was |lies )?in (?:your|the) (?:own )?"
        r"(?:code|dag|script|query|sql|function)\b|\byour (?:own )?code (?:is|was|caused|broke)\b",
        _I,
    ),
    VerdictKind.CAPACITY: re.compile(
        r"\b(?:ran )?out of (?:memory|disk|space|slots)\b|\boom(?:[- ]?kill(?:ed)?)?\b"
        r"|\bmemory limit\b|\bno (?:free|open) slots?\b|\bpool (?:is|was) (?:full|exhausted)\b"
        r"|\b(?:was|been|got) evicted\b|\black of (?:capacity|memory|resources)\b",
        _I,
    ),
    VerdictKind.PLATFORM: re.compile(
        r"\b(?:scheduler|triggerer|api server|metadata database|dag processor|broker) "
        r"(?:has |had |was |is )?(?:crashed|died|restarted|failed|broken?|down|unavailable|lost)\b"
        r"|\bplatform(?:'s)? (?:fault|problem|issue|outage)\b|\bairflow (?:bug|defect|itself)\b"
        r"|\bworker (?:was |has been )?(?:lost|died|crashed)\b",
        _I,
    ),
    VerdictKind.DEPENDENCY: re.compile(
        r"\b(?:external|outside|remote|upstream|third[- ]party) "
        r"(?:service|system|api|database|server) (?:was |is |has )?"
        r"(?:down|unavailable|refused|failed|slow|throttled|not)\b"
        r"|\bcredentials? (?:has |have |had )?expired\b",
        _I,
    ),
    VerdictKind.OPERATOR: re.compile(
        r"\b(?:someone|somebody|a (?:user|person|human)|an operator) "
        r"(?:has |had )?(?:marked|cleared|paused|stopped|killed|cancelled|skipped)\b"
        r"|\bmanually (?:marked|cleared|paused|stopped|killed|cancelled|failed)\b",
        _I,
    ),
}
_DENIED = re.compile(
    r"\b(?:no|not|nothing|none|nobody|never|without|neither|nor|cannot|rather than|instead of"
    r"|rul(?:es?|ed|ing) out"
    r"|excludes?|unlikely|no sign|no evidence|unclear|whether|if)\b|n't\b",
    _I,
)
_DENIAL_REACH = 45  # characters before the assertion
_RETRY_HELPS = re.compile(
    r"\b(?:retry|retrying|a retry|re-?running|another try|clearing it)(?: \w+){0,3} "
    r"(?:will|should|would|is likely to) (?:help|work|succeed|fix|solve)\b",
    _I,
)
_RETRY_USELESS = re.compile(
    r"\b(?:retry|retrying|a retry|re-?running|another try)(?: \w+){0,3} "
    r"(?:will not|won't|would not|cannot|can't|does not|doesn't) (?:help|work|succeed|fix|solve)\b",
    _I,
)


def contradicts(text: str, conclusion: Conclusion | None) -> bool:
    """True where the sentence puts the fault on another side, or denies what is said of retries.

    With the verdict "unknown" every side is another side: whoever names one disagrees.
    """
    if conclusion is None:
        return False
    sides = {kind for kind, pattern in _ASSERTS.items() if _asserted(pattern, text)}
    if sides and conclusion.kind not in sides:
        return True
    if conclusion.retry in (RetryAdvice.POINTLESS, RetryAdvice.AFTER_FIX):
        return _asserted(_RETRY_HELPS, text) and "after" not in text.lower()
    return conclusion.retry is RetryAdvice.HELPS and _RETRY_USELESS.search(text) is not None


def _asserted(pattern: re.Pattern[str], text: str) -> bool:
    return any(
        not _DENIED.search(text[max(hit.start() - _DENIAL_REACH, 0) : hit.start()])
        for hit in pattern.finditer(text)
    )
