"""A server on loopback that speaks OpenAI's fine-tuning and chats, and behaves as it is told to.

It trains nothing: a job stands where the test puts it, and a trained model is one that is right.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from tests.fakes.model_server import API_KEY, Body, completion, error

BASE, TUNED = "base-1", "ft:base-1:ours"
Behaviour = Callable[[web.Request], Awaitable[web.StreamResponse | None]]
"""Answers in place of the server; None leaves it to the server."""


class FineTuningServer:
    """`async with FineTuningServer() as server:`. `verdict` is what each model answers, `failing`
    is asked before every request but chats."""

    def __init__(self) -> None:
        self.files: dict[str, Body] = {}
        self.jobs: dict[str, Body] = {}
        self.asked: list[str] = []
        self.verdicts = {BASE: "unknown", TUNED: "code"}
        self.failing: Behaviour | None = None
        self.lists = True
        self._port = 0
        self._runner: web.AppRunner | None = None

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self._port}/v1"

    async def __aenter__(self) -> FineTuningServer:
        app = web.Application(middlewares=[self._guard], client_max_size=1 << 24)
        app.router.add_post("/v1/files", self._upload)
        app.router.add_get("/v1/files", self._list_files)
        app.router.add_post("/v1/fine_tuning/jobs", self._create)
        app.router.add_get("/v1/fine_tuning/jobs", self._list_jobs)
        app.router.add_get("/v1/fine_tuning/jobs/{job}", self._retrieve)
        app.router.add_post("/v1/chat/completions", self._chat)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self._port = self._runner.addresses[0][1]
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    def ends(self, status: str, **more: Any) -> None:
        """All jobs stand there from now on."""
        for job in self.jobs.values():
            model = TUNED if status == "succeeded" else None
            job.update(status=status, fine_tuned_model=model, trained_tokens=4711, **more)

    @web.middleware
    async def _guard(
        self,
        request: web.Request,
        handler: Callable[[web.Request], Awaitable[web.StreamResponse]],
    ) -> web.StreamResponse:
        if request.headers.get("Authorization") != f"Bearer {API_KEY}":
            return error(401, f"Incorrect API key provided: {API_KEY}", "invalid_api_key")
        if not request.path.endswith("completions"):
            self.asked.append(f"{request.method} {request.path.removeprefix('/v1')}")
            if self.failing is not None and (instead := await self.failing(request)) is not None:
                return instead
        return await handler(request)

    async def _upload(self, request: web.Request) -> web.StreamResponse:
        form = await request.post()
        file = form["file"]
        assert isinstance(file, web.FileField)
        content = file.file.read()
        made = {
            "id": f"file-{len(self.files)}",
            "object": "file",
            "bytes": len(content),
            "created_at": 0,
            "filename": file.filename,
            "purpose": form["purpose"],
            "status": "processed",
        }
        self.files[str(made["id"])] = made | {"content": content}
        return web.json_response(made)

    async def _list_files(self, request: web.Request) -> web.StreamResponse:
        if not self.lists:
            return error(404, "not here", "not_found")
        shown = [
            {key: value for key, value in one.items() if key != "content"}
            for one in self.files.values()
        ]
        return web.json_response({"object": "list", "data": shown, "has_more": False})

    async def _create(self, request: web.Request) -> web.StreamResponse:
        wanted = await request.json()
        name = f"ftjob-{len(self.jobs)}"
        self.jobs[name] = {
            "id": name,
            "object": "fine_tuning.job",
            "created_at": 0,
            "model": wanted["model"],
            "training_file": wanted["training_file"],
            "validation_file": wanted.get("validation_file"),
            "method": wanted["method"],
            "metadata": wanted["metadata"],
            "suffix": wanted.get("suffix"),
            "hyperparameters": {},
            "status": "validating_files",
            "fine_tuned_model": None,
            "organization_id": "o",
            "result_files": [],
            "seed": 1,
            "error": None,
            "finished_at": None,
            "trained_tokens": None,
        }
        return web.json_response(self.jobs[name])

    async def _list_jobs(self, request: web.Request) -> web.StreamResponse:
        if not self.lists:
            return error(404, "not here", "not_found")
        jobs = list(self.jobs.values())
        return web.json_response({"object": "list", "data": jobs, "has_more": False})

    async def _retrieve(self, request: web.Request) -> web.StreamResponse:
        return web.json_response(self.jobs[request.match_info["job"]])

    async def _chat(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        said = {"cause": "", "confidence": 0.9, "deciding_line": ""}
        return completion(json.dumps({"verdict": self.verdicts[body["model"]], **said}))


def once(status: int, part: str) -> Behaviour:
    """The first request whose path ends so is done, and answered with an error all the same."""
    seen: list[str] = []

    async def behave(request: web.Request) -> web.StreamResponse | None:
        if request.path.endswith(part) and request.method == "POST" and not seen:
            seen.append(request.path)
            return error(status, f"lost, with {API_KEY}", "server_error")
        return None

    return behave


async def slow(request: web.Request) -> web.StreamResponse | None:
    await asyncio.sleep(30)
    return None
