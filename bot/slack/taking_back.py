"""Takes messages of ours away again, also those that are still on their way."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from bot.services.ports import PostLedger
from bot.slack.arrivals import Place
from bot.slack.attaching import DELETED, FILE, taken_away
from bot.slack.gestures import Gestures
from bot.slack.posts import EDITION, LAST, WITHDRAWN, WORKING, Standing
from bot.slack.refusals import SlackUnavailable, Tried
from bot.slack.streaming import Streams
from bot.slack.whereabouts import Whereabouts


@dataclass(frozen=True, slots=True)
class TakingBack:
    """What it works with are those of `Poster`."""

    gestures: Gestures
    ledger: PostLedger
    whereabouts: Whereabouts
    sleep: Callable[[float], Awaitable[None]]
    streams: Streams | None

    async def withdraw(self, key: str, place: Place) -> None:
        """Takes a sign of work away, where nothing was said after all: also one that is still in
        its channel's line, and one of unknown outcome. Raises what Slack or the ledger does."""
        while (wait := await self._withdrawn(key, place)) > 0:
            await self.sleep(wait)

    async def _withdrawn(self, key: str, place: Place) -> float:
        """Seconds until it makes sense to try again, 0 where it is done."""
        async with self.ledger.page(key) as page:
            wait = self.whereabouts.doubt(page.posted)
            if wait > 0:
                return wait
            known = await self.whereabouts.known(page, key, place)
            if known is None:
                await page.record(WITHDRAWN, WORKING)
            elif known.revision % EDITION == WORKING and known.ts != WITHDRAWN:
                await self._taken_away(place, known)
        return 0.0

    async def delete(self, key: str, place: Place) -> None:
        """Takes a message away for good, or a file: nothing is said on its page from now on, also
        where nothing was yet. Raises what Slack or the ledger does."""
        while (wait := await self._deleted(key, place)) > 0:
            await self.sleep(wait)

    async def _deleted(self, key: str, place: Place) -> float:
        async with self.ledger.page(key) as page:
            is_file = key.startswith(FILE)
            wait = 0.0 if is_file else self.whereabouts.doubt(page.posted)
            if wait > 0:
                return wait
            gone = Tried.DONE
            if is_file:
                gone = await taken_away(self.gestures, place, page.posted)
            else:
                known = await self.whereabouts.known(page, key, place)
                if known is not None and known.ts not in (WITHDRAWN, DELETED):
                    gone = await self._taken_away(place, known)
            if gone in (Tried.FAILED, Tried.UNSURE):
                raise SlackUnavailable(f"not deleted: {key}")
            await page.record(DELETED, LAST)
        return 0.0

    async def _taken_away(self, place: Place, known: Standing) -> Tried:
        tried = await self.gestures.delete(place.channel, known.ts)
        if tried is Tried.REFUSED and self.streams is not None:
            # It may be growing still.
            await self.streams.close(place.channel, known.ts)
            return await self.gestures.delete(place.channel, known.ts)
        return tried
