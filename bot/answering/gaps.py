"""What could not be seen, in words."""

from __future__ import annotations

from bot.answering.foreign import one_line
from bot.answering.wording import sentence
from bot.domain.evidence import Gap, GapReason

_REASONS = {
    GapReason.FORBIDDEN: "the bot's account may not read it",
    GapReason.NOT_FOUND: "Airflow has none",
    GapReason.TIMEOUT: "it took too long",
    GapReason.UNAVAILABLE: "it did not answer",
    GapReason.TOO_LARGE: "it is too large to read through",
    GapReason.MALFORMED: "the reply made no sense",
    GapReason.UNSUPPORTED: "this Airflow does not offer it",
    GapReason.NOT_ASKED: "it was not looked at",
}


def gap_in_words(gap: Gap) -> str:
    """`Event log: the bot's account may not read it (403). Grant …`"""
    detail = f" ({one_line(gap.detail, 160)})" if gap.detail else ""
    told = f"{one_line(gap.source, 80)}: {_REASONS[gap.reason]}{detail}"
    return " ".join(sentence(part) for part in (told, one_line(gap.remedy, 200)) if part)
