"""Everything can be reached and done without a mouse."""

from __future__ import annotations

from playwright.async_api import Page, expect
from slack_sdk.web.async_client import AsyncWebClient

from bot.playground.workspace import LocalWorkspace
from bot.playground.workspace.world import AUTHOR, SUPPORT_CHANNEL
from tests.browser.test_page import CARD, MODAL


async def reach(page: Page, selector: str) -> None:
    """Presses Tab until `selector` has the focus."""
    for _ in range(60):
        if await page.evaluate("(s) => document.activeElement.matches(s)", selector):
            return
        await page.keyboard.press("Tab")
    raise AssertionError(f"Tab never reached {selector}")


async def test_the_first_tab_stop_leads_to_the_message_box(page: Page) -> None:
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")

    await expect(page.locator("#composer-text")).to_be_focused()


async def test_one_answers_in_a_thread_without_a_mouse(page: Page, ws: LocalWorkspace) -> None:
    root = await ws.say(SUPPORT_CHANNEL, AUTHOR.id, "root")
    await expect(page.locator("#timeline .message")).to_have_count(1)
    await reach(page, f'[data-focus="reply {root.ts}"]')
    await page.keyboard.press("Enter")
    await reach(page, "#thread-text")
    await page.keyboard.type("first line")
    await page.keyboard.press("Shift+Enter")
    await page.keyboard.type("second line")
    await page.keyboard.press("Enter")
    await expect(page.locator("#thread .message")).to_have_count(2)
    await page.keyboard.press("Escape")
    await expect(page.locator("#thread")).to_be_hidden()

    assert ws.replies(root)[0].text == "first line\nsecond line"


async def test_a_reaction_is_added_with_arrows(page: Page, ws: LocalWorkspace) -> None:
    said = await ws.say(SUPPORT_CHANNEL, AUTHOR.id, "hello")
    await expect(page.locator("#timeline .message")).to_have_count(1)
    await reach(page, f'[data-focus="react {said.ts}"]')
    await page.keyboard.press("Enter")
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")

    await expect(page.locator("[data-reaction]")).to_have_count(1)


async def test_the_focus_stays_on_a_button_whose_message_changes(
    page: Page, client: AsyncWebClient
) -> None:
    posted = await client.chat_postMessage(channel=SUPPORT_CHANNEL, text="card", blocks=CARD)
    await reach(page, '[data-element="evidence"]')
    changed = [{**CARD[0], "text": {"type": "plain_text", "text": "Changed"}}, *CARD[1:]]
    await client.chat_update(channel=SUPPORT_CHANNEL, ts=posted["ts"], text="card", blocks=changed)
    await expect(page.locator(".b-header")).to_have_text("Changed")

    await expect(page.locator('[data-element="evidence"]')).to_be_focused()


async def test_a_modal_takes_the_focus_and_escape_closes_it(
    page: Page, ws: LocalWorkspace, client: AsyncWebClient
) -> None:
    await client.views_open(trigger_id=ws.hub.new_trigger(AUTHOR.id), view=MODAL)
    await expect(page.get_by_label("Comment")).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("dialog")).to_have_count(0)

    assert ws.modals(AUTHOR.id) == []


async def test_arrows_choose_whom_one_acts_as(page: Page) -> None:
    await reach(page, '[data-person="U0AUTHOR01"]')
    await page.keyboard.press("ArrowDown")

    await expect(page.locator('[data-person="U0ONCALL01"]')).to_have_attribute(
        "aria-checked", "true"
    )
    await expect(page.locator('[data-person="U0ONCALL01"]')).to_be_focused()


async def test_every_control_has_a_name(page: Page, client: AsyncWebClient) -> None:
    await client.chat_postMessage(channel=SUPPORT_CHANNEL, text="card", blocks=CARD)
    await expect(page.locator(".b-header")).to_be_visible()
    nameless = await page.evaluate(
        """() => [...document.querySelectorAll("button, a, input, select, textarea")]
          .filter((node) => node.checkVisibility()
            && !(node.getAttribute("aria-label") || node.innerText.trim() || node.labels?.length))
          .map((node) => node.outerHTML)"""
    )

    assert nameless == []
