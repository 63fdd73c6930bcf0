"""The console in a browser: found and read by keyboard, without scripts, in both schemes."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from bot.adapters.sql.engine import create_engine
from bot.domain.resolved_cases import CaseSource
from bot.domain.runbook_drafts import DraftOrigin, DraftState, RunbookDraft
from bot.services.console_ports import Role
from bot.web.console.guard import COOKIE
from tests.browser.pictures import pictured
from tests.fakes.turns import NOON, evidence, question, turn
from tests.web.console.support import Console
from tests.web.console.test_pages import case
from tests.web.support import serving

PAGES = (
    "conversations",
    "conversations/1",
    "review",
    "cases",
    "cases/CASE0001",
    "runbooks",
    "runbooks/oom_killed",
    "drafts",
    "drafts/DRAFT001",
    "incidents",
    "health",
    "figures",
    "datasets",
)


@pytest_asyncio.fixture(loop_scope="session")
async def address(migrated_file: Path, tmp_path: Path) -> AsyncIterator[tuple[str, str]]:
    """Of a console with something on each page, and the cookie of an administrator."""
    file = shutil.copy(migrated_file, tmp_path / "bot.db")
    engine = create_engine(f"sqlite+aiosqlite:///{file}")
    console = Console(engine)
    for number, name in enumerate(("alpha", "beta", "gamma")):
        asked = question(
            thread=replace(question().thread, thread=f"170000000{number}.1"),
            text=f"why did {name} fail?",
            asked_at=NOON + timedelta(minutes=number),
        )
        await console.store.add_turn(turn(f"turn-{number}", asked=asked, seen=evidence(60)))
    await console.cases.add(case(turn_id="turn-1"), (CaseSource("T1", "U7"),))
    made = RunbookDraft(
        "DRAFT001", "fp", DraftOrigin.SEEN, DraftState.PROPOSED, "Seen again", "seen_x.md",
        "---\ncause: seen_x\n---", 3, NOON,
    )  # fmt: skip
    await console.drafts.put(made, offers=False)
    async with serving(console.web) as served, console.signed_in(Role.ADMIN) as client:
        yield f"{served}/console", client.cookies[COOKIE]
    await engine.dispose()


async def opened(
    browser: Browser, address: tuple[str, str], width: int = 1280, *, scripts: bool = True
) -> tuple[Page, list[str]]:
    """A page of somebody who is signed in, and what goes wrong on it."""
    context = await browser.new_context(
        viewport={"width": width, "height": 800}, java_script_enabled=scripts
    )
    cookie = {"name": COOKIE, "value": address[1], "url": address[0]}
    await context.add_cookies([cookie])  # type: ignore[list-item]
    page = await context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda line: faults.append(line.text) if line.type == "error" else None)
    return page, faults


@pytest.mark.parametrize("width", [1280, 390])
async def test_every_page_fits_its_window_and_breaks_no_policy(
    browser: Browser, address: tuple[str, str], width: int
) -> None:
    page, faults = await opened(browser, address, width)
    for path in PAGES:
        reply = await page.goto(f"{address[0]}/{path}")
        assert reply is not None
        assert reply.status == 200
        over = await page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert over <= 0, f"{path} is wider than its window by {over}"
        await expect(page.locator("h1")).to_be_visible()
        await pictured(page, f"console-{path.replace('/', '-')}-{width}")
    assert faults == []
    await page.context.close()


async def test_a_conversation_is_found_and_opened_by_keyboard(
    browser: Browser, address: tuple[str, str]
) -> None:
    page, faults = await opened(browser, address)
    await page.goto(f"{address[0]}/conversations")
    await page.keyboard.press("Tab")
    assert await page.evaluate("document.activeElement.className") == "skip"
    await page.focus("#words")
    await page.keyboard.type("did bet")
    await expect(page.locator("#found tbody tr")).to_have_count(1)
    assert "words=did+bet" in page.url
    await page.focus("#found tbody a")
    await page.keyboard.press("Enter")
    await expect(page.locator("h1")).to_have_text("why did beta fail?")
    await expect(page.get_by_role("region", name="Verdict")).to_be_visible()
    await expect(page.locator(".log .deciding")).to_have_count(1)
    assert faults == []
    await page.context.close()


async def test_a_case_is_decided_without_scripts(
    browser: Browser, address: tuple[str, str]
) -> None:
    page, _ = await opened(browser, address, scripts=False)
    await page.goto(f"{address[0]}/review")
    await page.click("td.main a")
    await page.fill("textarea[name=fix]", "gave it more memory")
    await page.get_by_role("button", name="Approve as changed").click()
    await expect(page.get_by_role("status")).to_contain_text("Decided")
    await page.goto(f"{address[0]}/cases?state=approved")
    await expect(page.locator("tbody tr")).to_have_count(1)
    await page.get_by_role("button", name="Sign out").click()
    await expect(page.locator("h1")).to_have_text("Sign in")
    await page.context.close()
