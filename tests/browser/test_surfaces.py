"""Shortcuts, the menu that fills as one types, Home and previews, used on the page."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest_asyncio
from playwright.async_api import Page, expect

from bot.playground.workspace import Limits, LocalWorkspace
from bot.playground.workspace.world import AUTHOR, SUPPORT_CHANNEL, InstalledApp, World
from bot.slack.manifest import manifest
from bot.slack.surfaces import all_surfaces
from tests.playground.bolt import bolt_app, by_socket

_LINK = "https://airflow.example.com/dags/orders"


def words(text: str) -> dict[str, str]:
    return {"type": "plain_text", "text": text}


FORM: dict[str, Any] = {
    "type": "modal",
    "callback_id": "asking",
    "title": words("Ask"),
    "submit": words("Send"),
    "blocks": [
        {
            "type": "input",
            "block_id": "dag",
            "label": words("Dag"),
            "element": {"type": "external_select", "action_id": "dag", "min_query_length": 1},
        }
    ],
}


@pytest_asyncio.fixture(loop_scope="session")
async def ws() -> AsyncIterator[LocalWorkspace]:
    made = manifest(all_surfaces(), unfurl_domains=["airflow.example.com"])
    app = InstalledApp.from_manifest(made)
    async with LocalWorkspace.started(World(app=app), limits=Limits(retries=())) as workspace:
        yield workspace


async def test_a_menu_is_filled_as_one_types_and_what_was_chosen_is_sent(
    page: Page, ws: LocalWorkspace
) -> None:
    app, sent = bolt_app(ws), []

    @app.global_shortcut("ask_about_airflow")
    async def ask(ack: Any, body: dict[str, Any], client: Any) -> None:
        await ack()
        await client.views_open(trigger_id=body["trigger_id"], view=FORM)

    @app.options("dag")
    async def suggest(ack: Any, body: dict[str, Any]) -> None:
        names = [f"orders_{n}" for n in range(3) if body["value"] in f"orders_{n}"]
        await ack(options=[{"text": words(name), "value": name} for name in names])

    @app.view("asking")
    async def take(ack: Any, view: dict[str, Any]) -> None:
        sent.append(view["state"]["values"]["dag"]["dag"]["selected_option"]["value"])
        await ack()

    async with by_socket(ws, app):
        await page.locator("#composer [aria-label=Shortcuts]").click()
        await page.get_by_role("button", name="Ask about Airflow").click()
        menu = page.locator("dialog [role=combobox]")
        await menu.fill("orders")
        await expect(page.locator("dialog [role=option]")).to_have_count(3)
        await menu.press("ArrowDown")
        await menu.press("Enter")
        await expect(menu).to_have_value("orders_1")
        await page.locator('dialog [data-element="submit"]').click()
        await expect(page.locator("dialog")).to_have_count(0)
    assert sent == ["orders_1"]


async def test_a_shortcut_on_a_message_reaches_the_app_with_the_message(
    page: Page, ws: LocalWorkspace
) -> None:
    app, used = bolt_app(ws), []

    @app.message_shortcut("explain_failure")
    async def explain(ack: Any, body: dict[str, Any]) -> None:
        await ack()
        used.append(body["message"]["text"])

    async with by_socket(ws, app):
        await ws.say(SUPPORT_CHANNEL, AUTHOR.id, "Dag: orders")
        message = page.locator("#timeline .message").last
        await message.hover()
        await message.get_by_role("button", name="Shortcuts").click()
        await message.get_by_role("button", name="Explain this failure").click()
        await ws.wait_for(lambda: ws.deliveries("message_action"))
    assert used == ["Dag: orders"]


async def test_a_preview_stands_under_the_link_that_it_is_of(
    page: Page, ws: LocalWorkspace
) -> None:
    app = bolt_app(ws)

    @app.event("message")
    async def ignore() -> None: ...

    @app.event("link_shared")
    async def show(event: dict[str, Any], client: Any) -> None:
        blocks = [{"type": "section", "text": words("orders: latest run failed")}]
        unfurls = {link["url"]: {"blocks": blocks} for link in event["links"]}
        await client.chat_unfurl(
            unfurl_id=event["unfurl_id"], source=event["source"], unfurls=unfurls
        )

    async with by_socket(ws, app):
        await ws.say(SUPPORT_CHANNEL, AUTHOR.id, f"red again: {_LINK} and https://example.org/x")
        preview = page.locator("#timeline .message .attachment")
        await expect(preview).to_have_text("orders: latest run failed")
