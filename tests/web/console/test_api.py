"""The JSON of the console: described as it is, whatever it is asked."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, settings

from bot.adapters.sql.engine import create_engine
from bot.services.console_ports import Role
from bot.web.console.api import api_routes, schema_of
from tests.fakes.turns import evidence, turn
from tests.web.console.support import Console
from tests.web.support import serving

SCHEMA = schemathesis.openapi.from_dict(schema_of(api_routes()))


async def test_the_api_is_described_to_whoever_is_signed_in(console: Console) -> None:
    async with console.signed_in() as client:
        described = (await client.get("/console/api/openapi.json")).json()
        listed = await client.get("/console/api/conversations?verdict=guilty")

    assert set(described["paths"]) == {
        "/api/conversations",
        "/api/conversations/{number}",
        "/api/figures",
    }
    assert listed.status_code == 422
    assert "verdict" in listed.json()["error"]


async def test_a_conversation_is_the_same_as_json(console: Console) -> None:
    await console.store.add_turn(turn(seen=evidence()))
    async with console.signed_in() as client:
        (item,) = (await client.get("/console/api/conversations?words=memory")).json()["items"]
        whole = (await client.get(f"/console/api/conversations/{item['number']}")).json()

    assert (item["verdict"], item["dag_id"]) == ("capacity", "orders_daily")
    assert whole["turns"][0]["quotes"][0]["text"] == "MemoryError"
    assert whole["turns"][0]["gaps"] == ["event log"]


@asynccontextmanager
async def served(url: str) -> AsyncIterator[tuple[str, str]]:
    """Its address, and the cookie of somebody who is signed in."""
    engine = create_engine(url)
    console = Console(engine)
    await console.store.add_turn(turn(seen=evidence()))
    async with serving(console.web) as address, console.signed_in(Role.VIEWER) as client:
        name, secret = next(iter(client.cookies.items()))
        yield address, f"{name}={secret}"
    await engine.dispose()


@pytest.fixture
def server(sqlite_url: str) -> Iterator[tuple[str, str]]:
    """In a thread of its own: the calls of these tests wait for their answers."""
    ready, over = threading.Event(), asyncio.Event()
    found: list[tuple[str, str]] = []
    loops: list[asyncio.AbstractEventLoop] = []

    async def run() -> None:
        loops.append(asyncio.get_running_loop())
        async with served(sqlite_url) as console:
            found.append(console)
            ready.set()
            await over.wait()

    thread = threading.Thread(target=asyncio.run, args=(run(),))
    thread.start()
    assert ready.wait(30)
    yield found[0]
    loops[0].call_soon_threadsafe(over.set)
    thread.join(30)


@SCHEMA.parametrize()
@settings(max_examples=12, suppress_health_check=list(HealthCheck))
def test_whatever_is_asked_the_answer_is_as_described(case: Any, server: tuple[str, str]) -> None:
    address, cookie = server
    case.call_and_validate(
        base_url=f"{address}/console",
        headers={"Cookie": cookie},
    )
