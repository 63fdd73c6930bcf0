"""Files of an answer: each is sent at most once, and taken away with it."""

from __future__ import annotations

from bot.services.ports import Posted, PostLedger
from bot.slack.arrivals import Place
from bot.slack.gestures import Gestures
from bot.slack.posts import ANSWER
from bot.slack.refusals import Tried
from bot.slack.uploads import Upload

FILE = "file:"
"""What begins the pages of files in the ledger."""

DELETED = "deleted"
"""Stands in place of a ts, or of the id of a file, on the page of what is gone for good."""

_FILED = "filed"  # where Slack did not say under which id


async def attach(
    ledger: PostLedger, gestures: Gestures, key: str, place: Place, file: Upload
) -> bool:
    """Sends a file into the thread; False where it did not or may not have arrived."""
    async with ledger.page(f"{FILE}{key}") as page:
        if page.posted is not None:
            return page.posted.ts not in (None, DELETED)
        await page.announce()
        file_id = await gestures.upload(place, file)
        if file_id is not None:
            await page.record(file_id or _FILED, ANSWER)
        return file_id is not None


async def taken_away(gestures: Gestures, place: Place, known: Posted | None) -> Tried:
    """What came of taking it away; one that never arrived, or has no id, is gone."""
    file_id = known.ts if known is not None else None
    if file_id is None or file_id in (DELETED, _FILED):
        return Tried.DONE
    return await gestures.delete_file(place.channel, file_id)
