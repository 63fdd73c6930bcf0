"""Which documents answer a query, out of what each kind of search found."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.knowledge.chunks import Chunk
from bot.knowledge.fusion import RANK_CONSTANT, fused

GUIDE_PREFIX = "guide:"
_ASKS_IN_GENERAL = re.compile(
    r"^\W*(?:how|where|who|what(?:'s| is| are| does)|can i|is there a way"
    r"|why (?:is|are|do|does|did|isn't|doesn't|won't) (?:my|the|our|a) (?:dag|run|task)s?)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Hit:
    """A document; `heading` is the section that was hit, "" where only its signature was."""

    document: str
    heading: str
    score: float


def ranked(
    query: str,
    *,
    exact: Sequence[str],
    by_words: Sequence[str],
    by_meaning: Sequence[str],
    chunks: Mapping[str, Chunk],
    k: int = RANK_CONSTANT,
) -> list[Hit]:
    """Best first: `exact` names documents and leads; the two others rank chunk ids.

    Ids that are not in `chunks` are skipped: an index may lag behind the files. Who asks in general
    is served by a guide rather than by the runbook of one failure, so guides count once more then.
    """
    rankings = [_known(by_words, chunks), _known(by_meaning, chunks)]
    if _ASKS_IN_GENERAL.search(query):
        rankings.append([one for one in rankings[0] if one.startswith(GUIDE_PREFIX)])
    best: dict[str, Hit] = {}
    for chunk_id, score in fused(rankings, k):
        chunk = chunks[chunk_id]
        best.setdefault(chunk.document, Hit(chunk.document, chunk.heading, score))
    leading = [best.pop(name) if name in best else Hit(name, "", 1.0) for name in exact]
    return [*leading, *best.values()]


def _known(ranking: Sequence[str], chunks: Mapping[str, Chunk]) -> list[str]:
    return [one for one in ranking if one in chunks]
