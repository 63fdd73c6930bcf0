"""Takes in what people wrote, changed and deleted in the threads of escalations while nobody
listened.

Slack delivers nothing to a process that is not there. What arrived after all, or was taken in by
another process, has the same key and is taken in once. A message that was taken in and is not in
its thread any more was deleted.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import structlog

from bot.domain.questions import ThreadKey
from bot.services.escalation_ports import BridgedThread
from bot.services.ports import Intake
from bot.services.talk import MessageKey
from bot.slack.arrivals import Asked, Identity
from bot.slack.gestures import PAGE, Gestures
from bot.slack.jobs import delivery_of, job_of
from bot.slack.parse import Parser
from bot.slack.posts import NEVER, order_of
from bot.slack.talk.arrivals import Deleted, Edited
from bot.slack.workspaces import in_workspace

log = structlog.get_logger(__name__)

_PAGES = 20
_READ_SECONDS = 30.0
_LONGEST = timedelta(days=1)
_OVERLAP = timedelta(minutes=2)  # what is under way while we look arrives by itself
_WHOLE = timedelta(hours=1)  # between looks at all of a thread: who deletes leaves no trace of when
# What messages are taken in under; the keys of presses and forms go on otherwise.
_SAID = re.compile(r"(\d+\.\d+)(?::remark|:edit:.+|:edited:.+)?")
_TOMBSTONE = "tombstone"  # stands for the head of a thread whose replies are left

Threads = Callable[[datetime], Awaitable[Sequence[BridgedThread]]]
"""Those of all escalations that are not over, or were not until then. Raises `StoreError`."""

Heard = Callable[[ThreadKey], Awaitable[Sequence[str]]]
"""Keys of the work that was taken on in a thread. Raises `StoreError`."""


@dataclass(slots=True)
class Missed:
    """`now` gives aware UTC times."""

    threads: Threads
    parser: Parser
    intake: Intake
    keeps_out: Callable[[ThreadKey], Awaitable[bool]]
    gestures: Gestures
    now: Callable[[], datetime]
    heard: Heard
    _looked_at: datetime | None = field(default=None, init=False)
    _read_whole_at: datetime | None = field(default=None, init=False)
    _begun: datetime | None = field(default=None, init=False)
    _done: set[tuple[str, str, str]] = field(default_factory=set, init=False)

    async def catch_up(self, is_installed: Callable[[str], Awaitable[bool]]) -> None:
        """Looks through the threads since it last did, in each workspace where the app
        `is_installed`. Raises `BotError`, to be called again: where Slack wants to be left alone it
        then goes on with the threads that are left."""
        begun = self._begun = self._begun or self.now()
        last, whole_at = self._looked_at, self._read_whole_at
        since = begun - _LONGEST if last is None else last - _OVERLAP
        is_whole = whole_at is None or begun - whole_at >= _WHOLE
        taken = 0
        for thread in await self.threads(begun - _LONGEST):
            place = (thread.workspace, thread.channel, thread.ts)
            if place in self._done or not await is_installed(thread.workspace):
                continue
            with in_workspace(thread.workspace):
                taken += await self._look(thread, max(since, thread.since), is_whole)
            self._done.add(place)
        self._looked_at, self._begun = begun, None
        self._read_whole_at = begun if is_whole else whole_at
        self._done.clear()
        if taken:
            log.info("escalation.caught_up", messages=taken)

    async def _look(self, thread: BridgedThread, since: datetime, is_whole: bool) -> int:
        me = await self.gestures.identity()
        if await self.keeps_out(ThreadKey(me.team_id, thread.channel, thread.ts)):
            return 0
        return await self._take(thread, since, me, is_whole)

    async def _take(
        self, thread: BridgedThread, since: datetime, me: Identity, is_whole: bool
    ) -> int:
        # What was edited or deleted may be older.
        oldest = "" if is_whole else f"{since.timestamp():.6f}"
        found = await self.gestures.replies(
            thread.channel, thread.ts, _PAGES, _READ_SECONDS, oldest=oldest
        )
        arrivals: list[Asked | Edited | Deleted] = []
        for message in found:
            arrivals += self._arrivals(message, thread, since, me)
        if is_whole:
            arrivals += await self._deleted(found, thread, me)
        count = 0
        for arrival in arrivals:
            delivery = delivery_of(arrival, "", self.parser.origin)
            count += await self.intake.take(job_of(arrival), delivery)
        return count

    async def _deleted(
        self, found: Sequence[Mapping[str, Any]], thread: BridgedThread, me: Identity
    ) -> list[Deleted]:
        """What was heard and is not among what was `found` in the whole thread. A thread without
        its head was not read; what is new may not be shown yet."""
        there = {str(one.get("ts") or ""): one for one in found}
        if thread.ts not in there:
            return []
        shown = {ts for ts, one in there.items() if one.get("subtype") != _TOMBSTONE}
        shown_by = (self._begun or self.now()) - _OVERLAP
        newest = order_of(f"{shown_by.timestamp():.6f}")
        if len(found) >= _PAGES * PAGE:
            newest = max(map(order_of, there))
        key = ThreadKey(me.team_id, thread.channel, thread.ts)
        begin = f"{me.team_id}:{thread.channel}:"
        keys = [one for one in await self.heard(key) if one.startswith(begin)]
        read = [_SAID.fullmatch(one.removeprefix(begin)) for one in keys]
        heard = {one[1] for one in read if one is not None}
        gone = sorted(ts for ts in heard - shown if NEVER < order_of(ts) < newest)
        message = MessageKey(me.team_id, thread.channel, thread.ts)
        return [Deleted(replace(message, ts=ts), key, is_ours_to_know=True) for ts in gone]

    def _arrivals(
        self, message: Mapping[str, Any], thread: BridgedThread, since: datetime, me: Identity
    ) -> Iterator[Asked | Edited]:
        ts = str(message.get("ts") or "")
        if ts == thread.ts:
            return
        event = {**message, "type": "message", "channel": thread.channel}
        read = self.parser.parse({"type": "event_callback", "event": event}, me)
        if not isinstance(read, Asked):
            return
        moment = order_of(f"{since.timestamp():.6f}")
        if order_of(ts) > moment and not thread.is_over:
            yield read
        if read.wording and order_of(read.wording) > moment:
            yield Edited(replace(read, is_edited=True))  # it may have been heard in other words
