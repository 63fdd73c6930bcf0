"""Conversations to make datasets of, and what stands beside an export."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random

import msgspec

from bot.domain.answers import Diagnosis
from bot.domain.audit import AuditEntry
from bot.domain.consents import Basis, Consent, Permission
from bot.domain.conversations import Turn
from bot.domain.datasets import (
    Correction,
    Example,
    Judgement,
    Label,
    Passage,
    Provenance,
    Source,
)
from bot.domain.evidence import Evidence
from bot.domain.questions import Asker, Origin, ThreadKey
from bot.domain.runbooks import Passage as Retrieved
from bot.domain.targets import Target
from bot.domain.verdicts import Quote, RetryAdvice, VerdictKind
from bot.services.scrub_ports import Finding, Names, Scrubbed
from tests.fakes.turns import diagnosis, evidence, question, turn

WORKSPACE = "T0LOCAL"
MONDAY = datetime(2026, 11, 16, 8, tzinfo=UTC)
NOW = datetime(2026, 11, 30, 8, tzinfo=UTC)
KINDS = (VerdictKind.CAPACITY, VerdictKind.CODE, VerdictKind.DEPENDENCY)

CONSENT = Consent(
    "c0ffee01",
    WORKSPACE,
    Basis.OPT_IN,
    Permission(),
    "admin",
    MONDAY,
    MONDAY + timedelta(days=365),
)


def words(seed: int, count: int = 40) -> str:
    """Of each seed others: two lessons do not say nearly the same by chance."""
    draw = Random(seed)
    return " ".join(
        "".join(draw.choices("abcdefghijklmnopqrstuvwxyz", k=draw.randint(3, 9)))
        for _ in range(count)
    )


def lesson(
    number: int,
    *,
    incident: int | None = None,
    at: datetime | None = None,
    said: str = "",
    origin: Origin = Origin.PLAYGROUND,
    asker: Asker | None = None,
    user: str = "U0ASKER1",
) -> Turn:
    """A diagnosed failure, asked `number` hours after the first. Those of one `incident` have one
    fingerprint; `said` is a line of its log besides."""
    ts = f"17000{number:05d}.000100"
    text = words(number)
    place = ThreadKey(WORKSPACE, "C0ASKED1", ts)
    asked = replace(
        question(ts, thread=place, text=f"why did it fail? {text[:60]}"),
        origin=origin,
        asker=asker or Asker(user, WORKSPACE),
        asked_at=at or MONDAY + timedelta(hours=number),
        earlier=(),
    )
    seen = evidence(12, text=f"{text} {said}")
    return turn(
        f"{WORKSPACE}:C0ASKED1:{ts}", asked=asked, reply=_reply(number, incident), seen=seen
    )


def _reply(number: int, incident: int | None) -> Diagnosis:
    kind = KINDS[number % len(KINDS)]
    about = words(1_000_000 + (number if incident is None else incident), 6)
    whole = diagnosis()
    verdict = replace(
        whole.verdict,
        kind=VerdictKind.CODE if incident is not None else kind,
        cause="key_missing" if incident is not None else f"cause_{number}",
        quotes=(Quote("L2", f"KeyError: {about}", "task log", line=2),),
    )
    passages = (
        Retrieved("R1", "This one", f"Look at {about}.", "runbook", verdict.cause),
        Retrieved("R2", "Another", "Look somewhere else.", "runbook", "another_cause"),
    )
    return replace(whole, verdict=verdict, passages=passages)


def seen_of(number: int) -> Evidence:
    found = lesson(number).evidence
    assert found is not None
    return found


def example(number: int = 1, **changed: object) -> Example:
    """A judged one with everything in it."""
    made = Example(
        id=f"{number:016x}",
        provenance=Provenance(Origin.PLAYGROUND, WORKSPACE, CONSENT.id, None),
        fingerprint=f"f{number}",
        asked_at=MONDAY + timedelta(hours=number),
        language="en",
        question="why did orders fail?",
        answer="**Your code**\n\nIt divides by zero. [L2]",
        evidence="[L2] ZeroDivisionError: division by zero",
        target=Target("prod", "orders", "run 1", "load", 3, 2),
        passages=(
            Passage("Division by zero", "Check the divisor.", "division"),
            Passage("Memory", "Give it more.", "oom_killed"),
        ),
        said=Label(VerdictKind.CODE, "division", 0.9, RetryAdvice.POINTLESS, "ZeroDivisionError"),
        judgement=Judgement.RIGHT,
        source=Source.RATING,
        seen=msgspec.json.decode(msgspec.json.encode(seen_of(number))),
    )
    return replace(made, **changed)  # type: ignore[arg-type]


CORRECTED = {
    "judgement": Judgement.WRONG,
    "source": Source.RESOLUTION,
    "correction": Correction(
        "The divisor comes from a table that was empty.",
        "Load the table first.",
        VerdictKind.DEPENDENCY,
        "no_rows",
    ),
}


class PlainScrubber:
    """Replaces one word, and finds one that it cannot mask."""

    def __init__(self, salt: bytes = b"", name: str = "", secret: str = "") -> None:
        self.salt = salt
        self.name = name
        self.secret = secret

    def of(self, salt: bytes) -> PlainScrubber:
        return PlainScrubber(salt, self.name, self.secret)

    def scrub(self, texts: Sequence[str], names: Names = Names()) -> Scrubbed:  # noqa: B008
        left = [number for number, text in enumerate(texts) if self.secret and self.secret in text]
        clean = texts
        if self.name:
            clean = [text.replace(self.name, f"host-{self.salt.hex()[:8]}") for text in texts]
        return Scrubbed(tuple(clean), tuple(Finding("a token", one, 1) for one in left))


class Unseen:
    """Progress that nobody watches; may be told to die after so many rows of a stage."""

    def __init__(self, stage: str = "", after: int = 0) -> None:
        self._dies_in = stage
        self._after = after
        self._stage = ""
        self.stages: list[tuple[str, int | None, int]] = []

    def stage(self, words: str, total: int | None, done: int = 0) -> None:
        self._stage = words
        self.stages.append((words, total, done))

    def advance(self, count: int) -> None:
        if self._stage == self._dies_in:
            self._after -= count
            if self._after <= 0:
                raise KeyboardInterrupt


class Told:
    """An audit in memory."""

    def __init__(self) -> None:
        self.added: list[AuditEntry] = []

    async def add(self, *entries: AuditEntry) -> None:
        self.added += entries

    async def entries(self, query: object) -> Sequence[AuditEntry]:
        return self.added
