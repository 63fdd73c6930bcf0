"""What people said to be true becomes something to fit to."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from bot.diagnosis.examples import example
from bot.domain.conversations import Turn
from bot.domain.escalations import WasRight
from bot.domain.outcomes import EndedConversation, Ending
from bot.domain.reviews import ReviewItem, ReviewKind, ReviewPage, ReviewQuery, ReviewState
from bot.services.observing import Observing
from tests.fakes.drafts import shipped, unknown
from tests.fakes.endings import UNTIL, FakeEndings, ended

KNOWN = shipped("connection_refused", "unrecognised_error", "insufficient_evidence", "memory_error")
_, REFUSED = example("ConnectionRefusedError: [Errno 111] Connection refused")


@dataclass
class Turns:
    async def turn(self, turn_id: str) -> Turn:
        return replace(unknown(1), id=turn_id, evidence=REFUSED)


@dataclass
class Reviews:
    items: tuple[ReviewItem, ...] = field(default=())

    async def page(self, query: ReviewQuery) -> ReviewPage:
        return ReviewPage(self.items)


def said(number: int, bot: WasRight, cause: str = "connection_refused") -> EndedConversation:
    human = Ending.SOLVED_BY_HUMAN
    return ended(number, human, bot=bot, cause=cause, verdict="dependency", escalations=("E",))


async def rights(*every: EndedConversation, items: tuple[ReviewItem, ...] = ()) -> list[bool]:
    observing = Observing(FakeEndings(every), Reviews(items), Turns())  # type: ignore[arg-type]
    return [one.right for one in await observing.observed(KNOWN)]


async def test_what_a_responder_says_of_the_verdict_is_a_truth() -> None:
    assert await rights(said(1, WasRight.YES), said(2, WasRight.NO)) == [True, False]


async def test_silence_and_halves_say_nothing() -> None:
    assert await rights(ended(1), said(2, WasRight.PARTLY), said(3, WasRight.NOT_SAID)) == []


async def test_what_was_judged_of_other_rules_says_nothing_of_these() -> None:
    assert await rights(said(1, WasRight.NO, cause="memory_error")) == []


async def test_a_reviewer_has_the_last_word() -> None:
    item = ReviewItem("r", ReviewKind.LABEL, "T1:C1:1", "", UNTIL, ReviewState.RELABELLED)
    relabelled = replace(item, label="memory_error")
    assert await rights(said(1, WasRight.YES), items=(relabelled,)) == [False]
    assert await rights(
        said(1, WasRight.NO), items=(replace(item, state=ReviewState.APPROVED),)
    ) == [True]
