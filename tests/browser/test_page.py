"""What a person sees and does on the page."""

from __future__ import annotations

from typing import Any

from playwright.async_api import Page, expect
from slack_sdk.web.async_client import AsyncWebClient

from bot.playground.workspace import LocalWorkspace
from bot.playground.workspace.world import AUTHOR, GENERAL_CHANNEL, ONCALL, SUPPORT_CHANNEL
from tests.playground.bolt import bolt_app, by_socket

CARD: list[dict[str, Any]] = [
    {"type": "header", "text": {"type": "plain_text", "text": "Your code"}},
    {
        "type": "section",
        "text": {"type": "mrkdwn", "text": "*load* failed with `KeyError`\n>line 118"},
        "fields": [{"type": "mrkdwn", "text": "*Try*\n2"}],
    },
    {
        "type": "actions",
        "block_id": "do",
        "elements": [
            {
                "type": "button",
                "action_id": "evidence",
                "style": "primary",
                "text": {"type": "plain_text", "text": "Evidence"},
                "value": "turn-1",
            },
            {
                "type": "button",
                "action_id": "page",
                "style": "danger",
                "text": {"type": "plain_text", "text": "Call on-call"},
                "confirm": {
                    "title": {"type": "plain_text", "text": "Call?"},
                    "text": {"type": "plain_text", "text": "It rings."},
                    "confirm": {"type": "plain_text", "text": "Call"},
                    "deny": {"type": "plain_text", "text": "No"},
                },
            },
            {
                "type": "overflow",
                "action_id": "more",
                "options": [
                    {"text": {"type": "plain_text", "text": "Wrong task"}, "value": "wrong"}
                ],
            },
            {
                "type": "static_select",
                "action_id": "pick",
                "placeholder": {"type": "plain_text", "text": "Another Dag"},
                "options": [{"text": {"type": "plain_text", "text": "returns"}, "value": "r"}],
            },
        ],
    },
    {
        "type": "context_actions",
        "elements": [
            {
                "type": "feedback_buttons",
                "action_id": "rate",
                "positive_button": {"text": {"type": "plain_text", "text": "Good"}, "value": "up"},
                "negative_button": {"text": {"type": "plain_text", "text": "Bad"}, "value": "no"},
            }
        ],
    },
]
MODAL: dict[str, Any] = {
    "type": "modal",
    "callback_id": "why",
    "title": {"type": "plain_text", "text": "What was wrong?"},
    "submit": {"type": "plain_text", "text": "Send"},
    "blocks": [
        {
            "type": "input",
            "block_id": "comment",
            "label": {"type": "plain_text", "text": "Comment"},
            "element": {"type": "plain_text_input", "action_id": "text"},
        }
    ],
}


async def test_the_page_says_that_it_is_not_slack(page: Page) -> None:
    await expect(page.locator("#banner")).to_contain_text("Local workspace: not Slack.")
    await expect(page.locator("h1")).to_have_text("#airflow-support")
    assert "token" not in page.url


async def test_without_the_token_nothing_is_shown(page: Page, ws: LocalWorkspace) -> None:
    await ws.say(SUPPORT_CHANNEL, AUTHOR.id, "secret plans")
    assert page.context.browser
    stranger = await (await page.context.browser.new_context()).new_page()
    await stranger.goto(ws.hub.url)

    await expect(stranger.locator("#locked")).to_contain_text("This workspace is locked")
    await expect(stranger.locator("body")).not_to_contain_text("secret plans")


async def test_a_message_appears_while_one_looks(page: Page, ws: LocalWorkspace) -> None:
    await ws.say(SUPPORT_CHANNEL, ONCALL.id, "the scheduler is *back*")

    message = page.locator("#timeline .message").last
    await expect(message).to_contain_text("On-call engineer")
    await expect(message.locator("strong")).to_have_text("back")


async def test_a_typed_mention_reaches_the_app_and_the_thread_opens(
    page: Page, ws: LocalWorkspace
) -> None:
    app = bolt_app(ws)

    @app.event("app_mention")
    async def answer(event: dict[str, Any], say: Any) -> None:
        await say(text="Your code", blocks=CARD, thread_ts=event["ts"])

    @app.event("message")
    async def ignore() -> None: ...

    async with by_socket(ws, app):
        await expect(page.locator(".signal")).to_have_text("App connected")
        box = page.locator("#composer-text")
        await box.press_sequentially("@air")
        await expect(page.locator("#composer-text-suggestions li")).to_have_count(1)
        await box.press("Enter")
        await box.press_sequentially("why did load fail?")
        await box.press("Enter")
        await expect(page.locator("#thread h3.b-header")).to_have_text("Your code")

    await expect(page.locator("#thread blockquote")).to_have_text("line 118")
    await expect(page.locator("#timeline .mention")).to_have_text("@Airflow Support")
    await expect(page.locator("#timeline .replies")).to_contain_text("1 reply")


async def test_buttons_menus_and_ratings_arrive_at_the_app(
    page: Page, ws: LocalWorkspace, client: AsyncWebClient
) -> None:
    app = bolt_app(ws)
    seen: list[dict[str, Any]] = []

    async def take(ack: Any, action: dict[str, Any]) -> None:
        await ack()
        seen.append(action)

    for name in ("evidence", "page", "more", "pick", "rate"):
        app.action(name)(take)
    await client.chat_postMessage(channel=SUPPORT_CHANNEL, text="card", blocks=CARD)
    async with by_socket(ws, app):
        await page.get_by_role("button", name="Evidence").click()
        await page.get_by_role("button", name="Call on-call").click()
        await page.get_by_role("dialog").get_by_role("button", name="No").click()
        await page.get_by_role("button", name="Call on-call").click()
        await page.locator('[data-element="confirm"]').click()
        await page.get_by_role("button", name="More actions").click()
        await page.get_by_role("button", name="Wrong task").click()
        await page.get_by_label("Another Dag").select_option("r")
        await page.get_by_role("button", name="Bad").click()
        await ws.wait_for(lambda: len(seen) == 5)

    assert [action["action_id"] for action in seen] == ["evidence", "page", "more", "pick", "rate"]
    assert seen[0]["value"] == "turn-1"
    assert seen[2]["selected_option"]["value"] == "wrong"
    assert seen[3]["selected_option"]["value"] == "r"
    assert seen[4]["value"] == "no"


async def test_an_app_that_does_not_answer_is_reported(
    page: Page, ws: LocalWorkspace, client: AsyncWebClient
) -> None:
    await client.chat_postMessage(channel=SUPPORT_CHANNEL, text="card", blocks=CARD)
    await page.get_by_role("button", name="Evidence").click()

    await expect(page.locator(".toast")).to_contain_text("The app did not answer")


async def test_a_modal_opens_objects_and_submits(page: Page, ws: LocalWorkspace) -> None:
    app = bolt_app(ws)
    comments: list[str] = []

    @app.command("/airflow")
    async def open_modal(ack: Any, body: dict[str, Any], client: AsyncWebClient) -> None:
        await ack()
        await client.views_open(trigger_id=body["trigger_id"], view=MODAL)

    @app.view("why")
    async def submit(ack: Any, view: dict[str, Any]) -> None:
        text = view["state"]["values"]["comment"]["text"]["value"]
        if len(text) < 5:
            await ack(response_action="errors", errors={"comment": "Say a little more"})
            return
        comments.append(text)
        await ack()

    async with by_socket(ws, app):
        box = page.locator("#composer-text")
        await box.press_sequentially("/air")
        await expect(page.locator("#composer-text-suggestions")).to_contain_text("/airflow")
        await box.press("Tab")
        await box.press("Enter")
        dialog = page.get_by_role("dialog", name="What was wrong?")
        await dialog.get_by_role("button", name="Send").click()
        await expect(dialog.get_by_role("alert")).to_have_text("Please fill in this field.")
        await dialog.get_by_label("Comment").fill("bad")
        await dialog.get_by_role("button", name="Send").click()
        await expect(dialog.get_by_role("alert")).to_have_text("Say a little more")
        await expect(dialog.get_by_label("Comment")).to_have_value("bad")
        await dialog.get_by_label("Comment").fill("the wrong task")
        await dialog.get_by_role("button", name="Send").click()
        await expect(dialog).to_have_count(0)

    assert comments == ["the wrong task"]


async def test_a_log_file_is_previewed_and_downloaded_whole(
    page: Page, ws: LocalWorkspace, client: AsyncWebClient
) -> None:
    log = "\n".join(f"line {number} <script>alert(1)</script>" for number in range(100))
    await client.files_upload_v2(channel=SUPPORT_CHANNEL, filename="load.log", content=log)
    await expect(page.locator(".file pre")).to_contain_text("line 0")
    async with page.expect_download() as download:
        await page.get_by_role("button", name="Download").click()
    path = await (await download.value).path()
    await page.get_by_role("button", name="Show all").click()
    await expect(page.locator(".file pre")).to_contain_text("line 99")

    assert path.read_text() == log


async def test_a_private_note_is_shown_to_its_reader_only(
    page: Page, client: AsyncWebClient
) -> None:
    await client.chat_postEphemeral(channel=SUPPORT_CHANNEL, user=AUTHOR.id, text="only you")
    await expect(page.locator(".message.ephemeral")).to_contain_text("Only you can see this")
    await page.get_by_role("radio", name="On-call engineer").click()

    await expect(page.locator(".message")).to_have_count(0)


async def test_reactions_are_toggled_by_whoever_one_acts_as(page: Page, ws: LocalWorkspace) -> None:
    said = await ws.say(SUPPORT_CHANNEL, AUTHOR.id, "hello")
    ws.actors.react(SUPPORT_CHANNEL, said.ts, ONCALL.id, "eyes")
    chip = page.locator('[data-reaction="eyes"]')
    await chip.click()
    await expect(chip).to_have_attribute("aria-pressed", "true")
    await expect(chip).to_contain_text("2")
    await chip.click()
    await expect(chip).to_contain_text("1")


async def test_a_stream_grows_and_its_status_can_be_stopped(
    page: Page, ws: LocalWorkspace, client: AsyncWebClient
) -> None:
    said = await ws.say_directly(AUTHOR.id, "why?")
    started = await client.chat_startStream(channel=said.channel, thread_ts=said.ts)
    place = {"channel": said.channel, "ts": started["ts"]}
    await page.locator('[data-channel="app"]').click()
    await page.locator(".replies").click()
    await client.api_call("chat.appendStream", json={**place, "markdown_text": "It ran **out"})
    await client.api_call("chat.appendStream", json={**place, "markdown_text": " of memory**"})
    await expect(page.locator("#thread .streaming strong")).to_have_text("out of memory")
    await page.locator('[data-element="stop"]').click()
    await expect(page.locator(".streaming")).to_have_count(0)


async def test_the_home_tab_shows_what_the_app_published(
    page: Page, client: AsyncWebClient
) -> None:
    await page.locator('[data-channel="app"]').click()
    await page.get_by_role("tab", name="Home").click()
    await expect(page.locator("#home")).to_contain_text("Nothing here yet")
    await client.views_publish(
        user_id=AUTHOR.id, view={"type": "home", "blocks": [CARD[0], CARD[1]]}
    )

    await expect(page.locator("#home .b-header")).to_have_text("Your code")


async def test_prompts_are_asked_with_one_click(
    page: Page, ws: LocalWorkspace, client: AsyncWebClient
) -> None:
    direct = ws.hub.open_direct(AUTHOR.id).id
    prompt = {"title": "Latest failure", "message": "Why did the latest run fail?"}
    await client.assistant_threads_setSuggestedPrompts(channel_id=direct, prompts=[prompt])
    await page.locator('[data-channel="app"]').click()
    await page.get_by_role("button", name="Latest failure").click()

    await expect(page.locator("#timeline .message")).to_contain_text("Why did the latest run fail?")


async def test_the_app_is_added_to_a_channel(page: Page, ws: LocalWorkspace) -> None:
    await page.locator(f'[data-channel="{GENERAL_CHANNEL}"]').click()
    await page.get_by_role("button", name="Add Airflow Support").click()
    await expect(page.get_by_role("button", name="Add Airflow Support")).to_have_count(0)

    assert ws.bot_user_id in ws.state.channels[GENERAL_CHANNEL].members


async def test_the_inspector_shows_messages_calls_and_deliveries(
    page: Page, ws: LocalWorkspace, client: AsyncWebClient
) -> None:
    await client.chat_postMessage(channel=SUPPORT_CHANNEL, text="card", blocks=CARD)
    await page.locator(".message").hover()
    await page.get_by_role("button", name="Show its JSON").click()
    await expect(page.locator("#inspector pre")).to_contain_text('"action_id": "evidence"')
    await page.get_by_role("tab", name="API calls").click()
    await expect(page.locator(".entry").first).to_contain_text("chat.postMessage")
    await page.get_by_role("tab", name="Deliveries").click()
    await expect(page.locator(".entry").first).to_contain_text("connection_failed")
    await page.get_by_role("tab", name="Faults").click()
    await page.get_by_role("button", name="Events come twice").click()
    await expect(page.locator(".sheet")).to_contain_text("events come 2 times")

    assert ws.faults.delivery.duplicates == 1
    assert ws.bot_token not in await page.content()


async def test_a_permalink_opens_its_thread(page: Page, ws: LocalWorkspace) -> None:
    root = await ws.say(SUPPORT_CHANNEL, AUTHOR.id, "root of the thread")
    link = f"{ws.hub.url}/archives/{SUPPORT_CHANNEL}/p{root.ts.replace('.', '')}"
    await page.goto(link)

    await expect(page.locator("#thread .message")).to_contain_text("root of the thread")


async def test_the_page_finds_back_after_the_connection_was_lost(
    page: Page, ws: LocalWorkspace
) -> None:
    ws.feed.close()
    await ws.say(SUPPORT_CHANNEL, ONCALL.id, "said meanwhile")

    await expect(page.locator("#timeline")).to_contain_text("said meanwhile")
