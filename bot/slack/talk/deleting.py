"""What follows when a message is gone: our answers go, and so does all that was kept of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial

import structlog

from bot.domain.casework import take_back_job
from bot.domain.work import Retry
from bot.services.ports import DurableSteps
from bot.services.talk import Belongings, MessageKey, PageOfPost, TalkRecords, WorkRecords
from bot.slack.arrivals import Place
from bot.slack.case_posts import place_of_case
from bot.slack.case_unsaid import Unsaid
from bot.slack.escalation_bridge import place_of_relay
from bot.slack.jobs import ARRIVAL, EDIT
from bot.slack.posting import Poster
from bot.slack.talk.arrivals import ChannelGone, Deleted
from bot.slack.talk.hearing import forget_job

log = structlog.get_logger(__name__)

_STORE = Retry(attempts=20, pause=1.0, seconds=15.0, longest=60.0)
# Slack shows an answer of unknown outcome half a minute later at the latest.
_SLACK = Retry(attempts=20, pause=2.0, seconds=180.0, longest=120.0)
_READ_PAGES, _READ_SECONDS = 5, 10.0


Forget = Callable[[str], Awaitable[Sequence[str]]]
"""Takes the words of the message whose key begins so out of escalations; gives their ids."""


@dataclass(frozen=True, slots=True)
class Deletion:
    """Every step may be done twice, and each leaves less than there was. `forget` takes words out
    of escalations, where humans are called, `unsaid` those of cases out of answers to others."""

    records: TalkRecords
    work: WorkRecords
    poster: Poster
    forget: Forget | None = None
    unsaid: Unsaid | None = None

    async def delete(self, gone: Deleted, steps: DurableSteps) -> None:
        """Work that is under way is called off without a word: who asked wants none."""
        message, records = gone.message, self.records
        await steps.run("note", lambda: records.note_deletion(message), _STORE)
        first = await steps.run("belongings", lambda: records.belongings(message), _STORE)
        await steps.run(
            "call off", lambda: self.work.stop(first.fragments, (ARRIVAL, EDIT)), _STORE
        )
        # What was said until then.
        found = await steps.run("belongings", lambda: records.belongings(message), _STORE)
        place = Place(message.channel, user="", thread=gone.thread.thread)
        for key in _keys_of(found):
            where = place_of_relay(key) or place_of_case(key) or place
            await steps.run("delete answer", partial(self.poster.delete, key, where), _SLACK)
        await steps.run("tidy up", lambda: self._tidy_up(message, found, place), _SLACK)
        taken = await steps.run("erase", lambda: records.erase(found.fragments), _STORE)
        if taken and self.unsaid is not None:
            await self.unsaid.take_back(taken, steps)
        quoting = await steps.run("unquote", lambda: self._unquote(message), _STORE)
        cards = await steps.run("forget", lambda: self._forgotten(message.fragment), _STORE)
        await steps.start(forget_job((*found.fragments, *quoting, *taken, *cards), "deleted"))
        log.info("deleted", answers=len(found.pages), quoting=len(quoting))

    async def leave(self, gone: ChannelGone, steps: DurableSteps) -> None:
        """Nothing can be said or deleted there any more; what was kept of it goes."""
        workspace, channel, at = gone.workspace, gone.channel, gone.at
        records, work = self.records, self.work
        await steps.run("note", lambda: records.note_departure(workspace, channel, at), _STORE)
        erase = partial(records.erase_channel, workspace, channel, at)
        if taken := await steps.run("erase", erase, _STORE):
            await steps.start(take_back_job(workspace, taken, f"left at {at}"))
        await steps.run("forget", lambda: work.stop_channel(workspace, channel, at), _STORE)
        of_channel = f"{workspace}:{channel}:"
        cards = await steps.run("forget calls", lambda: self._forgotten(of_channel), _STORE)
        if cards:
            await steps.start(forget_job(tuple(cards), f"left at {at}"))
        await steps.start(forget_job((of_channel,), f"left until {at}", until=at))

    async def _forgotten(self, fragment: str) -> list[str]:
        """What the keys of work begin with that showed these words to those on call."""
        return showing(await self.forget(fragment) if self.forget is not None else ())

    async def take_files(self, message: MessageKey, place: Place, steps: DurableSteps) -> None:
        """Takes away what is attached to an answer, since it is about to change."""

        async def files() -> list[str]:
            found = await self.records.belongings(message)
            return [page.key for page in found.pages if page.key.startswith("file:")]

        for key in await steps.run("files", files, _STORE):
            await steps.run("delete file", partial(self.poster.delete, key, place), _SLACK)

    async def _tidy_up(self, message: MessageKey, found: Belongings, place: Place) -> None:
        """Signs of work, and in a thread that is gone as a whole whatever else we said there."""
        gestures, root = self.poster.gestures, place.thread == message.ts
        if root:
            await self._sweep(message)
        elif found.pages and place.thread:
            await gestures.clear_status(place.channel, place.thread)
        for page in found.pages:
            if page.ts is not None and page.ts[:1].isdigit():
                # A button under it may have been pressed, and arrive later.
                there = MessageKey(message.workspace, message.channel, page.ts)
                await self.records.note_deletion(there)

    async def _sweep(self, root: MessageKey) -> None:
        gestures = self.poster.gestures
        me = await gestures.identity()
        left = await gestures.replies(root.channel, root.ts, _READ_PAGES, _READ_SECONDS)
        for one in left:
            if one.get("user") != me.user_id and one.get("bot_id") != me.bot_id:
                continue
            for file in one.get("files") or []:
                await gestures.delete_file(root.channel, str(file.get("id") or ""))
            await gestures.delete(root.channel, str(one.get("ts") or ""))

    async def _unquote(self, message: MessageKey) -> list[str]:
        return list(await self.records.unquote(message))


def showing(escalations: Sequence[str]) -> list[str]:
    """What the keys of work begin with that shows these to those on call."""
    shown = ("told", "joined", "count", "card")
    return [f"escalation:{one}:{what}" for one in escalations for what in shown]


def _keys_of(found: Belongings) -> Sequence[str]:
    """Pages that are to be closed: those that there are, and those that work would open."""
    there = [page.key for page in found.pages if _is_said_to_all(page)]
    return tuple(dict.fromkeys([*there, *found.fragments]))


def _is_said_to_all(page: PageOfPost) -> bool:
    """A whisper is gone by itself as soon as Slack is opened anew; it has no ts."""
    return not page.key.startswith("private:")
