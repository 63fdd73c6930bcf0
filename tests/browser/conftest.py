"""Headless Chromium on the page of a local workspace; skips with the reason where there is none."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, async_playwright, expect
from slack_sdk.web.async_client import AsyncWebClient

from bot.playground.workspace import Limits, LocalWorkspace

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PATIENCE = 20_000
"""Milliseconds to wait for what must happen; a busy machine is no fault of the page."""
NAMES = ("chromium", "chromium-browser", "google-chrome")


def chromium() -> str:
    """The browser's path. Without one the test is skipped; under CI it fails."""
    found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if found:
        return found
    reason = f"no Chromium found (looked for {', '.join(NAMES)} and $CHROMIUM): install chromium"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """One browser for all tests: starting it takes longer than most of them."""
    path = chromium()
    async with async_playwright() as playwright:
        started = await playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield started
        await started.close()


@pytest_asyncio.fixture(loop_scope="session")
async def ws() -> AsyncIterator[LocalWorkspace]:
    # Nobody listens in most of these tests: an event is offered once and forgotten.
    async with LocalWorkspace.started(limits=Limits(retries=())) as workspace:
        yield workspace


@pytest.fixture
def client(ws: LocalWorkspace) -> AsyncWebClient:
    return AsyncWebClient(token=ws.bot_token, base_url=ws.base_url)


@pytest_asyncio.fixture(loop_scope="session")
async def page(browser: Browser, ws: LocalWorkspace) -> AsyncIterator[Page]:
    """The opened page. Any error in its scripts, or any refused script, fails the test."""
    context = await browser.new_context(viewport={"width": 1440, "height": 900})
    context.set_default_timeout(PATIENCE)
    expect.set_options(timeout=PATIENCE)
    opened = await context.new_page()
    faults: list[str] = []
    opened.on("pageerror", lambda error: faults.append(str(error)))
    opened.on("console", lambda line: faults.append(line.text) if line.type == "error" else None)
    opened.on("dialog", lambda dialog: faults.append(f"a dialog opened: {dialog.message}"))
    await opened.goto(ws.page_url)
    await opened.wait_for_selector("#shell:not([hidden]) .row")
    yield opened
    await context.close()
    assert faults == []


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    one_loop = pytest.mark.asyncio(loop_scope="session")
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)
            item.add_marker(one_loop, append=False)
