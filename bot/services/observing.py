"""What was said to be true of verdicts, as observations to fit to: judged anew by the rules in
force now, since those are what is fitted."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bot.diagnosis.classify import diagnose
from bot.diagnosis.incident_key import incident_key
from bot.diagnosis.known import Known
from bot.domain.escalations import WasRight
from bot.domain.outcomes import EndedConversation, Ending
from bot.domain.parameters import Parameters
from bot.domain.reviews import ReviewItem, ReviewKind, ReviewQuery, ReviewState
from bot.domain.runbooks import KnownFailure
from bot.domain.verdicts import VerdictKind
from bot.learning.refit import Observation
from bot.services.ending_ports import Endings
from bot.services.evaluate import Sample
from bot.services.ports import ConversationStore
from bot.services.review_ports import ReviewQueue

UNBENT = Parameters(abstain_below=0.0)
"""As the rules give it, whatever was fitted before."""

_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
_DECIDED = (ReviewState.APPROVED, ReviewState.EDITED, ReviewState.RELABELLED)


@dataclass(frozen=True, slots=True)
class Told:
    """What a person said of the verdict of a turn: the cause that is true, or "" with whether the
    bot's was."""

    turn_id: str
    at: datetime
    predicted: str
    right: bool
    cause: str = ""


@dataclass(frozen=True, slots=True)
class Observing:
    endings: Endings
    reviews: ReviewQueue
    turns: ConversationStore

    async def observed(self, failures: Sequence[KnownFailure]) -> list[Observation]:
        """Of every turn whose verdict a person has judged, and whose evidence is still there.
        Raises `StoreError`."""
        known = Known(failures, UNBENT)
        reviewed = await self._reviewed()
        found = []
        async for ended in self.endings.ended():
            told = _told(ended, reviewed)
            if told is not None and (one := await self._observation(told, known)) is not None:
                found.append(one)
        return found

    async def _observation(self, told: Told, known: Known) -> Observation | None:
        turn = await self.turns.turn(told.turn_id)
        if turn is None or turn.evidence is None:
            return None
        verdict = diagnose(turn.evidence, known)
        if verdict.kind is VerdictKind.UNKNOWN:
            return None
        label = known.get(told.cause) if told.cause else None
        if label is not None:
            right = label.verdict is verdict.kind
        elif told.predicted == verdict.cause:
            right = told.right
        else:
            return None  # what was judged is not what the rules say now
        return Observation(
            fingerprint=incident_key(verdict, turn.evidence.target, turn.evidence),
            at=told.at,
            sure=verdict.confidence,
            right=right,
            is_truth=True,
            query=verdict.deciding.text if verdict.deciding else "",
            cause=told.cause if label is not None else "",
        )

    async def _reviewed(self) -> Mapping[str, ReviewItem]:
        """By the turn whose verdict it is about."""
        return {one.subject: one async for one in self._decided()}

    async def _decided(self) -> AsyncIterator[ReviewItem]:
        after = ""
        while True:
            kinds = (ReviewKind.LABEL, ReviewKind.CONTRADICTION)
            page = await self.reviews.page(ReviewQuery(kinds=kinds, states=_DECIDED, after=after))
            for one in page.items:
                yield one
            if not page.next:
                return
            after = page.next


def observed_samples(
    samples: Iterable[Sample], failures: Sequence[KnownFailure]
) -> Iterator[Observation]:
    """Of the development corpus, older than all that anybody says here."""
    known = Known(failures, UNBENT)
    for number, sample in enumerate(samples):
        verdict = diagnose(sample.case.evidence, known)
        if sample.label is None or verdict.kind is VerdictKind.UNKNOWN:
            continue
        right = verdict.kind in (sample.label.verdict, *sample.label.also_right)
        at = _LONG_AGO + timedelta(minutes=number)
        source = sample.source or sample.case.id
        yield Observation(f"corpus:{source}", at, verdict.confidence, right)


def _told(ended: EndedConversation, reviewed: Mapping[str, ReviewItem]) -> Told | None:
    """A reviewer has the last word; what contradicts itself says nothing without one."""
    turn_id, predicted = ended.turn_id, ended.predicted
    if not predicted:
        return None
    review = next((reviewed[one] for one in ended.turn_ids if one in reviewed), None)
    if review is not None:
        is_other = review.state is ReviewState.RELABELLED and review.label
        cause = review.label if is_other else predicted
        return Told(turn_id, ended.asked_at, predicted, cause == predicted, cause)
    if ended.ended.ending is Ending.CONTRADICTED:
        return None
    if ended.ended.bot in (WasRight.YES, WasRight.NO):
        right = ended.ended.bot is WasRight.YES
        cause = predicted if right else ended.ended.cause
        return Told(turn_id, ended.asked_at, predicted, right, cause)
    return None
