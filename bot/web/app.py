"""The HTTP side: how the bot is, Slack's signed requests, and whatever else is let in."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import APIRouter, FastAPI
from starlette.types import ASGIApp

from bot.services.standing import Standing
from bot.web.console.desk import BASE
from bot.web.health import Metrics, Ready, health_pages
from bot.web.limits import BodyLimit
from bot.web.slack_door import Slack, SlackDoor

# Slack's largest payloads carry a whole message with 50 blocks; a tenth of this would do.
BODY_MAX = 1_000_000


def build_web(
    ready: Ready,
    slack: Slack | None = None,
    *,
    version: str = "",
    body_max: int = BODY_MAX,
    metrics: Metrics | None = None,
    standing: Standing | None = None,
    routers: Sequence[APIRouter] = (),
    console: ASGIApp | None = None,
) -> ASGIApp:
    """The web application. Without `slack` (Socket Mode) Slack has no door here.

    `routers` are further doors, `console` the pages for those who look after the bot. The limit of
    `body_max` bytes holds for all of them.
    """
    web = FastAPI(title="Airflow Support Bot", version=version or "0", openapi_url=None)
    web.include_router(health_pages(ready, version=version, metrics=metrics, standing=standing))
    for router in routers:
        web.include_router(router)
    if console is not None:
        web.mount(BASE, console)
    doors = web if slack is None else SlackDoor(web, slack)
    return BodyLimit(doors, body_max)
