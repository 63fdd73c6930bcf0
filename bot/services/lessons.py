"""Which turns may leave as examples, and what each of them says, down to the byte."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import msgspec

from bot.domain.answers import Diagnosis
from bot.domain.consents import Consent, covering
from bot.domain.conversations import Turn
from bot.domain.datasets import Example, Left, Provenance
from bot.domain.questions import Origin
from bot.domain.verdicts import Verdict
from bot.learning.examples import example_of
from bot.learning.judging import judged
from bot.services.export_ports import StoredTurn
from bot.services.export_words import told


@dataclass(frozen=True, slots=True)
class Grounds:
    """On what turns may leave at one moment. `used` are the ids of consents that a snapshot was
    taken under: while they hold, its rows leave under them."""

    consents: Sequence[Consent]
    at: datetime
    used: Collection[str] = ()


def lesson_of(stored: StoredTurn, grounds: Grounds) -> Example | Left:
    """The example that a turn makes, or why it stays."""
    if stored.origin not in set(Origin):
        return Left.UNREADABLE
    origin = Origin(stored.origin)
    consent = covering(grounds.consents, stored.workspace, origin, grounds.at, grounds.used)
    if consent is None:
        return Left.NO_CONSENT
    if not stored.keeps or _is_unsaid(stored, origin):
        return Left.OPTED_OUT
    if stored.expires_at is not None and stored.expires_at <= grounds.at:
        return Left.EXPIRED
    if stored.turn is None:
        return Left.UNREADABLE
    if stored.turn.question.asker.is_external or _is_of_others(stored):
        return Left.OUTSIDER
    words = told(stored.turn)
    if words is None:
        return Left.NO_LESSON
    opinion = judged(
        stored.ratings,
        stored.truths,
        stored.case,
        _verdict(stored.turn),
        is_solved=stored.is_solved,
    )
    provenance = Provenance(origin, stored.workspace, consent.id, stored.expires_at)
    return example_of(stored.turn, words, opinion, provenance) or Left.NO_LESSON


def digest_of(example: Example) -> str:
    """SHA-256 of all that the example says; under which consent it leaves is not part of that."""
    said = replace(example, provenance=replace(example.provenance, consent=""))
    return hashlib.sha256(msgspec.json.encode(said)).hexdigest()


def _verdict(turn: Turn) -> Verdict | None:
    return turn.reply.verdict if isinstance(turn.reply, Diagnosis) else None


def _is_unsaid(stored: StoredTurn, origin: Origin) -> bool:
    """In a chat somebody asks, whose name is not stored where they want nothing kept; see
    `PrivateStore`. What a webhook starts nobody asked."""
    asked_by_people = origin in (Origin.SLACK, Origin.PLAYGROUND)
    turn = stored.turn
    return asked_by_people and turn is not None and not turn.question.asker.user_id


def _is_of_others(stored: StoredTurn) -> bool:
    """Over Slack Connect people write whose team is another one."""
    return stored.author_team not in ("", stored.workspace)
