"""Chroma's real embedded store: kept in step, owned by one process, thrown away when broken."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.adapters.chroma.index import ChromaIndex
from bot.adapters.chroma.lock import FolderLock
from bot.adapters.search.vectors import VectorsUnavailable
from bot.domain.checks import CheckStatus
from bot.knowledge.chunks import Chunk
from tests.fakes.embedder import HashEmbedder


def chunk(name: str, text: str) -> Chunk:
    return Chunk(f"{name}#0", name, "Fix", f"About {name}", text)


CHUNKS = [
    chunk("disk", "the disk is full and nothing can be written"),
    chunk("pool", "the pool has no free slot"),
    chunk("memory", "the kernel killed it for memory"),
]


@pytest.fixture
def embedder() -> HashEmbedder:
    return HashEmbedder()


@pytest.fixture
def index(tmp_path: Path, embedder: HashEmbedder) -> Iterator[ChromaIndex]:
    opened = ChromaIndex(tmp_path, "runbooks", embedder)
    yield opened
    opened.close()


def test_the_nearest_passage_comes_first(index: ChromaIndex) -> None:
    assert index.sync(CHUNKS) == 3
    assert index.nearest("no free slot in the pool", 2)[0] == "pool#0"
    assert len(index.nearest("disk", 50)) == 3


def test_an_empty_index_finds_nothing(index: ChromaIndex) -> None:
    assert index.sync([]) == 0
    assert index.nearest("anything", 5) == []


def test_only_what_changed_is_embedded_again(index: ChromaIndex, embedder: HashEmbedder) -> None:
    index.sync(CHUNKS)
    embedder.embedded = 0
    changed = [*CHUNKS[:2], chunk("memory", "the process used more memory than it may")]
    assert index.sync(changed) == 1
    assert embedder.embedded == 1
    assert index.sync(changed) == 0


def test_what_is_gone_from_the_files_is_gone_from_the_index(index: ChromaIndex) -> None:
    index.sync(CHUNKS)
    index.sync(CHUNKS[:1])
    assert index.nearest("no free slot in the pool", 5) == ["disk#0"]


def test_the_index_survives_a_restart(tmp_path: Path, index: ChromaIndex) -> None:
    index.sync(CHUNKS)
    index.close()
    again = ChromaIndex(tmp_path, "runbooks", HashEmbedder())
    assert again.sync(CHUNKS) == 0
    assert again.nearest("no free slot in the pool", 1) == ["pool#0"]
    again.close()


def test_another_embedder_starts_a_collection_of_its_own(
    tmp_path: Path, index: ChromaIndex
) -> None:
    index.sync(CHUNKS)
    index.close()
    other = ChromaIndex(tmp_path, "runbooks", HashEmbedder("Hash/2 (large)"))
    assert other.sync(CHUNKS) == 3
    other.close()


def test_a_second_owner_in_this_process_is_refused(tmp_path: Path, index: ChromaIndex) -> None:
    index.sync(CHUNKS)
    second = ChromaIndex(tmp_path, "runbooks", HashEmbedder())
    with pytest.raises(VectorsUnavailable, match="in use by process"):
        second.sync(CHUNKS)
    with pytest.raises(VectorsUnavailable, match="in use by process"):
        second.nearest("disk", 1)
    assert second.check().status is CheckStatus.SKIPPED


def test_a_second_process_is_told_who_owns_the_folder(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from bot.adapters.chroma.lock import FolderLock\n"
        f"lock = FolderLock(Path({str(tmp_path)!r})); lock.acquire(); print('held', flush=True)\n"
        "sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as owner:
        assert owner.stdout is not None
        assert owner.stdout.readline().strip() == "held"
        with pytest.raises(VectorsUnavailable, match=f"in use by process {owner.pid}"):
            FolderLock(tmp_path).acquire()
        owner.kill()
    lock = FolderLock(tmp_path)
    lock.acquire()
    lock.release()


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(VectorsUnavailable, match="cannot be written"):
        FolderLock(tmp_path / "file" / "below").acquire()


def test_a_store_that_cannot_be_read_is_made_anew(tmp_path: Path, index: ChromaIndex) -> None:
    index.sync(CHUNKS)
    index.close()
    (tmp_path / "store-1" / "chroma.sqlite3").write_bytes(b"this is no database" * 500)
    again = ChromaIndex(tmp_path, "runbooks", HashEmbedder())
    assert again.sync(CHUNKS) == 3
    assert again.nearest("no free slot in the pool", 1) == ["pool#0"]
    again.close()
    assert [path.name for path in tmp_path.glob("store-*")] == ["store-2"]


def test_an_embedder_that_fails_leaves_the_index_as_it_was(
    index: ChromaIndex, embedder: HashEmbedder
) -> None:
    index.sync(CHUNKS[:2])
    embedder.broken = True
    with pytest.raises(VectorsUnavailable):
        index.sync(CHUNKS)
    with pytest.raises(VectorsUnavailable):
        index.nearest("disk", 1)
    embedder.broken = False
    assert index.sync(CHUNKS) == 1


def test_the_check_counts_what_is_held(index: ChromaIndex) -> None:
    index.sync(CHUNKS)
    check = index.check()
    assert check.status is CheckStatus.OK
    assert check.detail == "3 passages by hash-1"


def test_chroma_is_not_imported_before_it_is_needed(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path\n"
        "from bot.adapters.search.build import LocalModel, SearchConfig, build_knowledge\n"
        "from bot.knowledge.catalogue import Catalogue\n"
        f"config = SearchConfig(Path({str(tmp_path)!r}), LocalModel())\n"
        "build_knowledge(lambda: Catalogue(()), config)\n"
        "print('chromadb' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "False"
