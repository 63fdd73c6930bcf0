"""Shows what is kept of one person, erases it, and looks again whether anything is left."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime

from bot.domain.audit import AuditEntry, Outcome
from bot.domain.casework import take_back_job
from bot.domain.errors import BadRequest
from bot.domain.privacy import OwnPost, Person, Trace
from bot.domain.work import Job
from bot.services.privacy_ports import PersonRecords, PersonWork
from bot.services.talk import MessageKey, TalkRecords, WorkRecords

PRIVACY = "privacy"
"""What an erasure is called in the audit."""

_AT_A_TIME = 50
_UNDER_WAY = "messages with work under way (the bot deletes it once it is done)"


@dataclass(frozen=True, slots=True)
class Erased:
    """What there was, what is left, and how many messages of ours go in Slack."""

    before: tuple[Trace, ...]
    after: tuple[Trace, ...]
    posts: int

    @property
    def left(self) -> tuple[Trace, ...]:
        """What should not be there any more."""
        return tuple(trace for trace in self.after if not trace.why)


@dataclass(frozen=True, slots=True)
class PersonalRecords:
    """`kinds` are those of work on what somebody asked; `forget` gives the job that deletes work
    about these messages once it is done, by them and a word why. Every method raises `StoreError`.
    """

    records: PersonRecords
    work: PersonWork
    talk: TalkRecords
    withdrawal: WorkRecords
    kinds: Sequence[str]
    forget: Callable[[tuple[str, ...], str], Job]

    async def person(self, user_id: str, workspace: str) -> Person:
        """Raises `BadRequest` where more than one person may be meant."""
        user_id = user_id.strip().removeprefix("<@").removesuffix(">")
        if not user_id or "@" in user_id or user_id.split() != [user_id]:
            raise BadRequest(
                "Give the person's id (U…), which Slack shows in their profile: names and mail "
                "addresses change and are shared."
            )
        if workspace:
            return Person(workspace, user_id)
        found = await self.records.workspaces(user_id)
        if len(found) > 1:
            raise BadRequest(
                f"{user_id} is known in several workspaces, and need not be one person: give "
                f"--workspace, one of {', '.join(found)}."
            )
        return Person(found[0] if found else "", user_id)

    async def show(self, person: Person) -> tuple[Trace, ...]:
        return (*await self.records.traces(person), *await self.work.traces(person))

    async def erase(self, person: Person, by: str, at: datetime) -> Erased:
        """Each step leaves less than there was, so whoever is interrupted does it again. Raises
        `BadRequest` where others wait for this person."""
        if held := await self.records.held(person):
            raise BadRequest(
                f"{person.user_id} has taken on escalations that are open: {', '.join(held)}. "
                "Resolve them or hand them on first."
            )
        before = await self.show(person)
        if not before:
            return Erased((), (), 0)
        posts, under_way = await self._erase_messages(person, at)
        taken = await self.records.erase(person, _entry(person, by, at))
        await self._take_back(person, taken, at)
        await self.work.erase(person)
        left = [Trace(_UNDER_WAY, under_way)] if under_way else []
        return Erased(before, (*await self.show(person), *left), len(posts))

    async def _erase_messages(self, person: Person, at: datetime) -> tuple[Sequence[OwnPost], int]:
        """Answers that go in Slack, and messages on which work is under way still."""
        messages = await self.records.messages(person)
        portions = [
            messages[begin : begin + _AT_A_TIME] for begin in range(0, len(messages), _AT_A_TIME)
        ]
        if not person.is_of_slack:  # at the terminal nothing is posted, and no work is durable
            for some in portions:
                await self.talk.erase(some)
            return (), 0
        for some in portions:
            await self.withdrawal.stop(some, self.kinds)
        under_way, posts = 0, await self.records.posts(messages)
        # First, so that a death in between forgets none: they are found by what is erased next.
        await self.work.take_away(posts, at)
        for some in portions:
            for one in {message for key in some if (message := _message(key))}:
                await self.talk.unquote(one)
            if not await self.withdrawal.erase(some):
                under_way += len(some)
                await self.work.start(self.forget(tuple(some), f"erased {at.isoformat()}"))
            await self._take_back(person, await self.talk.erase(some), at)
        return posts, under_way

    async def _take_back(self, person: Person, turns: Sequence[str], at: datetime) -> None:
        """Has a bot that is at work take the same words out of what others were told in Slack."""
        if turns and person.is_of_slack:
            why = f"erased {at.isoformat()}"
            await self.work.start(take_back_job(person.workspace, turns, why))


def _message(key: str) -> MessageKey | None:
    parts = key.split(":")
    return MessageKey(*parts) if len(parts) == len(fields(MessageKey)) else None


def _entry(person: Person, by: str, at: datetime) -> AuditEntry:
    return AuditEntry(
        key=f"{PRIVACY}:{person.pseudonym}:{at.isoformat()}",
        at=at,
        user_id=by,
        workspace=person.workspace,
        channel="",
        action=PRIVACY,
        outcome=Outcome.ALLOWED,
        detail=f"erased what was kept of {person.pseudonym}",
    )
