"""What could not be seen, in words."""

from __future__ import annotations

from bot.answering.foreign import one_line
from bot.answering.wording import sentence
from bot.domain.evidence import Gap, GapReason
from bot.words import mark, say

_REASONS = {
    GapReason.FORBIDDEN: mark("the bot's account may not read it"),
    GapReason.NOT_FOUND: mark("Airflow has none"),
    GapReason.TIMEOUT: mark("it took too long"),
    GapReason.UNAVAILABLE: mark("it did not answer"),
    GapReason.TOO_LARGE: mark("it is too large to read through"),
    GapReason.MALFORMED: mark("the reply made no sense"),
    GapReason.UNSUPPORTED: mark("this Airflow does not offer it"),
    GapReason.NOT_ASKED: mark("it was not looked at"),
}


def gap_in_words(gap: Gap) -> str:
    """`Event log: the bot's account may not read it (403). Grant …`"""
    detail = f" ({one_line(say(gap.detail), 160)})" if gap.detail else ""
    told = f"{one_line(say(gap.source), 80)}: {say(_REASONS[gap.reason])}{detail}"
    return " ".join(sentence(part) for part in (told, one_line(say(gap.remedy), 200)) if part)
