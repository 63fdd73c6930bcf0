"""Drafts of runbooks, made of failures that no runbook knows, with what stands behind them in
memory."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from bot.diagnosis.judgements import JUDGEMENTS
from bot.diagnosis.vocabulary import VOCABULARY
from bot.domain.answers import Diagnosis
from bot.domain.audit import AuditEntry
from bot.domain.conversations import Turn
from bot.domain.incidents import FailureSeen
from bot.domain.questions import Intent
from bot.domain.runbook_drafts import (
    DraftOrigin,
    DraftSource,
    DraftState,
    RunbookDraft,
    draft_id,
)
from bot.domain.runbooks import KnownFailure
from bot.domain.verdicts import Quote, VerdictKind
from bot.knowledge.runbook_file import Words, read_runbook
from bot.services.runbook_drafts import drafted_sightings
from bot.shipped import shipped_runbooks
from tests.fakes.turns import question
from tests.slack.replies import UNKNOWN

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
FINGERPRINT = "*:unrecognised_error:0a1b2c3d4e5f"
LOCKED = "vendor_sdk.errors.WorkspaceLockedException: workspace {} is locked by job {}, retry later"

DRAFT = RunbookDraft(
    id=draft_id(FINGERPRINT),
    fingerprint=FINGERPRINT,
    origin=DraftOrigin.SEEN,
    state=DraftState.PROPOSED,
    title="A workspace is locked",
    file="seen_locked.md",
    text="---\ncause: seen_locked\n---\n",
    count=3,
    made_at=NOON,
    sources=(DraftSource("T1", "U1", "T1:C1:1.1"), DraftSource("T1", "U2", "T1:C1:2.2")),
)


def shipped(*causes: str) -> list[KnownFailure]:
    """Some of the runbooks that come with the bot: all of them take seconds to check against."""
    words = Words(VOCABULARY, JUDGEMENTS)
    texts = {
        f"{cause}.md": (shipped_runbooks() / f"{cause}.md").read_text("utf-8") for cause in causes
    }
    return [read_runbook(text, name, words) for name, text in texts.items()]


def unknown(number: int, words: str = LOCKED) -> Turn:
    """A turn about a failure that no runbook knows."""
    quote = Quote("L4", words.format(number, number * 37), "task log", line=4)
    verdict = replace(
        UNKNOWN.verdict, kind=VerdictKind.UNKNOWN, cause="unrecognised_error", quotes=(quote,)
    )
    reply: Diagnosis = replace(UNKNOWN, verdict=verdict)
    asked = question(f"17000000{number:02d}.000100", text="the asker's own words")
    return Turn(f"T1:C1:{number}", asked, Intent.DIAGNOSE, reply, None, NOON, 2.0)


def seen(number: int, run: str = "") -> FailureSeen:
    return FailureSeen(
        FINGERPRINT,
        "prod",
        "orders",
        run or f"run_{number}",
        "load",
        -1,
        NOON + timedelta(minutes=number),
        kind=VerdictKind.UNKNOWN,
        turn_id=f"T1:C1:{number}",
    )


def real_draft() -> RunbookDraft:
    """One that keeps its word."""
    replies = [unknown(number).reply for number in (1, 2, 3)]
    made = drafted_sightings("seen_locked", replies, 3, 1, NOON, ())  # type: ignore[arg-type]
    assert made is not None
    return replace(DRAFT, text=made.text, title=made.title, file=made.name)


@dataclass
class MemoryDrafts:
    """The port `RunbookDrafts`, as far as a bot beside Slack needs it."""

    kept: dict[str, RunbookDraft] = field(default_factory=dict)
    audit: list[AuditEntry] = field(default_factory=list)

    async def put(self, draft: RunbookDraft, *, offers: bool) -> RunbookDraft:
        return self.kept.setdefault(draft.id, draft)

    async def counted(self, fingerprint: str, count: int) -> bool:
        return draft_id(fingerprint) in self.kept

    async def get(self, draft_id: str) -> RunbookDraft | None:
        return self.kept.get(draft_id)

    async def page(
        self, states: Collection[DraftState] = (), limit: int = 50, offset: int = 0
    ) -> Sequence[RunbookDraft]:
        return [one for one in self.kept.values() if not states or one.state in states]

    async def decide(self, draft: RunbookDraft, entry: AuditEntry) -> bool:
        if self.kept[draft.id].state is not DraftState.PROPOSED:
            return False
        self.kept[draft.id] = draft
        self.audit.append(entry)
        return True
