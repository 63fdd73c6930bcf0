"""Runbooks grow: what fails again and again without one is drafted, offered, decided about."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol

import structlog

from bot.answering.git_patch import git_patch
from bot.answering.runbook_draft import made_of, renamed, with_verdict
from bot.domain.answers import Diagnosis
from bot.domain.audit import AuditEntry, Outcome
from bot.domain.conversations import Turn
from bot.domain.errors import BadRequest
from bot.domain.escalations import Escalation, Truth
from bot.domain.references import reference_of
from bot.domain.runbook_drafts import (
    DraftOrigin,
    DraftSource,
    DraftState,
    Growth,
    RunbookDraft,
    draft_id,
)
from bot.domain.runbooks import KnownFailure
from bot.domain.verdicts import VerdictKind
from bot.domain.work import Retry
from bot.knowledge.runbook_file import is_cause
from bot.learning.unmatched import Unmatched, unmatched
from bot.services.incident_ports import Incidents
from bot.services.ports import ConversationStore, Steps
from bot.services.runbook_draft_ports import RunbookDrafts
from bot.services.runbook_drafts import Drafted, checked_draft, drafted_sightings, faults_of
from bot.words import mark, say

log = structlog.get_logger(__name__)

RUNBOOK = "runbook"
"""The word of the audit for decisions about drafts."""

PATCH = "patch"
"""Stands for the place of an approved runbook that goes into force by its patch."""

_LOOK = Retry(attempts=3, pause=2.0, seconds=180.0)
_LATELY = timedelta(days=30)
_FAILURES = 5_000
_DRAFTED = 5  # in one look: each takes seconds
_LOOKED_AT = 6  # turns of one failure
_GONE = mark("There is no such draft any more.")
_DECIDED = mark("Somebody has decided about this draft already.")
_REPLACED = mark("There is a newer text of this draft; decide about that one.")
_NO_SIDE = mark("Say whose side it is on: capacity, platform, code, dependency or operator.")
_NO_CAUSE = mark("A cause is called with lower-case letters, digits and underscores.")
_ERASED = mark("What this draft rested on was deleted, and its text with it.")


class RunbookShelf(Protocol):
    """Where approved runbooks go."""

    @property
    def is_there(self) -> bool: ...

    def put(self, name: str, text: str) -> str:
        """Writes a new file and says where it is. Raises `BadRequest` where there is one of that
        name with other words, or it cannot be written."""
        ...

    def holds(self, name: str, text: str) -> bool:
        """Whether that very file is there already."""
        ...

    def take_back(self, name: str, text: str) -> None:
        """Deletes that very file; one with other words stays. Raises `BadRequest` where it cannot
        be deleted."""
        ...


@dataclass(frozen=True, slots=True)
class Chosen:
    """What somebody decided: whose side it is on, and the cause by which it goes from now on where
    that is to be another one."""

    verdict: VerdictKind | None = None
    cause: str = ""


@dataclass(frozen=True, slots=True)
class Person:
    """Who decides, and where; empty texts at the terminal."""

    user_id: str = ""
    workspace: str = ""
    channel: str = ""
    rule: str = ""


@dataclass(frozen=True, slots=True)
class RunbookGrowth:
    """`offers`: there is a channel to offer drafts in. `path` is the folder of runbooks in the
    repository that patches are for. `now` gives aware UTC times."""

    drafts: RunbookDrafts
    incidents: Incidents
    turns: ConversationStore
    known: Callable[[], Sequence[KnownFailure]]
    now: Callable[[], datetime]
    shelf: RunbookShelf
    offers: bool = False
    path: str = "runbooks"

    async def grow(self, body: Growth, steps: Steps) -> None:
        """The handler of jobs of kind `GROW`; done again it changes nothing."""
        await steps.run("grow", partial(self._grow, body), _LOOK)

    async def resolved(
        self, escalation: Escalation, truth: Truth, diagnosis: Diagnosis | None, workspace: str
    ) -> RunbookDraft:
        """Drafts what a human found out; as it is kept now, which may be what somebody has decided
        about before. Raises `StoreError`."""
        known = await asyncio.to_thread(self.known)
        made = await asyncio.to_thread(checked_draft, escalation, truth, diagnosis, known)
        turn_id = escalation.subject.turn_id
        sources = (
            DraftSource(workspace, truth.by),
            *((DraftSource(workspace, turn_id=turn_id),) if turn_id else ()),
        )
        draft = self._draft(escalation.key, DraftOrigin.RESOLVED, made, 1, sources)
        return await self.drafts.put(draft, offers=False)

    async def approve(
        self, key: str, draft_id: str, chosen: Chosen, by: Person, version: int | None = None
    ) -> RunbookDraft:
        """Puts it on the shelf, where there is one: else its patch is what comes of it. Once,
        whoever else tries. `version` is of the text that they saw, None where they decide about
        whatever it says now. Raises `BadRequest` with the reason where it cannot be, and
        `StoreError`."""
        draft = await self._open(draft_id, version)
        known = await asyncio.to_thread(self.known)
        ready = shaped_as(draft, chosen)
        # One that is there was put there by somebody who died before they could say so.
        was_there = await asyncio.to_thread(self.shelf.holds, ready.file, ready.text)
        if not was_there:
            await asyncio.to_thread(require_ready, ready, chosen, known)
        where = PATCH
        if self.shelf.is_there:
            where = await asyncio.to_thread(self.shelf.put, ready.file, ready.text)
        decided = self._decided(ready, DraftState.APPROVED, by, where)
        if not await self.drafts.decide(decided, self._entry(key, decided, by)):
            if self.shelf.is_there and not was_there:
                await self._take_back(ready)
            raise BadRequest(say(_DECIDED))
        return decided

    async def reject(
        self, key: str, draft_id: str, by: Person, version: int | None = None
    ) -> RunbookDraft:
        """It is not drafted again. Raises like `approve`."""
        draft = await self._open(draft_id, version)
        decided = self._decided(draft, DraftState.REJECTED, by, "")
        if not await self.drafts.decide(decided, self._entry(key, decided, by)):
            raise BadRequest(say(_DECIDED))
        return decided

    async def patch(self, draft_id: str, chosen: Chosen = Chosen()) -> tuple[str, str]:
        """The name of the patch and its text, for whoever finishes it by hand. Raises
        `BadRequest` and `StoreError`."""
        draft = await self._known(draft_id)
        shaped = shaped_as(draft, chosen)
        subject = f"Add a runbook: {draft.title}"
        why = made_of(draft)
        text = git_patch(f"{self.path}/{shaped.file}", shaped.text, subject, why, draft.made_at)
        return f"{shaped.cause}.patch", text

    async def _grow(self, body: Growth) -> int:
        """How many were drafted."""
        failures = await self.incidents.since(self.now() - _LATELY, _FAILURES)
        made = 0
        for one in unmatched(failures):
            if made == _DRAFTED:
                break
            if await self.drafts.counted(one.fingerprint, one.runs):
                continue
            made += await self._seen(one)
        if made:
            log.info("runbooks.drafted", drafts=made)
        return made

    async def _seen(self, one: Unmatched) -> int:
        turns = [await self.turns.turn(turn_id) for turn_id in one.turn_ids[:_LOOKED_AT]]
        found = [turn for turn in turns if turn is not None and is_unknown(turn)]
        known = await asyncio.to_thread(self.known)
        name = f"seen_{draft_id(one.fingerprint).lower()}"
        diagnoses = [each.reply for each in found if isinstance(each.reply, Diagnosis)]
        sketch = partial(drafted_sightings, name, diagnoses, one.runs, one.dags, self.now(), known)
        made = await asyncio.to_thread(sketch)
        if made is None:
            return 0
        sources = tuple(
            DraftSource(turn.question.thread.workspace, turn.question.asker.user_id, turn.id)
            for turn in found
        )
        draft = self._draft(one.fingerprint, DraftOrigin.SEEN, made, one.runs, sources)
        await self.drafts.put(draft, offers=self.offers)
        return 1

    def _draft(
        self,
        fingerprint: str,
        origin: DraftOrigin,
        made: Drafted,
        count: int,
        sources: tuple[DraftSource, ...],
    ) -> RunbookDraft:
        return RunbookDraft(
            id=draft_id(fingerprint),
            fingerprint=fingerprint,
            origin=origin,
            state=DraftState.PROPOSED,
            title=made.title,
            file=made.name,
            text=made.text,
            count=count,
            made_at=self.now(),
            faults=made.faults,
            sources=sources,
        )

    async def _known(self, draft_id: str) -> RunbookDraft:
        draft = await self.drafts.get(draft_id)
        if draft is None:
            raise BadRequest(say(_GONE))
        if not draft.text:
            raise BadRequest(say(_ERASED))
        return draft

    async def _open(self, draft_id: str, version: int | None) -> RunbookDraft:
        draft = await self._known(draft_id)
        if draft.state is not DraftState.PROPOSED:
            raise BadRequest(say(_DECIDED))
        if version not in (None, draft.version):
            raise BadRequest(say(_REPLACED))
        return draft

    async def _take_back(self, ready: RunbookDraft) -> None:
        """The file of an approval that did not stand, unless another one did that put the same."""
        stands = await self.drafts.get(ready.id)
        if stands is None or (stands.state, stands.file) != (DraftState.APPROVED, ready.file):
            await asyncio.to_thread(self.shelf.take_back, ready.file, ready.text)

    def _decided(
        self, draft: RunbookDraft, state: DraftState, by: Person, note: str
    ) -> RunbookDraft:
        return replace(draft, state=state, decided_by=by.user_id, decided_at=self.now(), note=note)

    def _entry(self, key: str, draft: RunbookDraft, by: Person) -> AuditEntry:
        return AuditEntry(
            key=f"{key}:{RUNBOOK}",
            at=self.now(),
            user_id=by.user_id,
            workspace=by.workspace,
            channel=by.channel,
            action=RUNBOOK,
            outcome=Outcome.ALLOWED,
            rule=by.rule,
            reference=reference_of(key),
            detail=f"{draft.state.value} {draft.id} {draft.file}",
        )


def shaped_as(draft: RunbookDraft, chosen: Chosen) -> RunbookDraft:
    """With what was chosen written into it. Raises `BadRequest` for a cause that is no name."""
    text, file = draft.text, draft.file
    if chosen.verdict is not None:
        text = with_verdict(text, chosen.verdict)
    if chosen.cause:
        if not is_cause(chosen.cause):
            raise BadRequest(say(_NO_CAUSE))
        text, file = renamed(text, chosen.cause), f"{chosen.cause}.md"
    return replace(draft, text=text, file=file)


def require_ready(draft: RunbookDraft, chosen: Chosen, known: Sequence[KnownFailure]) -> None:
    """Raises `BadRequest` where it would not keep its word beside the runbooks in force, or nobody
    has said whose side it is on."""
    if chosen.verdict in (None, VerdictKind.UNKNOWN):
        raise BadRequest(say(_NO_SIDE))
    faults = faults_of(draft.text, draft.file, known)
    if faults:
        raise BadRequest(
            say(
                "It does not keep its word yet: {faults}. Take the patch and finish it by hand.",
                faults="; ".join(faults[:3]),
            )
        )


def is_unknown(turn: Turn) -> bool:
    reply = turn.reply
    return isinstance(reply, Diagnosis) and reply.verdict.kind is VerdictKind.UNKNOWN
