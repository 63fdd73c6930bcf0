"""Vectors in Chroma's embedded store: an index that can be thrown away and made anew.

One collection for each source and embedder, so that vectors of two makers never mix, and always
without Chroma's own embedding function, which would reach for the network.
"""

from __future__ import annotations

import re
import shutil
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import structlog

from bot.adapters.chroma.lock import FolderLock
from bot.adapters.search.embedders import Embedder
from bot.adapters.search.vectors import IndexInUse, VectorsUnavailable
from bot.domain.checks import Check, CheckStatus
from bot.knowledge.chunks import Chunk

if TYPE_CHECKING:
    from chromadb import Collection
    from chromadb.api.client import Client

log = structlog.get_logger(__name__)

_BATCH = 500
_NOT_NAME = re.compile(r"[^a-z0-9-]+")
# Below the folder, so that throwing a store away spares the lock. Each new one has a new number:
# Chroma caches what it knows of a path for the life of the process, broken stores too.
_STORE = "store-"
_VERSION = "v1"  # of how chunks become text to embed


@dataclass(frozen=True, slots=True)
class _Open:
    client: Client
    collection: Collection


class ChromaIndex:
    """Implements `VectorIndex`. Opens, and imports Chroma (seconds), at its first use."""

    def __init__(self, folder: Path, source: str, embedder: Embedder) -> None:
        self._folder = folder
        self._source = source
        self._embedder = embedder
        self._lock = FolderLock(folder)
        self._guard = threading.Lock()
        self._syncing = threading.Lock()
        self._opened: _Open | None = None
        self._store_number = 0  # 0: not looked for yet

    @property
    def identity(self) -> str:
        return self._embedder.identity

    def sync(self, chunks: Sequence[Chunk]) -> int:
        """Embeds what is new or changed, deletes what is gone. Raises `VectorsUnavailable`.

        A store that cannot be read is thrown away and made anew, once.
        """
        with self._syncing:
            try:
                return self._sync(chunks)
            except _Broken as broken:
                log.warning("index_rebuilt", reason=str(broken))
                self._throw_away()
            try:
                return self._sync(chunks)
            except _Broken as broken:
                raise VectorsUnavailable(f"the index cannot be made: {broken}") from broken

    def nearest(self, query: str, limit: int) -> list[str]:
        (vector,) = self._embedder.embed([query])
        try:
            with self._using() as collection:
                found = collection.query(query_embeddings=vector, n_results=limit, include=[])
                return list(found["ids"][0])
        except _Broken as broken:
            raise VectorsUnavailable(f"the index cannot be read: {broken}") from broken

    def check(self) -> Check:
        try:
            self._embedder.embed(["self test"])
            with self._using() as collection:
                count = collection.count()
        except IndexInUse as error:
            remedy = "Right while the bot runs; otherwise give this process a folder of its own."
            return Check("index", "vectors", CheckStatus.SKIPPED, str(error), remedy)
        except (VectorsUnavailable, _Broken) as error:
            remedy = "Search goes by words alone until this is put right."
            return Check("index", "vectors", CheckStatus.WARNING, str(error), remedy)
        detail = f"{count} passages by {self.identity}"
        return Check("index", "vectors", CheckStatus.OK, detail)

    def close(self) -> None:
        with self._guard:
            self._forget()
            self._lock.release()

    def _sync(self, chunks: Sequence[Chunk]) -> int:
        wanted = {chunk.id: chunk for chunk in chunks}
        with self._using() as collection:
            held = _digests(collection)
            gone = [name for name in held if name not in wanted]
            if gone:
                collection.delete(ids=gone)
        stale = [chunk for name, chunk in wanted.items() if held.get(name) != chunk.digest]
        for start in range(0, len(stale), _BATCH):
            self._store(stale[start : start + _BATCH])
        with self._using() as collection:
            count = collection.count()
        if count != len(wanted):
            raise _Broken(f"it holds {count} passages instead of {len(wanted)}")
        return len(stale)

    def _store(self, chunks: Sequence[Chunk]) -> None:
        # Not under the guard: questions are answered while a batch is embedded.
        vectors = self._embedder.embed([f"{chunk.title}\n{chunk.text}" for chunk in chunks])
        with self._using() as collection:
            # `add` would ignore ids that exist; `upsert` keeps metadata keys that are not given,
            # so there is exactly one key, always given.
            collection.upsert(
                ids=[chunk.id for chunk in chunks],
                embeddings=vectors,  # type: ignore[arg-type]
                metadatas=[{"digest": chunk.digest} for chunk in chunks],
            )

    @contextmanager
    def _using(self) -> Iterator[Collection]:
        """The open collection for one caller. Raises `_Broken` for all that Chroma raises."""
        with self._guard, _chroma_errors():
            yield self._open().collection

    def _open(self) -> _Open:
        if self._opened is None:
            self._lock.acquire()
            client = _client(self._store_folder())
            name = _collection_name(self._source, self.identity)
            for other in client.list_collections():
                if other.name.startswith(f"{self._source}__") and other.name != name:
                    client.delete_collection(other.name)
            collection = client.get_or_create_collection(
                name, embedding_function=None, configuration={"hnsw": {"space": "cosine"}}
            )
            self._opened = _Open(client, collection)
        return self._opened

    def _throw_away(self) -> None:
        with self._guard:
            self._forget()
            shutil.rmtree(self._store_folder(), ignore_errors=True)
            self._store_number += 1

    def _store_folder(self) -> Path:
        if not self._store_number:
            found = (path.name.removeprefix(_STORE) for path in self._folder.glob(f"{_STORE}*"))
            self._store_number = max((int(one) for one in found if one.isdigit()), default=1)
        return self._folder / f"{_STORE}{self._store_number}"

    def _forget(self) -> None:
        if self._opened is not None:
            self._opened.client.close()
            self._opened = None


class _Broken(Exception):
    """The store contradicts itself or cannot be read; it is to be made anew."""


@contextmanager
def _chroma_errors() -> Iterator[None]:
    """Whatever Chroma raises means that its store is unusable: its errors share no base."""
    try:
        yield
    except (VectorsUnavailable, _Broken, KeyboardInterrupt, SystemExit):
        raise
    # A store that its Rust core cannot read makes it panic, which is no `Exception`.
    except BaseException as error:
        raise _Broken(f"{type(error).__name__}: {error}"[:300]) from error


def _client(folder: Path) -> Client:
    import chromadb
    from chromadb.config import Settings

    settings = Settings(anonymized_telemetry=False)
    return cast("Client", chromadb.PersistentClient(str(folder), settings=settings))


def _digests(collection: Collection) -> dict[str, Any]:
    held = collection.get(include=["metadatas"])
    metadatas = held["metadatas"] or []
    return {
        name: (metadata or {}).get("digest")
        for name, metadata in zip(held["ids"], metadatas, strict=True)
    }


def _collection_name(*parts: str) -> str:
    return "__".join(_NOT_NAME.sub("-", part.lower()).strip("-") for part in (*parts, _VERSION))
