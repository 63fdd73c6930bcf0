"""A server on loopback that speaks OpenAI's chat completions and behaves as it is told to.

It holds no model: a good answer is put together from the ids and words of the prompt itself.
`python -m tests.fakes.model_server PORT` serves good answers to try the bot against.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

Body = dict[str, Any]
Behaviour = Callable[[Body], Awaitable[web.StreamResponse]]

API_KEY = "sk-test-key-of-the-fake-server"
MODEL = "fake-1"
_LINE = re.compile(r"^\[([A-Z]\d+(?:\.\d+)?)\] (.+)$", re.MULTILINE)
_FIRST_STEP = re.compile(r"^\[(R\d+)\] 1\. (.+)$", re.MULTILINE)


class ModelServer:
    """`async with ModelServer() as server:`; `behaviour` may be changed at any time.

    `requests` holds the bodies of all chat requests, in order.
    """

    def __init__(self, behaviour: Behaviour | None = None, port: int = 0) -> None:
        self.behaviour: Behaviour = behaviour or grounded
        self.requests: list[Body] = []
        self.models: list[str] | None = [MODEL]
        self._port = port
        self._runner: web.AppRunner | None = None

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self._port}/v1"

    @property
    def last_prompt(self) -> str:
        return str(self.requests[-1]["messages"][-1]["content"])

    async def __aenter__(self) -> ModelServer:
        app = web.Application()
        app.router.add_post("/v1/chat/completions", self._chat)
        app.router.add_get("/v1/models", self._list_models)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self._port)
        await site.start()
        self._port = self._runner.addresses[0][1]
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    async def _chat(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        self.requests.append(body)
        if request.headers.get("Authorization") != f"Bearer {API_KEY}":
            return error(401, f"Incorrect API key provided: {API_KEY}", "invalid_api_key")
        return await self.behaviour(body)

    async def _list_models(self, request: web.Request) -> web.StreamResponse:
        if request.headers.get("Authorization") != f"Bearer {API_KEY}":
            return error(401, "Incorrect API key provided", "invalid_api_key")
        if self.models is None:
            return error(404, "Not found", "not_found")
        listed = [
            {"id": name, "object": "model", "created": 0, "owned_by": "x"} for name in self.models
        ]
        return web.json_response({"object": "list", "data": listed})


def completion(text: str | None, finish: str = "stop", refusal: str | None = None) -> web.Response:
    """A chat completion that holds `text`, with usage counted at four characters a token."""
    message = {"role": "assistant", "content": text, "refusal": refusal}
    usage = {"prompt_tokens": 1000, "completion_tokens": 200, "total_tokens": 1200}
    return web.json_response(
        {
            "id": "chatcmpl-1",
            "object": "chat.completion",
            "created": 0,
            "model": MODEL,
            "choices": [{"index": 0, "message": message, "finish_reason": finish}],
            "usage": usage,
        }
    )


def error(status: int, message: str, code: str = "") -> web.Response:
    body = {"error": {"message": message, "type": "error", "code": code or None, "param": None}}
    return web.json_response(body, status=status)


def shown(body: Body) -> dict[str, str]:
    """The citable lines of the prompt: the first line of each id."""
    lines: dict[str, str] = {}
    for name, text in _LINE.findall(body["messages"][-1]["content"]):
        lines.setdefault(name, text)
    return lines


def reply_text(
    claims: list[Body] | None = None,
    steps: list[Body] | None = None,
    agrees: str = "yes",
    reason: str = "",
    reason_cites: list[str] | None = None,
) -> str:
    return json.dumps(
        {
            "claims": claims or [],
            "next_steps": steps or [],
            "agrees_with_verdict": agrees,
            "reason": reason,
            "reason_cites": reason_cites or [],
        }
    )


def claim(text: str, *cites: str, quote: str = "", stance: str = "supports") -> Body:
    return {"text": text, "cites": list(cites), "quote": quote, "stance": stance}


def step(text: str, *cites: str) -> Body:
    return {"text": text, "cites": list(cites)}


def says(text: str) -> Behaviour:
    """Every request is answered with `text`."""

    async def behave(body: Body) -> web.StreamResponse:
        return completion(text)

    return behave


async def grounded(body: Body) -> web.StreamResponse:
    """Two claims and a step that quote the first lines of the prompt that may be cited."""
    lines = shown(body)
    cited = list(lines)[:2]
    claims = [claim(f"The evidence says: {lines[name]}", name, quote=lines[name]) for name in cited]
    first = _FIRST_STEP.search(body["messages"][-1]["content"])
    steps = [step(first.group(2), first.group(1))] if first else []
    return completion(reply_text(claims, steps))


def after(seconds: float, behaviour: Behaviour = grounded) -> Behaviour:
    async def behave(body: Body) -> web.StreamResponse:
        await asyncio.sleep(seconds)
        return await behaviour(body)

    return behave


async def hang(body: Body) -> web.StreamResponse:
    await asyncio.sleep(3600)
    return completion("")


def status(code: int, name: str = "", message: str = "no") -> Behaviour:
    async def behave(body: Body) -> web.StreamResponse:
        return error(code, message, name)

    return behave


async def refusing(body: Body) -> web.StreamResponse:
    return completion(None, refusal="I can't help with that.")


async def filtered(body: Body) -> web.StreamResponse:
    return completion("", finish="content_filter")


async def truncated(body: Body) -> web.StreamResponse:
    return completion('{"claims":[{"text":"The ta', finish="length")


async def html(body: Body) -> web.StreamResponse:
    return web.Response(text="<html>Sign in</html>", content_type="text/html")


async def broken_json(body: Body) -> web.StreamResponse:
    return web.Response(text='{"choices": [{', content_type="application/json")


async def no_choices(body: Body) -> web.StreamResponse:
    return web.json_response({"id": "1", "object": "chat.completion", "choices": None})


def refuses_option(refused: Callable[[Body], str], then: Behaviour = grounded) -> Behaviour:
    """400 with the words that `refused` returns; "" lets the request through."""

    async def behave(body: Body) -> web.StreamResponse:
        complaint = refused(body)
        return error(400, complaint) if complaint else await then(body)

    return behave


async def _serve(port: int) -> None:
    async with ModelServer(port=port) as server:
        print(f"{server.base_url}  model {MODEL}  key {API_KEY}")
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1])))
