"""A person uses every way into the bot and every way on from an answer: the whole bot, wired as in
production, behind the page."""

from __future__ import annotations

import re
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Locator, Page, expect

from bot.playground.workspace import LocalWorkspace
from bot.playground.workspace.world import ONCALL, ONCALL_CHANNEL, SUPPORT_CHANNEL
from tests.browser.pictures import pictured
from tests.end_to_end.asking import at_rest
from tests.end_to_end.conftest import Stage, bot_between

KEY_ERROR = "pipeline_70373"  # task enrich
VARIABLE = "pipeline_62808"  # task use_var
HOST = "airflow.example.com"
MORE = {
    "escalation": {"channel": ONCALL_CHANNEL},
    "slack": {"mode": "socket", "local_workspace": True, "unfurl_links": True},
}
OPENED_AT = {"AIRFLOW_BOT_CLUSTERS__lab__UI_URL": f"https://{HOST}"}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def stage(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    folder: Path = tmp_path_factory.mktemp("bot")
    recorded = [KEY_ERROR, VARIABLE]
    async with bot_between(
        folder, recorded, more=MORE, environ=OPENED_AT, unfurled=[HOST]
    ) as stage:
        yield stage


@pytest.fixture
def ws(stage: Stage) -> LocalWorkspace:
    return stage.ws


async def say(page: Page, words: str, *, in_thread: bool = False) -> None:
    box = page.locator("#thread-text" if in_thread else "#composer-text")
    await box.fill(words)
    await box.press("Enter")


async def ask(page: Page, words: str) -> Locator:
    """Mentions the bot; returns the message, once it stands."""
    await say(page, f"@airflow-support {words}")
    asked = page.locator("#timeline .message").filter(has_text=words).last
    await expect(asked).to_be_visible()
    return asked


def answer_in(page: Page) -> Locator:
    """The bot's newest message in the thread that stands open."""
    return page.locator("#thread .message").filter(has_text="Ref ").last


async def use_tool(message: Locator, name: str) -> None:
    await message.hover()
    await message.get_by_role("button", name=name).click()


async def test_a_mention_is_answered_followed_up_rated_and_solved(page: Page) -> None:
    asked = await ask(page, f"why did {VARIABLE} fail?")
    answer = answer_in(page)
    await expect(answer).to_contain_text("An Airflow Variable does not exist")
    await pictured(page, "door-answer")

    await say(page, "and what does the log say?", in_thread=True)
    await expect(page.locator("#thread .message").filter(has_text="Ref ")).to_have_count(2)

    first = page.locator("#thread .message").filter(has_text="does not exist").first
    await first.get_by_role("button", name="This did not help").click()
    form = page.get_by_role("dialog")
    await form.get_by_role("radio").first.click()
    await pictured(page, "door-what-went-wrong")
    await form.get_by_role("button", name="Send").click()
    await expect(form).to_have_count(0)

    await first.get_by_role("button", name="Solved").click()
    await expect(asked.locator('[data-reaction="white_check_mark"]')).to_be_visible()
    await pictured(page, "door-solved")


async def test_an_edited_question_is_answered_anew_and_a_deleted_one_not_at_all(
    page: Page,
) -> None:
    asked = await ask(page, f"is {KEY_ERROR} my code?")
    answer = answer_in(page)
    await expect(answer).to_contain_text("KeyError")
    await use_tool(asked, "Edit message")
    dialog = page.get_by_role("dialog")
    box = dialog.get_by_label("Message")
    await box.fill((await box.input_value()).replace(KEY_ERROR, VARIABLE))
    await dialog.get_by_role("button", name="Save").click()
    await expect(answer).to_contain_text("An Airflow Variable does not exist")
    await expect(page.locator("#thread .message").filter(has_text="Ref ")).to_have_count(1)

    edited = page.locator("#timeline .message").filter(has_text=f"is {VARIABLE} my code?")
    await use_tool(edited, "Delete message")
    await page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    await expect(page.get_by_text("An Airflow Variable does not exist")).to_have_count(0)


async def test_work_is_stopped_by_whoever_asked(page: Page, stage: Stage) -> None:
    held = stage.airflow.faults.hold["*"] = threading.Event()
    try:
        asked = await ask(page, f"why did {KEY_ERROR} fail, please?")
        await use_tool(asked, "Reply in thread")
        await say(page, "@airflow-support stop", in_thread=True)
        await expect(page.locator("#thread").get_by_text("Stopped.")).to_be_visible()
        await pictured(page, "door-stopped")
    finally:
        del stage.airflow.faults.hold["*"]
        held.set()
    await expect(page.get_by_text("KeyError")).to_have_count(0)


COMMANDS = {
    f"status {VARIABLE}": "failed",
    f"logs {VARIABLE}": "VARIABLE_NOT_FOUND",
    "runbook variable missing": "Variable",
    "health": "lab",
    "mine": "Dags",
    "oncall": "on-call",
    "help": "/airflow",
}


@pytest.mark.parametrize("words", COMMANDS)
async def test_a_command_shows_what_it_promises(page: Page, words: str) -> None:
    before = await page.locator("#timeline .message").count()
    await say(page, f"/airflow {words}")
    said = page.locator("#timeline .message").nth(before)
    await expect(said).to_contain_text(COMMANDS[words])
    await pictured(page, f"door-command-{words.split()[0]}")


async def test_the_form_answers_its_asker_alone_who_shares_it(page: Page) -> None:
    await say(page, "/airflow why")
    form = page.get_by_role("dialog")
    menu = form.locator("[role=combobox]").first
    await menu.fill(VARIABLE[-4:])
    await expect(form.locator("[role=option]")).to_have_count(1)
    await menu.press("ArrowDown")
    await menu.press("Enter")
    await form.get_by_label("For me alone").click()
    await pictured(page, "door-form")
    await form.get_by_role("button", name="Ask").click()
    private = page.locator(".message.ephemeral").filter(has_text="does not exist").last
    await expect(private).to_be_visible()
    await pictured(page, "door-private")
    await private.get_by_role("button", name="Share in the channel").click()
    shared = page.locator("#timeline .message:not(.ephemeral)").filter(has_text="shared this")
    await expect(shared.last).to_contain_text("does not exist")


async def test_the_shortcut_opens_the_same_form_anywhere(page: Page) -> None:
    await page.locator("#composer [aria-label=Shortcuts]").click()
    await page.get_by_role("button", name="Ask about Airflow").click()
    form = page.get_by_role("dialog")
    await expect(form.get_by_label("Channel (optional)")).to_be_visible()
    await pictured(page, "door-shortcut")
    await form.get_by_role("button", name="Cancel").click()
    await expect(form).to_have_count(0)


async def test_an_alert_of_another_app_is_explained_from_its_menu(
    page: Page, ws: LocalWorkspace
) -> None:
    words = f"Task Failed. Dag: {VARIABLE} Task: use_var"
    alert = await ws.say(SUPPORT_CHANNEL, ONCALL.id, words)
    message = page.locator(f'#timeline [data-ts="{alert.ts}"]')
    await message.hover()
    await message.get_by_role("button", name="Shortcuts").click()
    await message.get_by_role("button", name="Explain this failure").click()
    await message.get_by_role("button", name=re.compile("repl(y|ies)")).click()
    await expect(answer_in(page)).to_contain_text("An Airflow Variable does not exist")


async def test_a_thread_of_others_is_read_when_the_bot_is_called_into_it(
    page: Page, ws: LocalWorkspace, stage: Stage
) -> None:
    began = await ws.say(SUPPORT_CHANNEL, ONCALL.id, f"{KEY_ERROR} is red again, any idea?")
    await use_tool(page.locator(f'#timeline [data-ts="{began.ts}"]'), "Reply in thread")
    await say(page, "@airflow-support my code or you?", in_thread=True)
    await expect(answer_in(page)).to_contain_text("KeyError")
    await say(page, "not you", in_thread=True)
    await say(page, "what did we change yesterday?", in_thread=True)
    await expect(page.locator("#thread").get_by_text("what did we change")).to_be_visible()
    await at_rest(stage)
    await expect(page.locator("#thread .message").filter(has_text="Ref ")).to_have_count(1)
    await pictured(page, "door-thread")


async def test_a_link_to_airflow_shows_how_that_run_stands(page: Page) -> None:
    run = "manual__2026-11-22T05:50:13.565821+00:00"
    await say(page, f"red again: https://{HOST}/dags/{KEY_ERROR}/runs/{run}")
    preview = page.locator("#timeline .message .attachment").last
    await expect(preview).to_contain_text(KEY_ERROR)
    await expect(preview).to_contain_text("failed")
    await pictured(page, "door-link")


async def test_what_lies_behind_an_answer_is_shown_and_a_human_is_called(page: Page) -> None:
    await ask(page, f"why on earth did {KEY_ERROR} fail?")
    answer = page.locator("#thread .message").filter(has_text="What to do").first
    await answer.get_by_role("button", name="Show evidence").click()
    await expect(page.get_by_text("How to check it yourself").first).to_be_visible()
    await answer.get_by_role("button", name="Log excerpt").click()
    file = page.locator("#thread .file")
    await file.get_by_role("button", name="Show all").click()
    await expect(file).to_contain_text("KeyError")
    await answer.get_by_role("button", name="Ask a human").click()
    thread = page.locator("#thread")
    await expect(thread).to_contain_text("nobody has acknowledged it yet")
    await pictured(page, "door-behind")

    await page.get_by_role("radio", name="On-call engineer").click()
    await page.locator(f'[data-channel="{ONCALL_CHANNEL}"]').click()
    about_it = page.locator("#timeline .message").filter(has_text=KEY_ERROR)
    card = about_it.filter(has_text="Called because").last  # not the call to all in its thread
    await card.get_by_role("button", name="Acknowledge").click()
    await expect(card).to_contain_text("Somebody is on it")
    await pictured(page, "door-card")


async def test_home_shows_what_concerns_one_and_keeps_words_or_not(page: Page) -> None:
    await page.locator('[data-channel="app"]').click()
    await page.get_by_role("tab", name="Home").click()
    home = page.locator("#home")
    await expect(home).to_contain_text("Your Dags")
    await expect(home).to_contain_text("lab")
    await pictured(page, "door-home")
    await home.get_by_role("button", name="Edit my Dags").click()
    form = page.get_by_role("dialog")
    await form.get_by_role("textbox").first.fill("pipeline_6*")
    await form.get_by_role("button", name="Save").click()
    await expect(home).to_contain_text(VARIABLE)
    await pictured(page, "door-home-mine")


async def test_a_direct_message_needs_no_mention(page: Page) -> None:
    await page.locator('[data-channel="app"]').click()
    await say(page, f"why did {VARIABLE} fail?")
    await page.locator("#timeline .replies").last.click()
    await expect(answer_in(page)).to_contain_text("An Airflow Variable does not exist")
    await pictured(page, "door-direct")


async def test_who_made_the_channel_has_answers_given_in_private(page: Page) -> None:
    await page.get_by_role("radio", name="Platform engineer").click()
    await say(page, "/airflow settings")
    form = page.get_by_role("dialog")
    await pictured(page, "door-settings")
    await form.get_by_label("The asker alone").click()
    await form.get_by_role("button", name="Save").click()
    await expect(form).to_have_count(0)
    await page.get_by_role("radio", name="Dag author").click()
    await ask(page, f"and why did {VARIABLE} fail once more?")
    private = page.locator(".message.ephemeral").filter(has_text="does not exist").last
    await expect(private.get_by_role("button", name="Share in the channel")).to_be_visible()
    await pictured(page, "door-private-channel")
