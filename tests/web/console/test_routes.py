"""Every route of the console refuses whoever is not signed in, and whoever has too little a role.

The routes are those that there are: a new one is in these tests by being there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import pytest
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute, Mount

from bot.services.console_ports import Role
from bot.web.console.app import console_routes
from bot.web.console.desk import BASE, ConsoleConfig, Needs
from tests.web.console.support import Console

PUBLIC = {"/sign-in", "/sign-in/local", "/sign-in/slack", "/sign-in/slack/back"}


def routes() -> list[APIRoute]:
    found = list(flat(console_routes(ConsoleConfig(with_slack=True)).routes))
    assert {one.path for one in found if isinstance(one, Mount)} == {"/static"}
    assert all(isinstance(one, APIRoute | Mount) for one in found)
    return [one for one in found if isinstance(one, APIRoute)]


def flat(found: Iterable[BaseRoute]) -> Iterator[BaseRoute]:
    """FastAPI keeps routers that were included as they are."""
    for one in found:
        router = getattr(one, "original_router", None)
        if router is None:
            yield one
        else:
            yield from flat(router.routes)


def role_of(route: APIRoute) -> Role | None:
    needs = [one.dependency for one in route.dependencies if isinstance(one.dependency, Needs)]
    return max((one.role for one in needs), key=list(Role).index, default=None)


def requests() -> Iterator[tuple[str, str, Role]]:
    for route in routes():
        if route.path in PUBLIC:
            continue
        role = role_of(route)
        assert role is not None, f"{route.path} needs no role"
        for method in sorted(route.methods):
            yield method, BASE + re.sub(r"{[^}]+}", "1", route.path), role


ALL = list(requests())


def test_what_is_public_is_known() -> None:
    assert {route.path for route in routes() if role_of(route) is None} == PUBLIC


@pytest.mark.parametrize(("method", "path", "role"), ALL, ids=lambda value: str(value))
async def test_a_route_is_for_those_alone_who_have_its_role(
    console: Console, method: str, path: str, role: Role
) -> None:
    async with console.browser() as client:
        stranger = await client.request(method, path)
        client.cookies.set("airflow-bot-console", "guessed", domain="127.0.0.1")
        forger = await client.request(method, path)

    expected = 303 if method == "GET" and "/api/" not in path else 401
    assert (stranger.status_code, forger.status_code) == (expected, expected)
    if expected == 303:
        assert stranger.headers["location"].startswith(f"{BASE}/sign-in?next=")

    for less in [one for one in Role if not one.covers(role)]:
        async with console.signed_in(less) as client:
            form = {"csrf": client.headers["x-test-csrf"]}
            refused = await client.request(method, path, data=form if method != "GET" else None)
        assert refused.status_code == 403


@pytest.mark.parametrize(
    ("method", "path"),
    [(method, path) for method, path, _ in ALL if method not in ("GET", "HEAD")],
)
async def test_a_change_takes_a_form_of_ours(console: Console, method: str, path: str) -> None:
    async with console.signed_in(Role.ADMIN) as client:
        assert (await client.request(method, path)).status_code == 403
