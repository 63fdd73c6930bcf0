"""Buttons, menus, modals, commands, shortcuts and response_urls, with a real Bolt app."""

from __future__ import annotations

from typing import Any

import aiohttp
import pytest
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient

from bot.playground.workspace import LocalWorkspace, ManualClock, Message
from bot.playground.workspace.errors import NoSuchThing
from bot.playground.workspace.world import AUTHOR, SUPPORT_CHANNEL
from tests.playground.bolt import bolt_app, by_socket
from tests.playground.test_web_api import refusal

OPTIONS = [{"text": {"type": "plain_text", "text": word}, "value": word} for word in ("a", "b")]
BLOCKS: list[dict[str, Any]] = [
    {
        "type": "actions",
        "block_id": "choices",
        "elements": [
            {
                "type": "button",
                "action_id": "evidence",
                "text": {"type": "plain_text", "text": "Evidence"},
                "value": "turn-1",
            },
            {"type": "static_select", "action_id": "pick", "options": OPTIONS},
        ],
    },
    {
        "type": "context_actions",
        "block_id": "rating",
        "elements": [
            {
                "type": "feedback_buttons",
                "action_id": "rate",
                "positive_button": {"text": {"type": "plain_text", "text": "👍"}, "value": "up"},
                "negative_button": {"text": {"type": "plain_text", "text": "👎"}, "value": "down"},
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
            "element": {"type": "plain_text_input", "action_id": "text", "initial_value": "-"},
        }
    ],
}


async def posted(ws: LocalWorkspace, client: AsyncWebClient) -> Message:
    reply = await client.chat_postMessage(channel=SUPPORT_CHANNEL, text="card", blocks=BLOCKS)
    return ws.actors.message(SUPPORT_CHANNEL, reply["ts"])


def app_with_actions(ws: LocalWorkspace, seen: list[dict[str, Any]]) -> AsyncApp:
    app = bolt_app(ws)

    async def take(ack: Any, body: dict[str, Any]) -> None:
        await ack()
        seen.append(body)

    for name in ("evidence", "pick", "rate"):
        app.action(name)(take)
    return app


async def test_a_pressed_button_reaches_the_app_with_its_value_and_place(
    ws: LocalWorkspace, client: AsyncWebClient
) -> None:
    seen: list[dict[str, Any]] = []
    message = await posted(ws, client)
    async with by_socket(ws, app_with_actions(ws, seen)):
        outcome = await ws.press(message, "evidence", AUTHOR.id)

    assert outcome.taken
    (body,) = seen
    assert body["actions"][0]["value"] == "turn-1"
    assert body["actions"][0]["block_id"] == "choices"
    assert body["user"]["id"] == AUTHOR.id
    assert body["container"]["message_ts"] == message.ts
    assert body["message"]["text"] == "card"
    assert body["trigger_id"]


async def test_menus_and_ratings_say_what_was_chosen(
    ws: LocalWorkspace, client: AsyncWebClient
) -> None:
    seen: list[dict[str, Any]] = []
    message = await posted(ws, client)
    async with by_socket(ws, app_with_actions(ws, seen)):
        await ws.press(message, "pick", AUTHOR.id, "b")
        await ws.press(message, "rate", AUTHOR.id, "negative")

    picked, rated = seen
    assert picked["actions"][0]["selected_option"]["value"] == "b"
    assert picked["state"]["values"]["choices"]["pick"]["selected_option"]["value"] == "b"
    assert rated["actions"][0]["value"] == "down"


async def test_what_is_not_there_cannot_be_pressed(
    ws: LocalWorkspace, client: AsyncWebClient
) -> None:
    message = await posted(ws, client)

    with pytest.raises(NoSuchThing, match="no element 'missing'; there are: evidence, pick, rate"):
        await ws.press(message, "missing")
    with pytest.raises(NoSuchThing, match="no option 'c'; there are 'a', 'b'"):
        await ws.press(message, "pick", AUTHOR.id, "c")


async def test_a_button_opens_a_modal_and_its_errors_come_back_into_it(
    ws: LocalWorkspace, client: AsyncWebClient
) -> None:
    app = bolt_app(ws)
    submitted: list[str] = []

    @app.action("evidence")
    async def open_modal(ack: Any, body: dict[str, Any], client: AsyncWebClient) -> None:
        await ack()
        await client.views_open(trigger_id=body["trigger_id"], view=MODAL)

    @app.view("why")
    async def submit(ack: Any, view: dict[str, Any]) -> None:
        text = view["state"]["values"]["comment"]["text"]["value"]
        if text == "-":
            await ack(response_action="errors", errors={"comment": "Say a little more"})
            return
        submitted.append(text)
        await ack()

    message = await posted(ws, client)
    async with by_socket(ws, app):
        await ws.press(message, "evidence", AUTHOR.id)
        (modal,) = ws.modals(AUTHOR.id)
        await ws.submit(modal)
        (refused,) = ws.modals(AUTHOR.id)
        await ws.submit(modal, {"comment": {"text": "the wrong task"}})

    assert refused.errors == {"comment": "Say a little more"}
    assert submitted == ["the wrong task"]
    assert ws.modals(AUTHOR.id) == []


async def test_a_trigger_opens_one_modal_within_three_seconds() -> None:
    clock = ManualClock()
    async with LocalWorkspace.started(clock=clock) as ws:
        client = AsyncWebClient(ws.bot_token, ws.base_url)
        trigger = ws.hub.new_trigger(AUTHOR.id)
        late = ws.hub.new_trigger(AUTHOR.id)
        await client.views_open(trigger_id=trigger, view=MODAL)
        used = await refusal(client.views_open(trigger_id=trigger, view=MODAL))
        clock.advance(3.1)
        expired = await refusal(client.views_open(trigger_id=late, view=MODAL))

    assert used["error"] == "exchanged_trigger_id"
    assert expired["error"] == "expired_trigger_id"


async def test_modals_stack_three_deep_and_close_together(
    ws: LocalWorkspace, client: AsyncWebClient
) -> None:
    await client.views_open(trigger_id=ws.hub.new_trigger(AUTHOR.id), view=MODAL)
    for _ in range(2):
        await client.views_push(trigger_id=ws.hub.new_trigger(AUTHOR.id), view=MODAL)
    fourth = await refusal(client.views_push(trigger_id=ws.hub.new_trigger(AUTHOR.id), view=MODAL))
    await ws.actors.close_view(ws.modals(AUTHOR.id)[-1].id, all_of_them=True)

    assert fourth["error"] == "push_limit_reached"
    assert ws.modals(AUTHOR.id) == []


async def test_an_update_with_an_old_hash_is_refused(
    ws: LocalWorkspace, client: AsyncWebClient
) -> None:
    view = (await client.views_open(trigger_id=ws.hub.new_trigger(AUTHOR.id), view=MODAL))["view"]
    await client.views_update(view_id=view["id"], hash=view["hash"], view=MODAL)
    body = await refusal(client.views_update(view_id=view["id"], hash=view["hash"], view=MODAL))

    assert body["error"] == "hash_conflict"


async def test_a_command_that_nobody_answers_says_so_to_its_user() -> None:
    async with LocalWorkspace.started() as ws:
        outcome = await ws.command("/airflow", "help")

        assert outcome.reason == "connection_failed"
        assert "operation_timeout" in ws.ephemerals(AUTHOR.id)[0].text


async def test_a_command_that_is_not_the_apps_is_unknown(ws: LocalWorkspace) -> None:
    with pytest.raises(NoSuchThing, match="/deploy is not a valid command"):
        await ws.command("/deploy")


async def test_a_response_url_replaces_and_deletes_what_was_acted_on(
    ws: LocalWorkspace, client: AsyncWebClient
) -> None:
    message = await posted(ws, client)
    url = AsyncWebhookClient(ws.response_urls.new(SUPPORT_CHANNEL, AUTHOR.id, message.ts))

    await url.send(text="replaced", replace_original=True)
    assert ws.current(message).text == "replaced"
    await url.send(text="beside it")
    assert ws.ephemerals(AUTHOR.id)[0].text == "beside it"
    await url.send(delete_original=True)
    assert ws.state.message(SUPPORT_CHANNEL, message.ts) is None


async def test_a_response_url_works_five_times_and_for_half_an_hour() -> None:
    clock = ManualClock()
    async with LocalWorkspace.started(clock=clock) as ws, aiohttp.ClientSession() as session:
        urls = ws.response_urls
        worn, old = urls.new(SUPPORT_CHANNEL, AUTHOR.id), urls.new(SUPPORT_CHANNEL, AUTHOR.id)
        statuses = []
        for _ in range(6):
            async with session.post(worn, json={"text": "x"}) as response:
                statuses.append(response.status)
                last = await response.text()
        clock.advance(1_801)
        async with session.post(old, json={"text": "x"}) as response:
            expired = await response.json()

    assert statuses == [200] * 5 + [404]
    assert "used_url" in last
    assert expired["error"] == "expired_url"


async def test_a_message_shortcut_carries_the_message(ws: LocalWorkspace) -> None:
    app = bolt_app(ws)
    seen: list[dict[str, Any]] = []

    @app.shortcut("explain")
    async def explain(ack: Any, body: dict[str, Any]) -> None:
        await ack()
        seen.append(body)

    said = await ws.say(SUPPORT_CHANNEL, AUTHOR.id, "Traceback …")
    async with by_socket(ws, app):
        await ws.actors.shortcut("explain", AUTHOR.id, said)

    assert seen[0]["type"] == "message_action"
    assert seen[0]["message"]["text"] == "Traceback …"
