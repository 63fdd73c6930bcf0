"""Says each message once, however often and wherever the saying of it is tried.

Slack has no idempotency key. So a message is announced in the ledger before it is posted and
recorded there afterwards, and its page is open to one process at a time. What Slack certainly
refused was never announced; a message of unknown outcome is looked for in Slack by its mark before
it is posted again, and not before Slack must show it: what it shows lags behind what it took.

A whisper cannot be looked for. Of unknown outcome it is said again until Slack says that it took
it: what may be seen twice is a private note to one person. A file is sent at most once.

A job tries for some seconds and then makes room for others in its channel's line: whoever wants the
message said hands it in again later. What Slack refuses for good ends at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import count

import structlog
from slack_sdk.errors import SlackClientError

from bot.domain.errors import BotError, StoreError
from bot.domain.work import Retry
from bot.services.languages import Languages
from bot.services.ports import DurableSteps, Posted, PostEntry, PostLedger
from bot.slack.arrivals import Place
from bot.slack.attaching import DELETED, attach
from bot.slack.draw import Style
from bot.slack.gestures import Gestures
from bot.slack.outgoing import Outgoing
from bot.slack.posts import EDITION, WITHDRAWN, WORKING, Later, Post, Sent, Standing
from bot.slack.refusals import (
    NOT_A_MEMBER,
    UNSURE,
    SlackRefused,
    SlackUnavailable,
    is_passing,
    is_unsure,
    wait_asked_for,
    word_for,
)
from bot.slack.streaming import Streams
from bot.slack.taking_back import TakingBack
from bot.slack.uploads import Upload, Wanted, wanted_with
from bot.slack.whereabouts import Whereabouts
from bot.slack.work_plan import WorkPlan
from bot.words import speaking

log = structlog.get_logger(__name__)

# A job's tries, of some fifteen seconds in all; what takes longer makes room in the meantime.
BRIEF = Retry(attempts=4, pause=1.0, seconds=180.0)
_PATIENCE = 5.0  # seconds that a job sleeps in its channel's line because Slack asks for it
_LONGEST = 120.0  # seconds for one try
_WHISPERED = "whispered"


class _InDoubt(Exception):
    """A message may have been said, or may yet be."""


@dataclass(frozen=True, slots=True)
class Poster:
    """`now` gives aware UTC times. A call is given up after `call_timeout` seconds; what Slack took
    shows `read_lag` seconds later at the latest. Without `streams` no message grows."""

    outgoing: Outgoing
    gestures: Gestures
    ledger: PostLedger
    style: Style
    now: Callable[[], datetime]
    call_timeout: float = 15.0
    read_lag: float = 20.0
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    streams: Streams | None = None
    languages: Languages = field(default_factory=Languages)

    @property
    def _whereabouts(self) -> Whereabouts:
        return Whereabouts(self.outgoing, self.gestures, self.now, self.call_timeout, self.read_lag)

    @property
    def _taking_back(self) -> TakingBack:
        return TakingBack(self.gestures, self.ledger, self._whereabouts, self.sleep, self.streams)

    async def work(self, post: Post, steps: DurableSteps) -> Sent | Later:
        """Does a job of kind "post". Raises `SlackRefused` where it can never be done."""
        post = await self._in_its_language(post)
        if post.is_sign:
            return await steps.run("post", lambda: self._shown(post), BRIEF)
        try:
            sent = await steps.run("post", lambda: self._taken(post), BRIEF)
        except (SlackUnavailable, StoreError):
            return Later(0.0)
        if isinstance(sent, Later):
            return sent
        if (file := wanted_with(post)) is not None:
            await self._with_file(post, file, steps)
        return sent

    async def _in_its_language(self, post: Post) -> Post:
        place = post.place
        if place.language:
            return post
        language = await self.languages.of(post.workspace, place.channel, place.user)
        return replace(post, place=replace(place, language=language))

    async def _taken(self, post: Post) -> Sent | Later:
        """Raises a refusal, so that the step has failed over it: who retries the work, once Slack
        would take the message, has it posted rather than the refusal read back."""
        sent = await self.put(post)
        expected = NOT_A_MEMBER if post.may_be_refused else frozenset()
        if isinstance(sent, Sent) and sent.refusal and sent.refusal not in expected:
            raise SlackRefused(sent.refusal)
        return sent

    async def _with_file(self, post: Post, file: Wanted, steps: DurableSteps) -> None:
        async def attach() -> bool:
            with speaking(post.place.language):
                made = await asyncio.to_thread(file.made, post)
            return await self.attach(file.key, post.place, made)

        try:
            await steps.run("attach", attach)
        except BotError as error:
            log.warning("slack.file_not_attached", error=type(error).__name__)

    async def put(self, post: Post) -> Sent | Later:
        """Has `post` stand in Slack, unless a newer revision does.

        Raises `SlackUnavailable` where it may go through in a moment, and `StoreError`.
        """
        try:
            async with asyncio.timeout(_LONGEST):
                return await (self._whispered(post) if post.whispers else self._posted(post))
        except _InDoubt as error:
            log.warning("slack.post_in_doubt", error=str(error))
            return Later(0.0 if post.whispers else self.read_lag)
        except (SlackClientError, *UNSURE) as error:
            return await self._not_put(post, error)

    async def _not_put(self, post: Post, error: Exception) -> Sent | Later:
        word = word_for(error)
        if not is_passing(error):
            log.error("slack.post_refused", error=word, channel=post.place.channel)
            return Sent(refusal=word)
        log.warning("slack.post_failed", error=word)
        wait = wait_asked_for(error)
        if wait > _PATIENCE:
            return Later(wait)
        await self.sleep(wait)
        raise SlackUnavailable(word) from error

    async def _shown(self, post: Post) -> Sent:
        """A sign of work, where nothing was said yet. Without it the answer comes all the same."""
        try:
            async with self.ledger.page(post.key, post.thread) as page:
                if page.posted is None:
                    return await self._new(page, post)
        except (StoreError, SlackClientError, _InDoubt, *UNSURE) as error:
            log.warning("slack.progress_not_shown", error=type(error).__name__)
        return Sent()

    async def _posted(self, post: Post) -> Sent | Later:
        async with self.ledger.page(post.key, post.thread) as page:
            wait = max(
                self._whereabouts.doubt(page.posted),
                # Drawn anew, it takes the place of what was drawn for the same revision.
                self._whereabouts.lateness(page.posted, post.revision + bool(post.redraw)),
            )
            return Later(wait) if wait > 0 else await self._settle(page, post)

    async def _settle(self, page: PostEntry, post: Post) -> Sent | Later:
        known = await self._whereabouts.known(page, post.key, post.place)
        if post.redraw:
            async with self._changing(page, post):
                return await self._redrawn(post, known)
        if known is None:
            return await self._new(page, post)
        if known.ts == DELETED:
            return Sent()
        if known.ts != WITHDRAWN:
            if known.revision >= post.revision:
                return Sent(known.ts)
            async with self._changing(page, post):
                is_changed = await self._changed(post, known)
            if is_changed:
                await page.record(known.ts, post.revision)
                return Sent(known.ts)
        return await self._replaced(page, post, known.ts)

    async def _changed(self, post: Post, known: Standing) -> bool:
        """False where the message is gone or closed to edits."""
        channel, streams = post.place.channel, self.streams
        may_grow = known.revision % EDITION == WORKING and post.place.grows_after is not None
        if may_grow and streams is not None:
            blocks = self.style.draw(replace(post, plan=None)).blocks
            if post.plan is None or not blocks:
                await streams.close(channel, known.ts)
            elif await streams.stop(channel, known.ts, post.mark, post.plan, blocks):
                return True
        return await self.outgoing.update(channel, known.ts, self.style.draw(post), post.mark)

    async def begin(self, sign: Post, plan: WorkPlan) -> str | None:
        """The ts of the message that grows on the page of `sign`: opened now, or by somebody who
        worked on this before. None where there is none to be; never raises."""
        streams = self.streams
        if streams is None or not streams.are_known_in(sign.workspace):
            return None
        if sign.place.grows_after is None:
            return None
        try:
            async with self.ledger.page(sign.key, sign.thread) as page:
                if page.posted is not None:
                    return _growing(page.posted)
                async with self._announced(page):
                    ts = await streams.start(sign.place, sign.workspace, plan)
                await page.record(ts, sign.revision)
                return ts
        except (StoreError, SlackClientError, _InDoubt, *UNSURE) as error:
            log.warning("slack.stream_not_begun", error=type(error).__name__)
            return None

    async def _redrawn(self, post: Post, known: Standing | None) -> Sent:
        """Nothing is posted in place of what somebody deleted."""
        if known is None or known.ts == WITHDRAWN or known.revision != post.revision:
            return Sent()
        message = self.style.draw(post)
        await self.outgoing.update(post.place.channel, known.ts, message, post.mark)
        return Sent(known.ts)

    async def _new(self, page: PostEntry, post: Post) -> Sent:
        place, message = post.place, self.style.draw(post)
        async with self._announced(page):
            ts = await self.outgoing.post(
                place.channel,
                message,
                thread=place.thread,
                mark=post.mark,
                is_for_channel=post.is_for_channel,
            )
        await page.record(ts, post.revision)
        return Sent(ts, is_new=True)

    @asynccontextmanager
    async def _announced(self, page: PostEntry) -> AsyncIterator[None]:
        """Around a call, which is cut short in time. Only one of unknown outcome leaves its
        announcement behind, with word that it has ended, and raises `_InDoubt`."""
        await page.announce()
        try:
            async with asyncio.timeout(self.call_timeout):
                yield
        except (SlackClientError, *UNSURE) as error:
            if not is_unsure(error):
                await page.retract()
                raise
            await page.give_up()
            raise _InDoubt(word_for(error)) from error

    @asynccontextmanager
    async def _changing(self, page: PostEntry, post: Post) -> AsyncIterator[None]:
        """Around calls that change a message. Whether one of unknown outcome is carried out later
        nobody can see, so newer words wait until it cannot be any more."""
        try:
            yield
        except (SlackClientError, *UNSURE) as error:
            if is_unsure(error):
                await page.leave_late(post.revision)
            raise

    async def _replaced(self, page: PostEntry, post: Post, gone: str) -> Sent | Later:
        """Posts in place of a message that was deleted or is closed to edits. Its mark is another,
        or the old message might be found for it."""
        sent = await self._posted(replace(post, key=f"{post.key}:instead of {gone}"))
        if isinstance(sent, Sent) and sent.ts is not None:
            await page.record(sent.ts, post.revision)
        return sent

    async def _whispered(self, post: Post) -> Sent:
        """Each call of unknown outcome uses up a page; then the next one counts."""
        for attempt in count():
            async with self.ledger.page(_page_of_whisper(post, attempt), post.thread) as page:
                if page.posted is None:
                    message = self.style.draw(post)
                    async with self._announced(page):
                        await self.outgoing.whisper(post.place, message, replace=post.replaces)
                    await page.record(_WHISPERED, post.revision)
                    return Sent()
                if page.posted.ts is not None or post.revision == WORKING:
                    return Sent()
                log.warning("slack.whisper_in_doubt", attempt=attempt)
        raise AssertionError("there is always another page")

    async def standing(self, key: str) -> Standing | None:
        """Where the message is known to stand, and in which revision. Raises `StoreError`."""
        async with self.ledger.page(key) as page:
            known = page.posted
        if known is None or known.ts in (None, WITHDRAWN):
            return None
        return Standing(known.ts, known.revision)

    async def amend(self, post: Post) -> bool:
        """Changes a sign of work, where nothing else stands in its place yet; False where its
        channel has no room for it now. Raises like `Outgoing.update`."""
        if not self.outgoing.has_room_for_sign(post.place.channel):
            return False
        post = await self._in_its_language(post)
        async with self.ledger.page(post.key, post.thread) as page:
            known = page.posted
            if known is None or known.ts in (None, WITHDRAWN):
                return True
            if known.revision == post.revision:
                message = self.style.draw(post)
                await self.outgoing.update(post.place.channel, known.ts, message, post.mark)
        return True

    async def withdraw(self, key: str, place: Place) -> None:
        """Takes a sign of work away, where nothing was said after all. Raises what Slack or the
        ledger does."""
        await self._taking_back.withdraw(key, place)

    async def delete(self, key: str, place: Place) -> None:
        """Takes a message away for good, or a file. Raises what Slack or the ledger does."""
        await self._taking_back.delete(key, place)

    async def attach(self, key: str, place: Place, file: Upload) -> bool:
        """Sends a file into the thread, at most once; False where it did not or may not have
        arrived."""
        return await attach(self.ledger, self.gestures, key, place, file)


def _page_of_whisper(post: Post, attempt: int) -> str:
    again = ":again" if attempt else ""
    number = f":{attempt}" if attempt > 1 else ""
    return f"{post.key}:{post.revision}{again}{number}"


def _growing(posted: Posted) -> str | None:
    is_sign = posted.revision % EDITION == WORKING and posted.ts != WITHDRAWN
    return posted.ts if is_sign else None
