"""Where a message of ours stands: by the ledger, else by a look into Slack."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import structlog
from slack_sdk.errors import SlackClientError

from bot.services.ports import Posted, PostEntry
from bot.slack.arrivals import Place
from bot.slack.gestures import Gestures
from bot.slack.outgoing import Outgoing
from bot.slack.posts import Standing
from bot.slack.refusals import UNSURE, is_passing, word_for

log = structlog.get_logger(__name__)

# Slack refuses signatures that are five minutes old, so clocks cannot be further apart.
_CLOCKS_APART = 600.0


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """`now` gives aware UTC times; the others are those of `Poster`."""

    outgoing: Outgoing
    gestures: Gestures
    now: Callable[[], datetime]
    call_timeout: float
    read_lag: float

    def doubt(self, known: Posted | None) -> float:
        """Seconds until it makes sense to look for a message of unknown outcome."""
        if known is None or known.ts is not None:
            return 0.0
        # The call of a process that died goes on in Slack for as long as a call may take.
        going_on = 0.0 if known.is_given_up else self.call_timeout
        return going_on + self.read_lag - known.age

    def lateness(self, known: Posted | None, revision: int) -> float:
        """Seconds until no earlier words can take the place of `revision` any more."""
        if known is None or known.late is None or known.late >= revision:
            return 0.0
        return self.call_timeout - known.late_age

    async def known(self, page: PostEntry, key: str, place: Place) -> Standing | None:
        """Where the message stands and in which revision; None where it has to be posted."""
        posted = page.posted
        if posted is None:
            return None
        if posted.ts is not None:
            return Standing(posted.ts, posted.revision)
        found = await self._find(key, place, posted.age)
        log.info("slack.post_looked_up", found=found is not None)
        if found is not None:
            await page.record(found.ts, found.revision)
        return found

    async def _find(self, key: str, place: Place, age: float) -> Standing | None:
        since = self.now().timestamp() - age - _CLOCKS_APART
        try:
            me = await self.gestures.identity()
            return await self.outgoing.find(
                place.channel,
                place.thread,
                key,
                since=since,
                me=me,
                unmarked_after=place.grows_after,
            )
        except (SlackClientError, *UNSURE) as error:
            if is_passing(error):
                raise
            # A rare second answer is better than none.
            log.warning("slack.post_not_looked_up", error=word_for(error))
            return None
