"""Search over real runbooks and guides, with and without vectors, while files change."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from bot.adapters.runbook_folder import RunbookFolder
from bot.adapters.search.build import LocalModel, SearchConfig, build_knowledge
from bot.adapters.search.embedders import EmbeddingServer
from bot.adapters.search.guides import shipped_guides
from bot.adapters.search.knowledge import RunbookKnowledge
from bot.adapters.search.openai_embedder import OpenAIEmbedder
from bot.adapters.search.vectors import IndexInUse, NoVectors, VectorsUnavailable
from bot.diagnosis.judgements import JUDGEMENTS
from bot.diagnosis.vocabulary import VOCABULARY
from bot.domain.checks import Check, CheckStatus
from bot.domain.errors import RunbookError
from bot.knowledge.chunks import Chunk
from bot.knowledge.runbook_file import Words
from tests.fakes.embedding_server import EmbeddingFake
from tests.waiting import until

SHIPPED = Path(__file__).parents[3] / "runbooks"
RUNBOOK = """---
cause: {cause}
title: {title}
verdict: code
retryable: after_fix
signatures: ["{signature}"]
owner: dag_owner
---
## What happened
{words}

## Fix
1. Water it.
"""


class FakeVectors:
    """Finds chunks by a word they hold, and remembers how often it was synced."""

    identity = "fake"

    def __init__(self) -> None:
        self.chunks: list[Chunk] = []
        self.syncs = 0
        self.broken = False
        self.error = VectorsUnavailable("the disk is full")

    def sync(self, chunks: Sequence[Chunk]) -> int:
        if self.broken:
            raise self.error
        self.chunks = list(chunks)
        self.syncs += 1
        return len(chunks)

    def nearest(self, query: str, limit: int) -> list[str]:
        if self.broken:
            raise VectorsUnavailable("gone")
        return [one.id for one in self.chunks if "chlorophyll" in one.text][:limit]

    def check(self) -> Check:
        return Check("index", "vectors", CheckStatus.OK, "fake")

    def close(self) -> None:
        self.chunks = []


def folder_of(*paths: Path) -> RunbookFolder:
    return RunbookFolder(paths, Words(signals=VOCABULARY, judgements=JUDGEMENTS))


def write(folder: Path, cause: str, words: str = "It wilts.", signature: str = "") -> None:
    text = RUNBOOK.format(
        cause=cause,
        title=f"The {cause} wilts",
        words=words,
        signature=signature or f"{cause} has wilted",
    )
    (folder / f"{cause}.md").write_text(text)


@pytest.fixture(scope="module")
def shipped() -> RunbookFolder:
    return folder_of(SHIPPED)


@pytest.fixture
async def knowledge(shipped: RunbookFolder) -> AsyncIterator[RunbookKnowledge]:
    built = RunbookKnowledge(shipped.catalogue, NoVectors("not configured"), shipped_guides())
    yield built
    await built.close()


@pytest.mark.parametrize(
    ("query", "title"),
    [
        ("how do I clear a task?", "Run a task again (clear it)"),
        ("why is my run queued?", "Why a run or task is queued, scheduled or does not start"),
        ("what is a pool?", "Limit how many tasks run at once"),
        ("where do I find the logs of try 2?", "Find and read the log of a task"),
    ],
)
async def test_how_to_questions_are_answered_from_guides(
    knowledge: RunbookKnowledge, query: str, title: str
) -> None:
    first, *_ = await knowledge.search(query)
    assert first.id == "R1"
    assert first.title.startswith(title)
    assert first.source == "guide"


@pytest.mark.parametrize(
    ("query", "cause"),
    [
        ("OSError: [Errno 28] No space left on device", "disk_full"),
        ("AirflowNotFoundException: The conn_id `dwh` isn't defined", "missing_connection"),
        ("my task was killed because it used too much memory", "oom_killed"),
    ],
)
async def test_errors_find_their_runbook(
    knowledge: RunbookKnowledge, query: str, cause: str
) -> None:
    found = await knowledge.search(query)
    assert cause in [passage.cause for passage in found[:3]]


@pytest.mark.parametrize(
    "query", ["what is the weather in Paris?", "bake sourdough bread", "", "asdf", '" OR 1 --']
)
async def test_nothing_is_found_for_what_no_text_is_about(
    knowledge: RunbookKnowledge, query: str
) -> None:
    assert await knowledge.search(query) == []


async def test_passages_are_numbered_and_limited(knowledge: RunbookKnowledge) -> None:
    found = await knowledge.search("task in the pool waits for a slot", limit=2)
    assert [passage.id for passage in found] == ["R1", "R2"]
    assert len({passage.title for passage in found}) == 2


async def test_a_new_and_a_changed_file_are_found_at_the_next_search(tmp_path: Path) -> None:
    write(tmp_path, "rose")
    knowledge = RunbookKnowledge(folder_of(tmp_path).catalogue, NoVectors("none"))
    assert [one.cause for one in await knowledge.search("the rose has wilted")] == ["rose"]
    write(tmp_path, "tulip")
    assert [one.cause for one in await knowledge.search("tulip has wilted")] == ["tulip"]
    (tmp_path / "rose.md").unlink()
    assert "rose" not in [one.cause for one in await knowledge.search("the rose has wilted")]
    await knowledge.close()


async def test_a_missing_folder_is_an_error_and_not_an_empty_answer(tmp_path: Path) -> None:
    knowledge = RunbookKnowledge(folder_of(tmp_path / "no").catalogue, NoVectors("none"))
    with pytest.raises(RunbookError):
        await knowledge.search("anything")
    first, _ = await knowledge.doctor()
    assert first.status is CheckStatus.FAILED
    await knowledge.close()


async def test_vectors_take_part_once_they_are_warm(tmp_path: Path) -> None:
    write(tmp_path, "rose", words="Leaves lack chlorophyll and turn pale.")
    vectors = FakeVectors()
    knowledge = RunbookKnowledge(folder_of(tmp_path).catalogue, vectors)
    cold = await knowledge.search("pale leaves")
    await knowledge.warm()
    warm = await knowledge.search("pale leaves")
    assert warm[0].score > cold[0].score
    assert vectors.syncs == 1
    await knowledge.close()


async def test_changed_files_are_embedded_behind_the_answer(tmp_path: Path) -> None:
    write(tmp_path, "rose")
    vectors = FakeVectors()
    knowledge = RunbookKnowledge(folder_of(tmp_path).catalogue, vectors)
    await knowledge.warm()
    write(tmp_path, "tulip")
    await knowledge.search("tulip has wilted")
    await until(lambda: vectors.syncs == 2, "the second sync")
    assert any(chunk.document == "tulip" for chunk in vectors.chunks)
    await knowledge.close()


async def test_vectors_that_fail_leave_the_search_by_words(tmp_path: Path) -> None:
    write(tmp_path, "rose")
    vectors = FakeVectors()
    knowledge = RunbookKnowledge(folder_of(tmp_path).catalogue, vectors)
    await knowledge.warm()
    vectors.broken = True
    assert [one.cause for one in await knowledge.search("rose has wilted")] == ["rose"]
    await knowledge.close()


async def test_an_index_in_other_hands_does_not_stop_the_start(tmp_path: Path) -> None:
    write(tmp_path, "rose")
    vectors = FakeVectors()
    vectors.broken = True
    knowledge = RunbookKnowledge(folder_of(tmp_path).catalogue, vectors)
    await knowledge.warm()
    assert [one.cause for one in await knowledge.search("rose has wilted")] == ["rose"]
    await knowledge.close()


async def test_many_searches_at_once_agree(knowledge: RunbookKnowledge) -> None:
    found = await asyncio.gather(*(knowledge.search("how do I clear a task?") for _ in range(20)))
    assert len({passages[0].title for passages in found}) == 1


async def test_the_doctor_says_that_search_goes_by_words_alone(tmp_path: Path) -> None:
    write(tmp_path, "rose")
    (tmp_path / "broken.md").write_text("no front matter")
    config = SearchConfig(tmp_path / "index")
    knowledge = build_knowledge(folder_of(tmp_path).catalogue, config)
    files, vectors = await knowledge.doctor()
    assert files.status is CheckStatus.WARNING
    assert "broken.md" in files.detail
    assert vectors.status is CheckStatus.WARNING
    assert "words alone" in vectors.detail
    await knowledge.close()


async def test_a_local_model_without_files_is_named_with_its_remedy(tmp_path: Path) -> None:
    write(tmp_path, "rose")
    config = SearchConfig(tmp_path / "index", LocalModel(tmp_path))
    knowledge = build_knowledge(folder_of(tmp_path).catalogue, config)
    await knowledge.warm()
    _, vectors = await knowledge.doctor()
    assert "model.safetensors" in vectors.remedy
    await knowledge.close()


def test_every_shipped_guide_can_be_read() -> None:
    guides = shipped_guides()
    assert len(guides) >= 10
    assert all(guide.signs and guide.source == "guide" for guide in guides)


async def test_embeddings_of_a_server_come_back_in_order() -> None:
    async with EmbeddingFake() as fake:
        embedder = OpenAIEmbedder(EmbeddingServer(fake.base_url, "e-1", "k"))
        texts = [f"text {number}" for number in range(150)]
        vectors = await asyncio.to_thread(embedder.embed, texts)
    assert [vector[0] for vector in vectors] == [float(len(text)) for text in texts]
    assert fake.requests == 3


@pytest.mark.parametrize(
    ("behaviour", "told"),
    [
        ("status", "replied 503"),
        ("hang", "does not answer"),
        ("rubbish", "makes no sense"),
        ("too_few", "another number"),
    ],
)
async def test_an_embedding_server_that_fails_is_told_so(behaviour: str, told: str) -> None:
    async with EmbeddingFake(behaviour) as fake:
        embedder = OpenAIEmbedder(EmbeddingServer(fake.base_url, "e-1", "k", seconds=0.3))
        with pytest.raises(VectorsUnavailable, match=told):
            await asyncio.to_thread(embedder.embed, ["a", "b"])


def test_the_servers_model_is_part_of_the_vectors_identity() -> None:
    one = OpenAIEmbedder(EmbeddingServer("http://127.0.0.1:9", "org/text-3.small"))
    assert one.identity == "openai-org-text-3-small"


async def test_a_service_does_not_start_beside_the_owner_of_its_index(tmp_path: Path) -> None:
    write(tmp_path, "rose")
    vectors = FakeVectors()
    vectors.broken = True
    vectors.error = IndexInUse("The index folder is in use by process 7.")
    knowledge = RunbookKnowledge(folder_of(tmp_path).catalogue, vectors)
    with pytest.raises(IndexInUse, match="process 7"):
        await knowledge.warm()
    assert [one.cause for one in await knowledge.search("rose has wilted")] == ["rose"]
    await knowledge.close()
