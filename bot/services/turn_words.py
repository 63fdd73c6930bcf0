"""What a turn is found by: its words, and what it is about."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from bot.domain.answers import (
    Apology,
    Diagnosis,
    Help,
    HowTo,
    LogReport,
    StatusReport,
    Unsupported,
)
from bot.domain.conversations import Turn
from bot.domain.targets import Target

_WORD = re.compile(r"[^\W_]+")
_WORD_MAX = 64  # characters; what is longer nobody types
_WORDS_MAX = 600  # different ones of a turn
_QUERY_MAX = 12
_DIRECT = "D"  # how Slack's ids of direct messages begin
# Replies that name no Dag but the one that they are about.
_PLAIN = (Diagnosis, StatusReport, LogReport, HowTo, Help, Unsupported, Apology)


@dataclass(frozen=True, slots=True)
class Facets:
    """What a turn is about, in texts; "" where there is none."""

    kind: str
    cause: str
    cluster: str
    dag_id: str
    is_direct: bool
    is_plain: bool

    @property
    def place(self) -> str:
        return place_of(self.cluster, self.dag_id)


def place_of(cluster: str, dag_id: str) -> str:
    """A Dag of a cluster as one text; "" where no Dag is named. Ids of Dags hold no blank."""
    return f"{dag_id} {cluster}" if dag_id else ""


def dag_of_place(place: str) -> tuple[str, str]:
    """Cluster and Dag."""
    dag_id, _, cluster = place.partition(" ")
    return cluster, dag_id


def facets_of(turn: Turn) -> Facets:
    reply, target = turn.reply, _target(turn)
    verdict = reply.verdict if isinstance(reply, Diagnosis) else None
    return Facets(
        kind=verdict.kind.value if verdict else "",
        cause=verdict.cause if verdict else "",
        cluster=target.cluster if target else "",
        dag_id=(target.dag_id or "") if target else "",
        is_direct=is_direct(turn),
        is_plain=isinstance(reply, _PLAIN),
    )


def is_direct(turn: Turn) -> bool:
    """Whether nobody but the asker was meant to read it."""
    asked = turn.question
    return asked.is_direct or asked.is_private or asked.thread.channel.startswith(_DIRECT)


def text_of(turn: Turn) -> str:
    """All texts of the turn that people look for, one after the other."""
    return "\n".join(filter(None, _texts(turn)))


def words_in(text: str, limit: int = _WORDS_MAX) -> list[str]:
    """The different words of a text in their order, without regard to case; what joins the parts of
    a name divides them here."""
    found: dict[str, None] = {}
    for match in _WORD.finditer(text):
        found.setdefault(match.group().casefold()[:_WORD_MAX])
        if len(found) >= limit:
            break
    return list(found)


def query_words(text: str) -> list[str]:
    """The words to look for; the last one may be the beginning of one."""
    return words_in(text, _QUERY_MAX)


def _target(turn: Turn) -> Target | None:
    reply = turn.reply
    return reply.target if isinstance(reply, Diagnosis | StatusReport | LogReport) else None


def _texts(turn: Turn) -> Iterator[str]:
    yield turn.question.text
    target = _target(turn)
    if target is not None:
        yield from filter(None, (target.cluster, target.dag_id, target.task_id, target.run_id))
    yield turn.reply.reference
    if isinstance(turn.reply, Diagnosis):
        verdict = turn.reply.verdict
        yield from (verdict.title, verdict.cause, verdict.why, turn.reply.what_happened)
        yield from (quote.text for quote in verdict.quotes)
