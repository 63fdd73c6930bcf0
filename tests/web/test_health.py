"""How the process says that it lives, is ready, and what it counted."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import aiohttp
from fastapi import APIRouter, FastAPI
from prometheus_client.parser import text_string_to_metric_families

from bot.adapters.metrics import PrometheusMeter
from bot.domain.checks import Check, CheckStatus
from bot.domain.work import QueueDepth
from bot.services.standing import Standing
from bot.web.app import build_web
from bot.web.health import health_pages
from tests.web.support import Ready, serving


async def get(url: str) -> tuple[int, str, str]:
    async with aiohttp.ClientSession() as http, http.get(url) as reply:
        return reply.status, await reply.text(), reply.headers["content-type"]


async def test_figures_are_served_in_the_form_that_prometheus_reads() -> None:
    meter = PrometheusMeter("1.2.3")
    meter.answered("capacity", 4.2)
    async with serving(build_web(Ready(), metrics=meter)) as url:
        status, text, content_type = await get(f"{url}/metrics")
    assert status == 200
    assert content_type == meter.content_type
    families = {family.name for family in text_string_to_metric_families(text)}
    assert {"airflow_bot_answers", "airflow_bot_answer_seconds"} <= families


async def test_without_a_meter_there_are_no_figures() -> None:
    async with serving(build_web(Ready())) as url:
        status, _, _ = await get(f"{url}/metrics")
    assert status == 404


async def test_a_dead_database_does_not_hang_the_figures() -> None:
    async def never() -> Sequence[QueueDepth]:
        await asyncio.Event().wait()
        return ()

    meter = PrometheusMeter("1.2.3", depths=never, patience=0.05)
    async with serving(build_web(Ready(), metrics=meter)) as url:
        status, text, _ = await get(f"{url}/metrics")
    assert status == 200
    assert "airflow_bot_queue_depth_unknown 1.0" in text
    assert "airflow_bot_build_info" in text


async def test_a_process_on_its_way_out_is_not_ready_at_once_but_alive() -> None:
    asked = 0

    async def ready() -> Sequence[Check]:
        nonlocal asked
        asked += 1
        return ()

    async with serving(build_web(ready, standing=Standing(is_stopping=True))) as url:
        status, text, _ = await get(f"{url}/readyz")
        assert (status, "stopping" in text, asked) == (503, True, 0)
        assert (await get(f"{url}/healthz"))[0] == 200


async def test_a_part_that_never_answers_is_not_ready() -> None:
    async def never() -> Sequence[Check]:
        await asyncio.Event().wait()
        return ()

    web = FastAPI()
    web.include_router(health_pages(never, version="1", seconds=0.05))
    async with serving(web) as url:
        status, text, _ = await get(f"{url}/readyz")
    assert status == 503
    assert "answers in time" in text


async def test_further_doors_are_under_the_same_limit() -> None:
    door = APIRouter()

    @door.post("/webhooks/something")
    async def take() -> dict[str, str]:
        return {"taken": "yes"}

    async with (
        serving(build_web(Ready(), routers=[door], body_max=100)) as url,
        aiohttp.ClientSession() as http,
    ):
        async with http.post(f"{url}/webhooks/something", data=b"x" * 100) as reply:
            assert reply.status == 200
        async with http.post(f"{url}/webhooks/something", data=b"x" * 101) as reply:
            assert reply.status == 413


async def test_failed_checks_are_named() -> None:
    ready = Ready()
    ready.checks = [Check("engine", "running", CheckStatus.FAILED)]
    async with serving(build_web(ready)) as url:
        status, text, _ = await get(f"{url}/readyz")
    assert status == 503
    assert "engine" in text
