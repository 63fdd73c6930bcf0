"""Says each message once, however often and wherever the saying of it is tried.

Slack has no idempotency key. So a message is announced in the ledger before it is posted and
recorded there afterwards, and its page is open to one process at a time. A message that was
announced and never recorded is looked for in Slack by its mark before it is posted again, and not
before it is some seconds old, since what Slack shows lags behind what it took.

A whisper cannot be looked for. After a call of unknown outcome it is said once more and then no
more; what may be seen twice is a private note to one person. A file is sent at most once.

What Slack refuses for good ends here; whatever may go through later is raised, for the engine to
try again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime

import structlog
from slack_sdk.errors import SlackClientError

from bot.domain.answers import LogReport
from bot.domain.work import Retry
from bot.services.ports import DurableSteps, Posted, PostEntry, PostLedger
from bot.slack.arrivals import Place
from bot.slack.blocks.logs import excerpt_file
from bot.slack.draw import Style
from bot.slack.gestures import Gestures
from bot.slack.outgoing import Outgoing
from bot.slack.posts import ANSWER, WORKING, Post, Sent, Standing
from bot.slack.refusals import (
    NOT_A_MEMBER,
    UNSURE,
    SlackRefused,
    is_passing,
    wait_asked_for,
    word_for,
)

log = structlog.get_logger(__name__)

# Sixteen tries over more than ten minutes; one of them may sleep out a long Retry-After.
PERSISTENT = Retry(attempts=16, pause=1.0, seconds=420.0, longest=60.0)
_UPLOAD = Retry(attempts=3, pause=1.0, seconds=90.0)
# Slack refuses signatures that are five minutes old, so clocks cannot be further apart.
_CLOCKS_APART = 600.0
_WHISPERED = "whispered"
_FILED = "filed"


@dataclass(frozen=True, slots=True)
class Poster:
    """`now` gives aware UTC times. A message in doubt is looked for `doubt_after` seconds after it
    was announced."""

    outgoing: Outgoing
    gestures: Gestures
    ledger: PostLedger
    style: Style
    now: Callable[[], datetime]
    doubt_after: float = 12.0
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep

    async def work(self, post: Post, steps: DurableSteps) -> Sent:
        """Does a job of kind "post". Raises `SlackRefused` where it can never be done."""
        sent = await steps.run("post", lambda: self.put(post), PERSISTENT)
        if sent.refusal and not (post.may_be_refused and sent.refusal in NOT_A_MEMBER):
            raise SlackRefused(sent.refusal)
        report = post.content
        if isinstance(report, LogReport) and report.lines and _is_first_answer(post):
            name, content = excerpt_file(report.target, report.lines, report.lines_read)
            await steps.run("attach", lambda: self.attach(post.key, post.place, name, content))
        return sent

    async def put(self, post: Post) -> Sent:
        """Has `post` stand in Slack, unless a newer revision does.

        Raises what may go through later, having slept for as long as Slack asked.
        """
        try:
            return await (self._whispered(post) if post.whispers else self._posted(post))
        except (SlackClientError, *UNSURE) as error:
            word = word_for(error)
            if is_passing(error):
                log.warning("slack.post_failed", error=word)
                await self.sleep(wait_asked_for(error))
                raise
            log.error("slack.post_refused", error=word, channel=post.place.channel)
            return Sent(refusal=word)

    async def _posted(self, post: Post) -> Sent:
        while True:
            async with self.ledger.page(post.key, post.thread) as page:
                wait = self._still_in_doubt(page.posted)
                if wait <= 0:
                    return await self._settle(page, post)
            # Not with the page open: it ties up a connection to the database.
            await self.sleep(wait)

    def _still_in_doubt(self, known: Posted | None) -> float:
        """Seconds until it makes sense to look for a message of unknown outcome."""
        if known is None or known.ts is not None:
            return 0.0
        return self.doubt_after - known.age

    async def _settle(self, page: PostEntry, post: Post) -> Sent:
        place, message = post.place, self.style.draw(post)
        known = await self._known(page, post)
        if known is not None:
            if known.revision >= post.revision:
                return Sent(known.ts)
            if await self.outgoing.update(place.channel, known.ts, message, post.mark):
                await page.record(known.ts, post.revision)
                return Sent(known.ts)
            return await self._replaced(page, post, known.ts)
        await page.announce()
        ts = await self.outgoing.post(place.channel, message, thread=place.thread, mark=post.mark)
        await page.record(ts, post.revision)
        return Sent(ts, is_new=True)

    async def _replaced(self, page: PostEntry, post: Post, gone: str) -> Sent:
        """Posts in place of a message that was deleted or is closed to edits. Its mark is another,
        or the old message might be found for it."""
        sent = await self._posted(replace(post, key=f"{post.key}:instead of {gone}"))
        if sent.ts is not None:
            await page.record(sent.ts, post.revision)
        return sent

    async def _known(self, page: PostEntry, post: Post) -> Standing | None:
        """Where the message stands and in which revision; None where it has to be posted."""
        posted = page.posted
        if posted is None:
            return None
        if posted.ts is not None:
            return Standing(posted.ts, posted.revision)
        found = await self._find(post, posted.age)
        log.info("slack.post_looked_up", found=found is not None)
        if found is not None:
            await page.record(found.ts, found.revision)
        return found

    async def _find(self, post: Post, age: float) -> Standing | None:
        place, since = post.place, self.now().timestamp() - age - _CLOCKS_APART
        try:
            me = await self.gestures.identity()
            return await self.outgoing.find(
                place.channel, place.thread, post.key, since=since, me=me
            )
        except (SlackClientError, *UNSURE) as error:
            if is_passing(error):
                raise
            # A rare second answer is better than none.
            log.warning("slack.post_not_looked_up", error=word_for(error))
            return None

    async def _whispered(self, post: Post) -> Sent:
        key = f"{post.key}:{post.revision}"
        for attempt in (key, f"{key}:again"):
            async with self.ledger.page(attempt, post.thread) as page:
                known = page.posted
                if known is None:
                    await page.announce()
                    message = self.style.draw(post)
                    await self.outgoing.whisper(post.place, message, replace=post.replaces)
                    await page.record(_WHISPERED, post.revision)
                    return Sent()
                if known.ts is not None:
                    return Sent()
        log.warning("slack.whisper_in_doubt")
        return Sent()

    async def amend(self, post: Post) -> None:
        """Changes a sign of work, where nothing else stands in its place yet. Raises like
        `Outgoing.update`."""
        async with self.ledger.page(post.key, post.thread) as page:
            known = page.posted
            if known is not None and known.ts is not None and known.revision == WORKING:
                message = self.style.draw(post)
                await self.outgoing.update(post.place.channel, known.ts, message, post.mark)

    async def withdraw(self, key: str, place: Place) -> None:
        """Takes a sign of work away, where nothing was said after all."""
        async with self.ledger.page(key) as page:
            known = page.posted
            if known is not None and known.ts is not None and known.revision == WORKING:
                await self.gestures.delete(place.channel, known.ts)

    async def attach(self, key: str, place: Place, name: str, content: str) -> bool:
        """Sends a file into the thread, at most once; False where it did not or may not have
        arrived."""
        async with self.ledger.page(f"file:{key}") as page:
            if page.posted is not None:
                return page.posted.ts is not None
            await page.announce()
            arrived = await self.gestures.upload(place, name, content)
            if arrived:
                await page.record(_FILED, ANSWER)
            return arrived


def _is_first_answer(post: Post) -> bool:
    return post.revision == ANSWER and not post.whispers
