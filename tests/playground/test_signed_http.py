"""Signed HTTP deliveries: signature, challenge, retries, commands and interactivity."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from aiohttp import web
from slack_sdk.signature import SignatureVerifier

from bot.playground.workspace import LocalWorkspace, ManualClock
from bot.playground.workspace.world import AUTHOR, SUPPORT_CHANNEL
from tests.playground.bolt import bolt_app, by_http, serving

Responder = Callable[[web.Request], web.Response]


class Recorder:
    """An app of two lines: gives the challenge back, else answers as it was told."""

    def __init__(self, answer: Responder = lambda request: web.Response()) -> None:
        self.requests: list[tuple[dict[str, str], str]] = []
        self._answer = answer

    async def serve(self, request: web.Request) -> web.Response:
        text = await request.text()
        if request.content_type == "application/json":
            body: dict[str, Any] = await request.json()
            if body["type"] == "url_verification":
                return web.Response(text=body["challenge"])
        self.requests.append((dict(request.headers), text))
        return self._answer(request)

    def application(self) -> web.Application:
        application = web.Application()
        application.router.add_post("/events", self.serve)
        return application


async def test_bolt_answers_a_mention_over_http(ws: LocalWorkspace) -> None:
    app = bolt_app(ws)

    @app.event("app_mention")
    async def answer(event: dict[str, Any], say: Any) -> None:
        await say(text="On it", thread_ts=event["ts"])

    @app.event("message")
    async def ignore() -> None: ...

    async with by_http(ws, app):
        question = await ws.say(SUPPORT_CHANNEL, AUTHOR.id, "@airflow why?")
        reply = await ws.wait_for_reply(question)

    assert reply.text == "On it"


async def test_requests_carry_the_signature_that_slack_computes(ws: LocalWorkspace) -> None:
    recorder = Recorder()
    async with serving(recorder.application()) as address:
        await ws.use_http(f"{address}/events")
        await ws.say(SUPPORT_CHANNEL, AUTHOR.id, "grüße")
        await ws.wait_for(lambda: recorder.requests)

    headers, body = recorder.requests[0]
    assert SignatureVerifier(ws.signing_secret).is_valid_request(body, headers)
    assert not SignatureVerifier("another secret").is_valid_request(body, headers)


async def test_an_address_that_keeps_the_challenge_is_refused(ws: LocalWorkspace) -> None:
    application = web.Application()

    async def silent(request: web.Request) -> web.Response:
        return web.Response(text="hello")

    application.router.add_post("/events", silent)
    async with serving(application) as address:
        with pytest.raises(ValueError, match="did not give the challenge back"):
            await ws.use_http(f"{address}/events")


async def test_an_error_is_retried_three_times_with_its_number_and_reason() -> None:
    clock = ManualClock()
    recorder = Recorder(lambda request: web.Response(status=500))
    async with LocalWorkspace.started(clock=clock) as ws, serving(recorder.application()) as url:
        await ws.use_http(f"{url}/events")
        await ws.say(SUPPORT_CHANNEL, AUTHOR.id, "anything")
        await ws.wait_for(lambda: len(ws.deliveries()) == 2)
        clock.advance(60.0)
        await ws.wait_for(lambda: len(ws.deliveries()) == 3)
        clock.advance(300.0)
        await ws.wait_for(lambda: len(ws.deliveries()) == 4)

    numbers = [headers.get("X-Slack-Retry-Num") for headers, _ in recorder.requests]
    reasons = {headers.get("X-Slack-Retry-Reason") for headers, _ in recorder.requests[1:]}
    assert numbers == [None, "1", "2", "3"]
    assert reasons == {"http_error"}
    assert len({body for _, body in recorder.requests}) == 1


async def test_an_app_can_decline_retries() -> None:
    refusal = {"X-Slack-No-Retry": "1"}
    recorder = Recorder(lambda request: web.Response(status=500, headers=refusal))
    async with LocalWorkspace.started() as ws, serving(recorder.application()) as address:
        await ws.use_http(f"{address}/events")
        await ws.say(SUPPORT_CHANNEL, AUTHOR.id, "anything")
        await ws.say(SUPPORT_CHANNEL, AUTHOR.id, "and another")
        await ws.wait_for(lambda: len(ws.deliveries()) == 2)

    assert [entry.attempt for entry in ws.deliveries()] == [0, 0]


async def test_commands_and_interactions_come_as_forms(ws: LocalWorkspace) -> None:
    app = bolt_app(ws)
    seen: list[str] = []

    @app.command("/airflow")
    async def airflow(ack: Any, command: dict[str, Any], respond: Any) -> None:
        seen.append(command["text"])
        await ack("working on it")
        await respond(text="done", response_type="in_channel")

    async with by_http(ws, app):
        outcome = await ws.command("/airflow", "why orders & returns", SUPPORT_CHANNEL)

    assert outcome.taken
    assert seen == ["why orders & returns"]
    assert [m.text for m in ws.messages(SUPPORT_CHANNEL) if not m.ephemeral_to] == ["done"]
    assert [m.text for m in ws.ephemerals(AUTHOR.id)] == ["working on it"]
