"""Puts search together as it is configured; what cannot be had is replaced and said."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bot.adapters.search.embedders import Embedder, EmbeddingServer
from bot.adapters.search.guides import shipped_guides
from bot.adapters.search.knowledge import RunbookKnowledge
from bot.adapters.search.vectors import NoVectors, VectorIndex
from bot.domain.parameters import DEFAULTS, Parameters
from bot.knowledge.catalogue import Catalogue

_SOURCE = "runbooks"


@dataclass(frozen=True, slots=True)
class LocalModel:
    """A MiniLM on this machine; without a folder an installed package is looked for."""

    folder: Path | None = None


@dataclass(frozen=True, slots=True)
class SearchConfig:
    """`embeddings` None: search by words alone. `index_folder` belongs to one process."""

    index_folder: Path
    embeddings: LocalModel | EmbeddingServer | None = None


def build_knowledge(
    catalogue: Callable[[], Catalogue],
    config: SearchConfig,
    parameters: Callable[[], Parameters] = lambda: DEFAULTS,
) -> RunbookKnowledge:
    """Opens nothing yet: `warm` does, in a service; a one-shot command searches by words."""
    return RunbookKnowledge(catalogue, _vectors(config), shipped_guides(), parameters)


def _vectors(config: SearchConfig) -> VectorIndex:
    match config.embeddings:
        case None:
            remedy = "Configure embeddings, local or of a server, to search by meaning as well."
            return NoVectors("no embeddings are configured", remedy)
        case EmbeddingServer() as server:
            from bot.adapters.search.openai_embedder import OpenAIEmbedder

            return _index(config, OpenAIEmbedder(server))
        case LocalModel(folder):
            return _local(config, folder)


def _local(config: SearchConfig, folder: Path | None) -> VectorIndex:
    # numpy and what else the model needs are imported only where it is used.
    from bot.adapters.search.minilm import MiniLM, find_model

    found = find_model(folder)
    if found is None:
        where = f"in {folder}" if folder else "among the installed packages"
        remedy = "Give the folder that holds model.safetensors, tokenizer.json and config.json."
        return NoVectors(f"there are no files of the local model {where}", remedy)
    return _index(config, MiniLM(found))


def _index(config: SearchConfig, embedder: Embedder) -> VectorIndex:
    from bot.adapters.chroma.index import ChromaIndex

    return ChromaIndex(config.index_folder, _SOURCE, embedder)
