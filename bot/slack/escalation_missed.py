"""Takes in what people wrote in the threads of escalations while nobody listened.

Slack delivers nothing to a process that is not there. What arrived after all, or was taken in by
another process, has the same key and is taken in once.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import structlog

from bot.domain.questions import ThreadKey
from bot.services.escalation_ports import BridgedThread
from bot.services.ports import Intake
from bot.slack.arrivals import Asked, Identity
from bot.slack.gestures import Gestures
from bot.slack.jobs import delivery_of, job_of
from bot.slack.parse import Parser
from bot.slack.posts import order_of
from bot.slack.talk.arrivals import Edited

log = structlog.get_logger(__name__)

_PAGES = 20
_READ_SECONDS = 30.0
_LONGEST = timedelta(days=1)
_OVERLAP = timedelta(minutes=2)  # what is under way while we look arrives by itself

Threads = Callable[[], Awaitable[Sequence[BridgedThread]]]
"""Those of all escalations that are not over. Raises `StoreError`."""


@dataclass(slots=True)
class Missed:
    """`now` gives aware UTC times."""

    threads: Threads
    parser: Parser
    intake: Intake
    keeps_out: Callable[[ThreadKey], Awaitable[bool]]
    gestures: Gestures
    now: Callable[[], datetime]
    _looked_at: datetime | None = field(default=None, init=False)
    _begun: datetime | None = field(default=None, init=False)
    _done: set[tuple[str, str]] = field(default_factory=set, init=False)

    async def catch_up(self) -> None:
        """Looks through the threads since it last did. Raises `BotError`, to be called again: where
        Slack wants to be left alone it then goes on with the threads that are left."""
        begun = self._begun = self._begun or self.now()
        last = self._looked_at
        since = begun - _LONGEST if last is None else last - _OVERLAP
        me = await self.gestures.identity()
        taken = 0
        for thread in await self.threads():
            if (thread.channel, thread.ts) in self._done:
                continue
            if await self.keeps_out(ThreadKey(me.team_id, thread.channel, thread.ts)):
                continue
            taken += await self._take(thread, max(since, thread.since), me)
            self._done.add((thread.channel, thread.ts))
        self._looked_at, self._begun = begun, None
        self._done.clear()
        if taken:
            log.info("escalation.caught_up", messages=taken)

    async def _take(self, thread: BridgedThread, since: datetime, me: Identity) -> int:
        # The first look reads the whole thread: what was edited may be older.
        oldest = f"{since.timestamp():.6f}" if self._looked_at else ""
        found = await self.gestures.replies(
            thread.channel, thread.ts, _PAGES, _READ_SECONDS, oldest=oldest
        )
        count = 0
        for message in found:
            for arrival in self._arrivals(message, thread, since, me):
                delivery = delivery_of(arrival, "", self.parser.origin)
                count += await self.intake.take(job_of(arrival), delivery)
        return count

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
        if order_of(ts) > moment:
            yield read
        if read.wording and order_of(read.wording) > moment:
            yield Edited(replace(read, is_edited=True))  # it may have been heard in other words
