"""A server on loopback that speaks OpenAI's embeddings, or fails to."""

from __future__ import annotations

import asyncio

from aiohttp import web


class EmbeddingFake:
    """Each vector is (length of the text, 1). `behaviour`: good, status, hang, rubbish, too_few."""

    def __init__(self, behaviour: str = "good") -> None:
        self._behaviour = behaviour
        self._runner: web.AppRunner | None = None
        self.requests = 0
        self.base_url = ""

    async def __aenter__(self) -> EmbeddingFake:
        app = web.Application()
        app.router.add_post("/v1/embeddings", self._embed)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.base_url = f"http://127.0.0.1:{self._runner.addresses[0][1]}/v1"
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    async def _embed(self, request: web.Request) -> web.StreamResponse:
        self.requests += 1
        texts = (await request.json())["input"]
        if self._behaviour == "status":
            return web.json_response({"error": {"message": "busy"}}, status=503)
        if self._behaviour == "hang":
            await asyncio.sleep(3600)
        if self._behaviour == "rubbish":
            return web.json_response({"data": [{"nothing": 1}]})
        kept = texts[1:] if self._behaviour == "too_few" else texts
        vectors = [
            {"object": "embedding", "index": index, "embedding": [float(len(text)), 1.0]}
            for index, text in enumerate(kept)
        ]
        # Servers need not keep the order; the index says which is whose.
        usage = {"prompt_tokens": 1, "total_tokens": 1}
        body = {"object": "list", "model": "e-1", "data": vectors[::-1], "usage": usage}
        return web.json_response(body)
