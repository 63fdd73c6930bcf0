"""Finding work: all of a kind, or the one that somebody means by a key or a reference."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from bot.domain.errors import BadRequest
from bot.domain.work import Queue, WorkStatus

if TYPE_CHECKING:
    from bot.workflows.admin import WorkAdmin
    from bot.workflows.views import Work

PAGE = 500
_LOOKED_THROUGH = 20_000  # pieces of work, for a reference: more than a busy day's
_REFERENCE = re.compile(r"[2-9A-HJ-NP-Z]{6}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which work is meant; nothing said is nothing ruled out."""

    status: WorkStatus | None = None
    queue: Queue | None = None
    since: datetime | None = None


async def every(admin: WorkAdmin, wanted: Wanted) -> AsyncIterator[Work]:
    """Newest first, page by page: work that comes in meanwhile may push some onto the next."""
    offset, seen = 0, set[str]()
    while True:
        found = await admin.list(wanted.status, wanted.queue, wanted.since, PAGE, offset)
        for each in found:
            if each.key not in seen:
                seen.add(each.key)
                yield each
        if len(found) < PAGE:
            return
        offset += PAGE


async def key_of(admin: WorkAdmin, word: str) -> str:
    """`word` itself, or the key of the work that users know by this reference.

    Raises `BadRequest` where no work has it, or several have.
    """
    if not _REFERENCE.fullmatch(word):
        return word
    named, looked_through = [], 0
    async for each in every(admin, Wanted()):
        looked_through += 1
        # Parts of it, its messages say, go by the same reference.
        if each.reference == word.upper() and not each.part_of:
            named.append(each.key)
        if looked_through == _LOOKED_THROUGH:
            break
    if not named:
        raise BadRequest(unknown(word))
    if len(named) > 1:
        raise BadRequest(f"{word} stands for several. Give the key of one: {', '.join(named)}")
    return named[0]


def unknown(word: str) -> str:
    return f"There is no work {word}. See airflow-bot work list."
