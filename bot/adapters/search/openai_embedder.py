"""Text to vectors by any server that speaks OpenAI's embeddings."""

from __future__ import annotations

import re
from collections.abc import Sequence

import httpx
import openai

from bot.adapters.search.embedders import EmbeddingServer
from bot.adapters.search.vectors import VectorsUnavailable

_BATCH = 64
_NOT_NAME = re.compile(r"[^A-Za-z0-9]+")


class OpenAIEmbedder:
    """Implements `Embedder` over any server that speaks OpenAI's embeddings."""

    def __init__(self, server: EmbeddingServer) -> None:
        self._server = server
        self._client = openai.OpenAI(
            base_url=server.base_url,
            api_key=server.api_key or "none",
            timeout=server.seconds,
            max_retries=0,
        )

    @property
    def identity(self) -> str:
        return f"openai-{_NOT_NAME.sub('-', self._server.model).strip('-').lower()}"

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        batches = [list(texts[at : at + _BATCH]) for at in range(0, len(texts), _BATCH)]
        return [vector for batch in batches for vector in self._embed(batch)]

    def _embed(self, texts: list[str]) -> list[list[float]]:
        try:
            reply = self._client.embeddings.create(
                model=self._server.model, input=texts, encoding_format="float"
            )
            vectors = [list(one.embedding) for one in sorted(reply.data, key=lambda one: one.index)]
        except openai.APIStatusError as error:
            raise VectorsUnavailable(f"the embedding server replied {error.status_code}") from error
        except (openai.OpenAIError, httpx.HTTPError) as error:
            kind = type(error).__name__
            raise VectorsUnavailable(f"the embedding server does not answer ({kind})") from error
        except (AttributeError, TypeError, ValueError) as error:
            raise VectorsUnavailable("the embedding server's reply makes no sense") from error
        if len(vectors) != len(texts):
            raise VectorsUnavailable("the embedding server sent another number of vectors")
        return vectors
