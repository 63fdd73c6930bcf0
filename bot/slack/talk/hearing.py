"""What is to be known before a question is worked on: whether it still stands, and who asks."""

from __future__ import annotations

from dataclasses import dataclass, replace

import structlog

from bot.domain.questions import Question
from bot.domain.references import reference_of
from bot.domain.work import FORGET, Job, Priority, Queue, Retry
from bot.services.people_ports import Privacy
from bot.services.ports import DurableSteps
from bot.services.talk import Heard, Stands, TalkRecords, WorkRecords
from bot.slack.arrivals import Place
from bot.slack.gestures import Gestures
from bot.slack.outsiders import Outsiders

log = structlog.get_logger(__name__)

SOLVED_MARK = "white_check_mark"

_STORE = Retry(attempts=6, pause=1.0, seconds=15.0)
_HEARING = Retry(attempts=6, pause=1.0, seconds=30.0)
_SOON = 5.0  # seconds for work to end; what was called off takes about one
_SELDOM = 3_600.0


@dataclass(frozen=True, slots=True)
class Forget:
    """The body of a job of kind `FORGET`: all work whose key holds one of these, of that alone
    which was handed in `until` then, a ts, where one is given. `tries` counts those in vain, since
    it was not finished yet; `why` tells them from others."""

    holding: tuple[str, ...]
    tries: int = 0
    until: str = ""
    why: str = "again"


def forget_job(holding: tuple[str, ...], why: str, tries: int = 0, until: str = "") -> Job:
    """Its key holds none of the words that it looks for, or it would wait for itself."""
    key = f"{FORGET}/{reference_of(f'{why} {holding[0]}')}/{tries}"
    return Job(
        key=key,
        kind=FORGET,
        body=Forget(holding, tries, until, why),
        queue=Queue.LATER,
        share=key,
        priority=Priority.REMARK,
        delay=min(_SOON * 2**tries, _SELDOM),
    )


@dataclass(frozen=True, slots=True)
class Hearing:
    """Without `privacy` everybody has their words kept."""

    records: TalkRecords
    work: WorkRecords
    outsiders: Outsiders
    gestures: Gestures
    privacy: Privacy | None = None

    async def hear(
        self, work: str, question: Question, place: Place, wording: str, steps: DurableSteps
    ) -> tuple[Question, int] | None:
        """The question with who asks it, and how many wordings it had before; None where it is not
        to be answered any more. `work` is the key of the work on it. Raises `StoreError`."""

        async def look() -> Heard:
            heard = await self.records.hear(question, wording)
            if heard.stands is not Stands.OPEN:
                return heard
            asker, outsiders = question.asker, self.outsiders
            guest = asker.is_external or await outsiders.is_guest(asker.user_id)
            shared = question.is_shared or await outsiders.is_shared(place.channel)
            keeps = await self._keeps(question.thread.workspace, asker.user_id)
            return replace(heard, is_external=guest, is_shared=shared, keeps=keeps)

        heard = await steps.run("hear", look, _HEARING)
        if heard.stands is not Stands.OPEN:
            log.info("not_answered", because=heard.stands)
            if heard.stands is not Stands.OUTDATED:
                await steps.start(forget_job((question.id,), f"{heard.stands} {work}"))
            return None
        if heard.reopens:
            await steps.run("reopen", lambda: self._reopen(question), _STORE)
        if heard.is_external or heard.is_shared or not heard.keeps:
            # The words are needed until the work is done, and no longer.
            await steps.start(forget_job((question.id,), f"unkept {work}"))
        asker = replace(question.asker, is_external=heard.is_external)
        return replace(question, asker=asker, is_shared=heard.is_shared), heard.edition

    async def forget_unkept(
        self, work: str, question: Question, place: Place, steps: DurableSteps
    ) -> None:
        """Has the words of a question that was called off deleted where they may not be kept: the
        work on it may have ended before it was heard. Raises `StoreError`."""

        async def keeps() -> bool:
            asker, is_shared = question.asker, question.is_shared
            of_ours = not asker.is_external and not is_shared
            workspace = question.thread.workspace
            return of_ours and await self.keeps_words(workspace, asker.user_id, place.channel)

        if not await steps.run("keeps words", keeps, _HEARING):
            await steps.start(forget_job((question.id,), f"called off {work}"))

    async def keeps_words(self, workspace: str, user: str, channel: str) -> bool:
        """Whether words of this person, said there, may be kept: they are the workspace's alone,
        and were not asked to be left out. Raises `StoreError`."""
        outsiders = self.outsiders
        if await outsiders.is_guest(user) or await outsiders.is_shared(channel):
            return False
        return await self._keeps(workspace, user)

    async def forget(self, body: Forget, steps: DurableSteps) -> None:
        """Does jobs of kind `FORGET`."""
        holding, until = body.holding, body.until
        if not await steps.run("forget", lambda: self.work.erase(holding, until), _STORE):
            await steps.start(forget_job(holding, body.why, body.tries + 1, until))

    async def _keeps(self, workspace: str, user: str) -> bool:
        return self.privacy is None or not user or await self.privacy.keeps(workspace, user)

    async def _reopen(self, question: Question) -> None:
        first = await self.records.first_asked(question.thread)
        channel = question.thread.channel
        await self.gestures.unmark(channel, first or question.thread.thread, SOLVED_MARK)
