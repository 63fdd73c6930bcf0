"""How well search finds the right runbook or guide, and whether it knows when it has none.

`python -m tests.benchmarks.retrieval [MODEL_FOLDER]`: with a folder of MiniLM's files the vectors
take part. Prints hit rates, and what each threshold of coverage answers and holds back.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from bot.adapters.chroma.index import ChromaIndex
from bot.adapters.runbook_folder import RunbookFolder
from bot.adapters.search.guides import shipped_guides
from bot.adapters.search.lexical import LexicalIndex
from bot.adapters.search.minilm import MiniLM
from bot.diagnosis.judgements import JUDGEMENTS
from bot.diagnosis.vocabulary import VOCABULARY
from bot.knowledge.chunks import Chunk, Document, chunks_of, document_of
from bot.knowledge.coverage import coverage
from bot.knowledge.exact import ExactIndex
from bot.knowledge.ranking import ranked
from bot.knowledge.runbook_file import Words
from bot.knowledge.tokens import expanded, query_tokens
from tests.benchmarks.retrieval_questions import QUESTIONS, UNANSWERABLE

Ranker = Callable[[str], list[str]]
_RUNBOOKS = Path(__file__).parents[2] / "runbooks"


def main(model: str | None) -> None:
    folder = RunbookFolder([_RUNBOOKS], Words(signals=VOCABULARY, judgements=JUDGEMENTS))
    failures = folder.catalogue().failures
    documents = [*(document_of(known) for known in failures), *shipped_guides()]
    chunks = [chunk for document in documents for chunk in chunks_of(document)]
    print(f"{len(documents)} documents, {len(chunks)} chunks, {len(QUESTIONS)} questions\n")
    lexical = LexicalIndex()
    lexical.rebuild(chunks)
    exact = ExactIndex(failures)
    rankers = _rankers(lexical, exact, chunks, model)
    for name, ranker in rankers.items():
        _report(name, ranker)
    _abstention(documents, lexical, exact, list(rankers.values())[-1])


def _rankers(
    lexical: LexicalIndex, exact: ExactIndex, chunks: Sequence[Chunk], model: str | None
) -> dict[str, Ranker]:
    by_id = {chunk.id: chunk for chunk in chunks}

    def by_words(query: str) -> list[str]:
        return lexical.search(query_tokens(query), 50)

    def ranker(
        words: Ranker | None = None, meaning: Ranker | None = None, signs: Ranker | None = None
    ) -> Ranker:
        def rank(query: str) -> list[str]:
            hits = ranked(
                query,
                exact=signs(query) if signs else [],
                by_words=words(query) if words else [],
                by_meaning=meaning(query) if meaning else [],
                chunks=by_id,
            )
            return [hit.document for hit in hits]

        return rank

    rankers = {
        "words": ranker(by_words),
        "signature, words": ranker(by_words, signs=exact.causes_in),
    }
    if model:
        index = ChromaIndex(Path(tempfile.mkdtemp()), "runbooks", MiniLM(Path(model)))
        began = time.process_time()
        index.sync(chunks)
        print(f"embedded in {time.process_time() - began:.1f} CPU s\n")

        def by_meaning(query: str) -> list[str]:
            return index.nearest(expanded(query), 50)

        rankers["meaning"] = ranker(meaning=by_meaning)
        rankers["words and meaning"] = ranker(by_words, by_meaning)
        rankers["signature, words and meaning"] = ranker(by_words, by_meaning, exact.causes_in)
    return rankers


def _report(name: str, ranker: Ranker) -> None:
    ranks = []
    began = time.process_time()
    for query, right in QUESTIONS:
        found = ranker(query)
        places = [found.index(one) + 1 for one in right if one in found]
        ranks.append(min(places, default=10_000))
    spent = (time.process_time() - began) / len(QUESTIONS) * 1000
    share = {k: sum(rank <= k for rank in ranks) / len(ranks) for k in (1, 3, 5)}
    mean = sum(1 / rank for rank in ranks) / len(ranks)
    hits = "  ".join(f"hit@{k} {value:.2f}" for k, value in share.items())
    print(f"{name:30} {hits}  MRR {mean:.3f}  {spent:.1f} CPU ms a query")
    for (query, right), rank in zip(QUESTIONS, ranks, strict=True):
        if rank > 3:
            print(f"    missed: {query!r} wants {right}, got {ranker(query)[:3]}")


def _abstention(
    documents: Sequence[Document], lexical: LexicalIndex, exact: ExactIndex, ranker: Ranker
) -> None:
    texts = {
        one.id: [one.title, *one.signs, *(part.text for part in one.sections)] for one in documents
    }

    def best(query: str) -> float:
        if exact.causes_in(query):
            return 1.0
        rarity = lexical.rarity(query_tokens(query))
        return max((coverage(query, texts[one], rarity) for one in ranker(query)[:5]), default=0.0)

    answerable = [best(query) for query, _ in QUESTIONS]
    unanswerable = [best(query) for query in UNANSWERABLE]
    print("\ncoverage  answered of the answerable  held back of the unanswerable")
    for threshold in (0.3, 0.4, 0.45, 0.5, 0.55, 0.6, 0.7):
        answered = sum(value >= threshold for value in answerable) / len(answerable)
        held = sum(value < threshold for value in unanswerable) / len(unanswerable)
        print(f"{threshold:8.2f}  {answered:26.2f}  {held:29.2f}")
    for query, value in zip(UNANSWERABLE, unanswerable, strict=True):
        if value >= 0.5:
            print(f"    answered all the same: {query!r} ({value:.2f})")
    for (query, _), value in zip(QUESTIONS, answerable, strict=True):
        if value < 0.5:
            print(f"    held back: {query!r} ({value:.2f})")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else None)
