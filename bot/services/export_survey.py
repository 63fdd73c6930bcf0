"""The first half of an export: which turns may leave, and the snapshot that names them."""

from __future__ import annotations

import asyncio
import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec

from bot.domain.consents import refusal
from bot.domain.datasets import Example, Left, Snapshot
from bot.domain.errors import ExportError, ExportRefused
from bot.domain.questions import Origin
from bot.services.consent_ports import Consents
from bot.services.export_ports import (
    Cursor,
    Desk,
    Plan,
    Progress,
    Request,
    SnapshotEntry,
    Snapshots,
    StoredTurn,
    Surveyed,
    TurnPages,
)
from bot.services.lessons import Grounds, digest_of, lesson_of

PAGE = 100
_PORTION = 1_000
_SURVEY, _SNAPSHOT = "survey", "snapshot"
_ID_LENGTH = 16
_AGAIN = "Take a new one: the same command without --snapshot."
_SETTLED = "Where people go on rating meanwhile, --until leaves out what is not settled yet."


class Survey(msgspec.Struct):
    """How far it is. `left` counts turns that stay, `refused` names workspace and origin of those
    that no consent covers; `consents` and `workspaces` are of those that leave."""

    number: int = 0
    after: tuple[datetime, str] | None = None
    is_over: bool = False
    left: dict[str, int] = {}
    refused: set[tuple[str, str]] = set()
    consents: set[str] = set()
    workspaces: set[str] = set()

    def reasons(self) -> list[str]:
        """Why turns stay that a consent would cover."""
        return [refusal(workspace, Origin(origin)) for workspace, origin in sorted(self.refused)]


@dataclass(frozen=True, slots=True)
class Surveyor:
    """Goes through the turns and notes in the plan what they would be as examples.

    What a row may leave on is looked at again whenever it is read: at `clock`'s moment, by the
    consents of then.
    """

    pages: TurnPages
    snapshots: Snapshots
    consents: Consents
    clock: Callable[[], datetime]

    async def grounds(self, snapshot: Snapshot | None = None) -> Grounds:
        used = snapshot.consents if snapshot else ()
        return Grounds(await self.consents.all(), self.clock(), used)

    async def snapshot(self, desk: Desk, wanted: Request, progress: Progress) -> Snapshot:
        """The one that is named, or a new one of all that may leave now; its rows are in the plan
        then. Raises `ExportRefused` where it is void."""
        plan = desk.plan
        if wanted.snapshot:
            snapshot = await self.require(wanted.snapshot)
            await self._of_snapshot(plan, snapshot, progress)
        elif _SNAPSHOT in plan.notes():
            snapshot = await self.require(plan.notes()[_SNAPSHOT])
        else:
            survey = await self._of_all(plan, wanted.until, progress)
            snapshot = await self._kept(plan, survey)
        plan.note(**{_SNAPSHOT: snapshot.id})
        return snapshot

    async def taken(self, plan: Plan) -> Snapshot:
        """The one of an export that is whole. Raises `ExportRefused` where it is void by now."""
        return await self.verify(plan.notes()[_SNAPSHOT])

    async def require(self, snapshot_id: str) -> Snapshot:
        """Raises `ExportError` for an unknown one, `ExportRefused` for one that is void."""
        snapshot = await self.found(snapshot_id)
        if not snapshot.is_whole:
            raise ExportRefused(void(snapshot))
        return snapshot

    async def found(self, snapshot_id: str) -> Snapshot:
        """Raises `ExportError` for an unknown one."""
        snapshot = await self.snapshots.find(snapshot_id)
        if snapshot is None:
            raise ExportError(
                f"There is no snapshot {snapshot_id}: airflow-bot snapshots list shows which are."
            )
        return snapshot

    async def verify(self, snapshot_id: str, progress: Progress | None = None) -> Snapshot:
        """Raises `ExportError` unless all of it is there, as it was, and may leave."""
        snapshot = await self.require(snapshot_id)
        if progress is not None:
            progress.stage("Looking through the snapshot once more", snapshot.rows)
        for begin in range(0, snapshot.rows, PAGE):
            found = await self._rows(snapshot, begin)
            if progress is not None:
                progress.advance(len(found))
        return await self.require(snapshot_id)

    async def _of_all(self, plan: Plan, until: datetime | None, progress: Progress) -> Survey:
        survey = survey_of(plan)
        progress.stage("Reading conversations", await self.pages.count(), survey.number)
        while not survey.is_over:
            after = Cursor(*survey.after) if survey.after else None
            page = await self.pages.page(after, PAGE)
            survey.is_over = len(page) < PAGE
            if until is not None and page and page[-1].at.answered_at >= until:
                page = [one for one in page if one.at.answered_at < until]
                survey.is_over = True
            grounds = await self.grounds()
            await asyncio.to_thread(_note_page, plan, survey, page, grounds)
            progress.advance(len(page))
        return survey

    async def _of_snapshot(self, plan: Plan, snapshot: Snapshot, progress: Progress) -> None:
        survey = survey_of(plan)
        progress.stage("Reading the snapshot", snapshot.rows, survey.number)
        while survey.number < snapshot.rows:
            rows = await self._rows(snapshot, survey.number)
            survey.number += len(rows)
            survey.workspaces |= {row.example.provenance.workspace for row in rows}
            await asyncio.to_thread(_add, plan, survey, rows)
            progress.advance(len(rows))

    async def _rows(self, snapshot: Snapshot, begin: int) -> list[Surveyed]:
        """A page of them. Raises `ExportRefused` where one is gone, or another one by now."""
        numbers = range(begin, min(begin + PAGE, snapshot.rows))
        rows = await self.pages.of_snapshot(snapshot.id, numbers)
        if len(rows) < len(numbers):
            raise ExportRefused(void(await self.found(snapshot.id)))
        grounds = await self.grounds(snapshot)
        return await asyncio.to_thread(
            lambda: [
                Surveyed(
                    row.number,
                    row.stored.at.turn_id,
                    row.digest,
                    as_before(row.stored, row.digest, grounds),
                )
                for row in rows
            ]
        )

    async def _kept(self, plan: Plan, survey: Survey) -> Snapshot:
        left = {Left[name]: count for name, count in sorted(survey.left.items())}
        if not survey.number:
            raise ExportRefused("\n".join(_nothing(survey, left)))
        consents = tuple(sorted(survey.consents))
        what = " ".join(("snapshot", *consents))
        snapshot = Snapshot(
            id=digest_over(plan.entries(_PORTION), what, left)[:_ID_LENGTH],
            created_at=self.clock(),
            rows=survey.number,
            present=survey.number,
            consents=consents,
            left=left,
        )
        await self.snapshots.add(snapshot, plan.entries(_PORTION))
        return await self.require(snapshot.id)


def survey_of(plan: Plan) -> Survey:
    return msgspec.json.decode(plan.notes().get(_SURVEY, "{}"), type=Survey)


def salt_of(plan: Plan) -> bytes:
    """For pseudonyms: of the same rows the same, and not to be told from what is exported."""
    return bytes.fromhex(digest_over(plan.entries(_PORTION), "pseudonyms", {}))


def digest_over(
    entries: Iterable[Sequence[SnapshotEntry]], what: str, left: dict[Left, int]
) -> str:
    digest = hashlib.sha256(what.encode())
    for reason, count in left.items():
        digest.update(f"\n{reason.name} {count}".encode())
    for some in entries:
        digest.update("".join(f"\n{one.turn_id} {one.digest}" for one in some).encode())
    return digest.hexdigest()


def as_before(stored: StoredTurn, digest: str, grounds: Grounds) -> Example:
    """The example that the snapshot was taken of. Raises `ExportRefused` where the turn makes
    another one by now, or may not leave any more."""
    lesson = lesson_of(stored, grounds)
    if isinstance(lesson, Left):
        raise ExportRefused(
            f"The snapshot is void: a conversation in it may not leave any more ({lesson.value}). "
            + _AGAIN
        )
    if digest_of(lesson) != digest:
        raise ExportRefused(
            "The snapshot is void: a conversation in it was rated, corrected or answered anew "
            f"since, or another version of the bot took it. {_AGAIN} {_SETTLED}"
        )
    return lesson


def void(snapshot: Snapshot) -> str:
    why = "; ".join(snapshot.faults) or "what it was made of was deleted since"
    return f"Snapshot {snapshot.id} is void: {why}. {_AGAIN} Delete what was exported of it, too."


def _note_page(plan: Plan, survey: Survey, page: Sequence[StoredTurn], grounds: Grounds) -> None:
    left, rows = Counter(survey.left), []
    for stored in page:
        lesson = lesson_of(stored, grounds)
        if isinstance(lesson, Left):
            left[lesson.name] += 1
            if lesson is Left.NO_CONSENT:
                survey.refused.add((stored.workspace, stored.origin))
            continue
        rows.append(Surveyed(survey.number, stored.at.turn_id, digest_of(lesson), lesson))
        survey.number += 1
        survey.consents.add(lesson.provenance.consent)
        survey.workspaces.add(lesson.provenance.workspace)
    survey.left = dict(left)
    if page:
        survey.after = (page[-1].at.answered_at, page[-1].at.turn_id)
    _add(plan, survey, rows)


def _add(plan: Plan, survey: Survey, rows: Sequence[Surveyed]) -> None:
    plan.add(rows, **{_SURVEY: msgspec.json.encode(survey).decode()})


def _nothing(survey: Survey, left: dict[Left, int]) -> list[str]:
    if not left:
        return ["There is nothing to export: no conversation is kept yet."]
    counted = "; ".join(f"{count} {reason.value}" for reason, count in left.items())
    return [f"There is nothing that may be exported: {counted}.", *survey.reasons()]
