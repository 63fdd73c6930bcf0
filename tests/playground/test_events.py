"""Which events come of what people do, and in which shape."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient

from bot.playground.workspace import InstalledApp, LocalWorkspace, World
from bot.playground.workspace.world import (
    AUTHOR,
    GENERAL_CHANNEL,
    PRIVATE_CHANNEL,
    SUPPORT_CHANNEL,
)


def bodies(ws: LocalWorkspace) -> list[dict[str, Any]]:
    """The inner events of all first attempts, oldest first."""
    return [entry.payload["event"] for entry in ws.deliveries() if entry.attempt == 0]


async def heard(ws: LocalWorkspace, count: int) -> list[dict[str, Any]]:
    await ws.wait_for(lambda: len(bodies(ws)) >= count)
    return bodies(ws)


async def test_one_mention_is_two_events_with_two_ids_and_one_ts(ws: LocalWorkspace) -> None:
    said = await ws.say(SUPPORT_CHANNEL, AUTHOR.id, "@airflow why?")
    events = await heard(ws, 2)

    assert {event["type"] for event in events} == {"message", "app_mention"}
    assert {event["ts"] for event in events} == {said.ts}
    assert len({entry.payload["event_id"] for entry in ws.deliveries()}) == 2
    assert {event["text"] for event in events} == {f"<@{ws.bot_user_id}> why?"}


async def test_an_event_is_wrapped_as_slack_wraps_it(ws: LocalWorkspace) -> None:
    await ws.say(SUPPORT_CHANNEL, AUTHOR.id, "hello")
    await heard(ws, 1)
    payload = ws.deliveries()[0].payload

    assert payload["type"] == "event_callback"
    assert payload["team_id"] == ws.team_id
    assert payload["api_app_id"] == ws.hub.world.app.id
    assert payload["authorizations"][0]["user_id"] == ws.bot_user_id
    assert payload["event"]["blocks"][0]["type"] == "rich_text"
    assert payload["event"]["channel_type"] == "channel"
    assert payload["event_context"]
    assert payload["event"]["client_msg_id"]


async def test_a_direct_message_is_a_message_event_and_never_a_mention(ws: LocalWorkspace) -> None:
    await ws.say_directly(AUTHOR.id, "@airflow why?")
    events = await heard(ws, 1)

    assert [(event["type"], event["channel_type"]) for event in events] == [("message", "im")]


async def test_an_edit_shows_both_messages(ws: LocalWorkspace) -> None:
    said = await ws.say(SUPPORT_CHANNEL, AUTHOR.id, "bef*re")
    ws.actors.edit(SUPPORT_CHANNEL, said.ts, AUTHOR.id, "before")
    _, event = await heard(ws, 2)

    assert event["subtype"] == "message_changed"
    assert event["previous_message"]["text"] == "bef*re"
    assert event["message"]["text"] == "before"
    assert event["message"]["edited"]["user"] == AUTHOR.id
    assert event["hidden"] is True
    assert event["ts"] != said.ts


async def test_a_deletion_names_what_went(ws: LocalWorkspace) -> None:
    said = await ws.say(SUPPORT_CHANNEL, AUTHOR.id, "oops")
    ws.actors.delete(SUPPORT_CHANNEL, said.ts, AUTHOR.id)
    _, event = await heard(ws, 2)

    assert event["subtype"] == "message_deleted"
    assert event["deleted_ts"] == said.ts
    assert event["previous_message"]["text"] == "oops"


async def test_a_deleted_root_becomes_a_tombstone_event(ws: LocalWorkspace) -> None:
    root = await ws.say(SUPPORT_CHANNEL, AUTHOR.id, "root")
    await ws.say(SUPPORT_CHANNEL, AUTHOR.id, "reply", root.ts)
    ws.actors.delete(SUPPORT_CHANNEL, root.ts, AUTHOR.id)
    event = (await heard(ws, 3))[-1]

    assert event["subtype"] == "message_changed"
    assert event["message"]["subtype"] == "tombstone"


async def test_a_reaction_names_its_message_and_author(ws: LocalWorkspace) -> None:
    said = await ws.say(SUPPORT_CHANNEL, AUTHOR.id, "hello")
    ws.actors.react(SUPPORT_CHANNEL, said.ts, AUTHOR.id, "+1")
    _, event = await heard(ws, 2)

    assert event["type"] == "reaction_added"
    assert event["reaction"] == "+1"
    assert event["item"] == {"type": "message", "channel": SUPPORT_CHANNEL, "ts": said.ts}
    assert event["item_user"] == AUTHOR.id


async def test_a_channel_is_heard_only_after_the_app_was_added(ws: LocalWorkspace) -> None:
    await ws.say(GENERAL_CHANNEL, AUTHOR.id, "@airflow not heard")
    ws.actors.add_app(GENERAL_CHANNEL, AUTHOR.id)
    await ws.say(GENERAL_CHANNEL, AUTHOR.id, "heard")
    events = await heard(ws, 2)

    assert [event["type"] for event in events] == ["member_joined_channel", "message"]
    assert events[0]["inviter"] == AUTHOR.id
    assert events[0]["user"] == ws.bot_user_id


async def test_a_private_channel_is_a_group(ws: LocalWorkspace) -> None:
    await ws.say(PRIVATE_CHANNEL, AUTHOR.id, "hello")
    (event,) = await heard(ws, 1)

    assert event["channel_type"] == "group"


async def test_only_what_the_manifest_subscribes_to_is_sent() -> None:
    app = replace(InstalledApp(), events=frozenset({"app_mention"}))
    async with LocalWorkspace.started(World(app=app)) as ws:
        said = await ws.say(SUPPORT_CHANNEL, AUTHOR.id, "@airflow why?")
        ws.actors.react(SUPPORT_CHANNEL, said.ts, AUTHOR.id, "+1")
        await ws.say_directly(AUTHOR.id, "hello")
        ws.actors.open_app_home(AUTHOR.id, "messages")
        events = await heard(ws, 1)

    assert [event["type"] for event in events] == ["app_mention"]


async def test_the_apps_own_messages_come_back_marked_as_its_own(
    ws: LocalWorkspace, client: AsyncWebClient
) -> None:
    await client.chat_postMessage(channel=SUPPORT_CHANNEL, text="@airflow talks to itself")
    (event,) = await heard(ws, 1)

    assert event["type"] == "message"
    assert event["bot_id"] == ws.hub.world.app.bot_id
    assert event["user"] == ws.bot_user_id


async def test_opening_the_home_tab_shows_the_published_view(
    ws: LocalWorkspace, client: AsyncWebClient
) -> None:
    ws.actors.open_app_home(AUTHOR.id, "home")
    view = {"type": "home", "blocks": [{"type": "divider"}]}
    await client.views_publish(user_id=AUTHOR.id, view=view)
    ws.actors.open_app_home(AUTHOR.id, "home")
    first, second = await heard(ws, 2)

    assert "view" not in first
    assert second["view"]["blocks"][0]["type"] == "divider"
    assert second["channel"].startswith("D")


def test_a_manifest_decides_what_the_app_may_and_hears() -> None:
    app = InstalledApp.from_manifest(
        {
            "display_information": {"name": "Helper"},
            "features": {
                "bot_user": {"display_name": "Helper"},
                "slash_commands": [{"command": "/help-me", "description": "Helps"}],
                "shortcuts": [{"name": "Explain", "callback_id": "explain", "type": "message"}],
            },
            "oauth_config": {"scopes": {"bot": ["chat:write"]}},
            "settings": {"event_subscriptions": {"bot_events": ["app_mention"]}},
        }
    )

    assert app.scopes == {"chat:write"}
    assert app.events == {"app_mention"}
    assert [command.name for command in app.commands] == ["/help-me"]
    assert app.shortcuts[0].callback_id == "explain"
    assert not app.agent_view
    assert not app.home_tab
