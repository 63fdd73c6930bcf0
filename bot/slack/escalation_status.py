"""Shows everybody who asked where their escalation stands: one message each, changed in place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import structlog

from bot.domain.answers import HumanCalled
from bot.domain.errors import BotError
from bot.domain.escalation_policy import Policy
from bot.domain.escalations import Escalation, Party, Truth
from bot.domain.questions import ThreadKey
from bot.domain.references import reference_of
from bot.domain.work import Retry
from bot.services.escalation_ports import Escalations
from bot.services.ports import DurableSteps
from bot.slack.arrivals import Place
from bot.slack.escalation_readers import ForReaders
from bot.slack.escalation_saying import say_soon
from bot.slack.gestures import Gestures
from bot.slack.posts import Post
from bot.slack.refusals import SlackRefused
from bot.slack.saying import Saying
from bot.slack.workspaces import in_workspace

log = structlog.get_logger(__name__)

_STORE = Retry(attempts=10, pause=1.0, seconds=15.0)
_OPEN = Retry(attempts=5, pause=1.0, seconds=10.0)
_PARTIES = 100  # told at a time
_STATUS = 100  # revisions of the answer itself are below


async def permalink_of(gestures: Gestures, thread: ThreadKey) -> str:
    """The address of its first message; "" where Slack gives none."""
    with in_workspace(thread.workspace):
        return await gestures.permalink(thread.channel, thread.thread)


@dataclass(frozen=True, slots=True)
class Statuses:
    escalations: Escalations
    gestures: Gestures
    readers: ForReaders
    policy: Policy

    async def tell_all(
        self, escalation: Escalation, truth: Truth | None, workspace: str, steps: DurableSteps
    ) -> None:
        offset = 0
        while True:
            page = partial(self.escalations.parties, escalation.id, _PARTIES, offset)
            parties: Sequence[Party] = await steps.run("parties", page, _STORE)
            for party in parties:
                await self.tell(escalation, party, truth, workspace, steps)
            offset += len(parties)
            if len(parties) < _PARTIES:
                return

    async def tell(
        self,
        escalation: Escalation,
        party: Party,
        truth: Truth | None,
        workspace: str,
        steps: DurableSteps,
    ) -> None:
        """In the thread of `party`, which is opened where there is none yet."""
        thread, place = party.thread, Place(party.thread.channel, party.user_id)
        if party.is_alone:
            channel = await self._direct(party, steps)
            if not channel:
                return
            workspace = thread.workspace or workspace
            thread, place = ThreadKey(workspace, channel, ""), replace(place, channel=channel)
        else:
            place = replace(place, thread=thread.thread)
        reference, called_at = reference_of(party.message), self.policy.first_call(escalation)
        called = HumanCalled(reference, escalation, truth, called_at=called_at)
        limit = partial(self.readers.standing, called, thread, party.user_id)
        content = await steps.run("for its readers", limit, _STORE)
        revision = _STATUS + escalation.version
        post = Post(party.message, revision, place, content, workspace=thread.workspace)
        if party.is_alone:
            await self._open(escalation, party, post, steps)
        else:
            await say_soon(post, steps)

    async def _direct(self, party: Party, steps: DurableSteps) -> str:
        """The channel of their direct messages; "" for whoever has none with the bot."""
        try:
            direct = partial(self.gestures.direct, party.user_id)
            with in_workspace(party.thread.workspace):
                return await steps.run("open direct", direct, _OPEN)
        except BotError as error:
            log.warning("escalation.asker_not_told", error=str(error))
            return ""

    async def _open(
        self, escalation: Escalation, party: Party, post: Post, steps: DurableSteps
    ) -> None:
        """What is said below the message from then on belongs to the escalation."""
        try:
            sent = await Saying(steps, post.workspace, post.key).say(post)
        except SlackRefused as refusal:
            log.warning("escalation.asker_not_told", error=refusal.code)
            return
        if sent.ts is not None:
            thread = ThreadKey(post.workspace, post.place.channel, sent.ts)
            move = partial(self.escalations.move_party, escalation.id, party.thread, thread)
            await steps.run("keep thread", move, _STORE)
