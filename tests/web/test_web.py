"""The HTTP side, with real requests over loopback."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from bot.domain.checks import Check, CheckStatus
from bot.playground.workspace import LocalWorkspace
from bot.playground.workspace.world import AUTHOR, SUPPORT_CHANNEL
from bot.web.app import build_web
from tests.slack.conftest import answers, config, records, slack, ws
from tests.slack.doubles import ScriptedAnswers, always
from tests.slack.driver import by_bot, encode, signed
from tests.slack.payloads import load
from tests.slack.replies import CODE
from tests.slack.running import RunningBot
from tests.web.support import Ready, serving

__all__ = ["answers", "config", "records", "slack", "ws"]
BODY_MAX = 50_000


@pytest.fixture
def ready() -> Ready:
    return Ready()


@pytest.fixture
async def address(slack: RunningBot, ready: Ready) -> AsyncIterator[str]:
    web = build_web(ready, lambda: slack.app, version="1.2.3", body_max=BODY_MAX)
    async with serving(web) as url:
        yield url


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


async def test_a_conversation_over_signed_http(
    ws: LocalWorkspace, slack: RunningBot, answers: ScriptedAnswers, address: str
) -> None:
    answers.script = always(CODE)
    await ws.use_http(f"{address}/slack/events")
    message = await ws.say(SUPPORT_CHANNEL, AUTHOR.id, f"{ws.mention} why?", raw=True)
    answer = await ws.wait_for_reply(message)
    await slack.idle()
    assert by_bot(ws, SUPPORT_CHANNEL) == [answer]
    assert (await ws.press(answer, "evidence", AUTHOR.id)).taken
    assert (await ws.command("/airflow", "help", SUPPORT_CHANNEL, AUTHOR.id)).taken
    await slack.idle()
    evidence, _ = ws.ephemerals(AUTHOR.id)
    assert "Evidence" in evidence.text


async def test_what_the_database_did_not_keep_is_answered_so_that_slack_sends_it_again(
    address: str, http: aiohttp.ClientSession, slack: RunningBot
) -> None:
    content_type, body = encode(load("app_mention"))
    headers = signed(body, slack.config.signing_secret, content_type)
    door = f"{address}/slack/events"
    slack.engine.down = True
    async with http.post(door, data=body, headers=headers) as reply:
        assert reply.status == 500
    slack.engine.down = False
    async with http.post(door, data=body, headers=headers) as reply:
        assert reply.status == 200
    assert len(slack.engine.deliveries) == 1


async def test_health_says_that_the_process_lives(
    address: str, http: aiohttp.ClientSession
) -> None:
    async with http.get(f"{address}/healthz") as reply:
        assert reply.status == 200
        assert await reply.json() == {"status": "ok", "version": "1.2.3"}


async def test_readiness_names_what_is_in_the_way_and_no_details(
    address: str, http: aiohttp.ClientSession, ready: Ready
) -> None:
    async with http.get(f"{address}/readyz") as reply:
        assert reply.status == 200
    ready.checks.append(Check("database", "schema", CheckStatus.FAILED, "postgres://secret@db"))
    async with http.get(f"{address}/readyz") as reply:
        assert reply.status == 503
        body = await reply.text()
    assert json.loads(body)["checks"][1] == {
        "part": "database",
        "name": "schema",
        "status": "failed",
    }
    assert "secret" not in body


async def test_a_warning_does_not_make_the_bot_unready(
    address: str, http: aiohttp.ClientSession, ready: Ready
) -> None:
    ready.checks = [Check("model", "reachable", CheckStatus.WARNING)]
    async with http.get(f"{address}/readyz") as reply:
        assert reply.status == 200


async def test_a_wrong_signature_is_401(address: str, http: aiohttp.ClientSession) -> None:
    content_type, body = encode(load("app_mention"))
    headers = signed(body, "guessed", content_type)
    async with http.post(f"{address}/slack/events", data=body, headers=headers) as reply:
        assert reply.status == 401
    async with http.post(f"{address}/slack/events", data=body) as reply:
        assert reply.status == 401


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/json", b"\xff\xfe"),
        ("application/json", b"{"),
        ("application/json", b"[]"),
        ("application/json", b'"x"'),
        ("application/json", b"null"),
        ("application/json", b'{"authorizations": 5}'),
        ("application/json", b'{"enterprise": 5}'),
        ("application/x-www-form-urlencoded", b"payload=%7B"),
        ("application/x-www-form-urlencoded", b"payload=%5B1%5D"),
        ("text/plain", b""),
    ],
)
async def test_a_body_that_is_no_payload_is_refused_and_breaks_nothing(
    address: str,
    http: aiohttp.ClientSession,
    slack: RunningBot,
    content_type: str,
    body: bytes,
) -> None:
    headers = {"content-type": content_type}
    async with http.post(f"{address}/slack/events", data=body, headers=headers) as reply:
        assert reply.status in (400, 401)
        said: dict[str, Any] = await reply.json()
    assert "Traceback" not in str(said)


async def test_a_body_that_is_too_long_is_413_whether_it_says_so_or_not(
    address: str, http: aiohttp.ClientSession
) -> None:
    async with http.post(f"{address}/slack/events", data=b"x" * (BODY_MAX + 1)) as reply:
        assert reply.status == 413

    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield b"x" * 1_000

    async with http.post(f"{address}/slack/events", data=chunks()) as reply:
        assert reply.status == 413


async def test_without_slack_over_http_there_is_no_such_door(
    ready: Ready, http: aiohttp.ClientSession
) -> None:
    async with serving(build_web(ready)) as url, http.post(f"{url}/slack/events") as reply:
        assert reply.status == 404
