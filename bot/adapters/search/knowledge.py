"""Search over the runbooks in force and the guides: signature, then words and meaning together."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

import structlog

from bot.adapters.search.lexical import LexicalIndex
from bot.adapters.search.vectors import IndexInUse, VectorIndex, VectorsUnavailable
from bot.domain.checks import Check, CheckStatus
from bot.domain.errors import RunbookError
from bot.domain.parameters import DEFAULTS, Parameters
from bot.domain.runbooks import Passage
from bot.knowledge.catalogue import Catalogue
from bot.knowledge.chunks import Chunk, Document, chunks_of, digest_of, document_of
from bot.knowledge.coverage import ENOUGH, coverage
from bot.knowledge.exact import ExactIndex
from bot.knowledge.passages import passage_text
from bot.knowledge.ranking import Hit, ranked
from bot.knowledge.tokens import expanded, query_tokens

log = structlog.get_logger(__name__)

_CANDIDATES = 50  # chunks that each ranking may name


@dataclass(frozen=True, slots=True)
class _Library:
    """All that was made of one state of the files."""

    catalogue: Catalogue | None = None
    digest: str = ""
    documents: Mapping[str, Document] = field(default_factory=dict)
    chunks: Mapping[str, Chunk] = field(default_factory=dict)
    exact: ExactIndex = field(default_factory=lambda: ExactIndex(()))


class RunbookKnowledge:
    """Implements `Knowledge`. Changed runbooks are found at the next search.

    Vectors take part after `warm` was awaited once; until then, and whenever they fail, search
    goes by signatures and words, which needs nothing but the files.
    """

    def __init__(
        self,
        catalogue: Callable[[], Catalogue],
        vectors: VectorIndex,
        guides: Sequence[Document] = (),
        parameters: Callable[[], Parameters] = lambda: DEFAULTS,
    ) -> None:
        """`catalogue` returns the same object as long as no file has changed."""
        self._catalogue = catalogue
        self._vectors = vectors
        self._guides = tuple(guides)
        self._parameters = parameters
        self._lexical = LexicalIndex()
        self._library = _Library()
        self._refreshing = threading.Lock()
        self._synced = ""  # digest that the vectors hold; "" before `warm`
        self._syncing: asyncio.Task[None] | None = None

    async def search(self, query: str, limit: int = 5) -> Sequence[Passage]:
        """The best passages, one a document; none where nothing is about the query.

        Raises `RunbookError` where a folder of runbooks is gone.
        """
        found = await asyncio.to_thread(self._search, query, limit)
        self._sync_soon()
        return found

    async def warm(self) -> None:
        """Opens the vectors and brings them up to date: seconds, at the start of a service.

        Raises `IndexInUse` where another process owns their folder.
        """
        await asyncio.to_thread(self._refresh)
        await self._sync(is_start=True)

    async def doctor(self) -> Sequence[Check]:
        return [
            await asyncio.to_thread(self._check_files),
            await asyncio.to_thread(self._vectors.check),
        ]

    async def close(self) -> None:
        if self._syncing is not None:
            await asyncio.wait([self._syncing])
        await asyncio.to_thread(self._vectors.close)
        self._lexical.close()

    def _search(self, query: str, limit: int) -> list[Passage]:
        library = self._refresh()
        wanted = query_tokens(query)
        rarity = self._lexical.rarity(wanted)
        exact = [cause for cause in library.exact.causes_in(query) if cause in library.documents]
        hits = ranked(
            query,
            exact=exact,
            by_words=self._lexical.search(wanted, _CANDIDATES),
            by_meaning=self._nearest(query),
            chunks=library.chunks,
            k=self._parameters().rank_constant,
        )
        found = ((library.documents[hit.document], hit) for hit in hits)
        about = (
            (document, hit)
            for document, hit in found
            if document.id in exact or _is_about(query, document, rarity)
        )
        return [
            _passage(number, document, hit)
            for number, (document, hit) in enumerate(islice(about, limit), start=1)
        ]

    def _nearest(self, query: str) -> list[str]:
        if not self._synced:
            return []
        try:
            return self._vectors.nearest(expanded(query), _CANDIDATES)
        except VectorsUnavailable as error:
            log.warning("vector_search_failed", error=str(error))
            return []

    def _refresh(self) -> _Library:
        catalogue = self._catalogue()
        with self._refreshing:
            if catalogue is self._library.catalogue:
                return self._library
            documents = [*(document_of(known) for known in catalogue.failures), *self._guides]
            chunks = [chunk for document in documents for chunk in chunks_of(document)]
            self._lexical.rebuild(chunks)
            self._library = _Library(
                catalogue=catalogue,
                digest=digest_of(documents),
                documents={document.id: document for document in documents},
                chunks={chunk.id: chunk for chunk in chunks},
                exact=ExactIndex(catalogue.failures),
            )
            log.info("runbooks_indexed", documents=len(documents), chunks=len(chunks))
            return self._library

    def _sync_soon(self) -> None:
        """New files are embedded behind the answer: that takes longer than anyone would wait."""
        stale = self._synced and self._synced != self._library.digest
        if stale and (self._syncing is None or self._syncing.done()):
            self._syncing = asyncio.create_task(self._sync())

    async def _sync(self, *, is_start: bool = False) -> None:
        library = self._library
        try:
            embedded = await asyncio.to_thread(self._vectors.sync, list(library.chunks.values()))
        except VectorsUnavailable as error:
            if is_start and isinstance(error, IndexInUse):
                raise
            log.warning("vectors_unavailable", reason=str(error))
            return
        self._synced = library.digest
        log.info("vectors_synced", embedded=embedded, by=self._vectors.identity)

    def _check_files(self) -> Check:
        try:
            library = self._refresh()
        except RunbookError as error:
            remedy = "Correct the folders of runbooks in the settings."
            return Check("index", "runbooks", CheckStatus.FAILED, str(error), remedy)
        detail = f"{len(library.documents)} documents, {len(library.chunks)} passages"
        faults = library.catalogue.faults if library.catalogue else ()
        if faults:
            refused = f"{detail}; refused: {'; '.join(faults)}"
            remedy = "Correct the files named; the others are in force."
            return Check("index", "runbooks", CheckStatus.WARNING, refused, remedy)
        return Check("index", "runbooks", CheckStatus.OK, detail)


def _is_about(query: str, document: Document, rarity: Mapping[str, float]) -> bool:
    texts = [document.title, *document.signs, *(part.text for part in document.sections)]
    return coverage(query, texts, rarity) >= ENOUGH


def _passage(number: int, document: Document, hit: Hit) -> Passage:
    return Passage(
        id=f"R{number}",
        title=document.title,
        text=passage_text(document, hit.heading),
        source=document.source,
        cause=document.cause,
        score=round(hit.score, 4),
    )
