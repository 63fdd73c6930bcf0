"""Slack's people as responders, looked up in a local workspace."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from bot.domain.errors import OnCallError
from bot.domain.oncall import Responder
from bot.playground.workspace import InstalledApp, LocalWorkspace, World
from bot.playground.workspace.world import (
    ALL_SCOPES,
    BOT_USER_ID,
    ONCALL,
    PLATFORM,
    PLATFORM_GROUP,
    UserGroup,
)
from bot.slack.client import web_client
from bot.slack.config import SlackConfig
from bot.slack.directory import SlackDirectory

ON_CALL = Responder("On-call engineer", ONCALL.id, "on-call@example.com")


@asynccontextmanager
async def directory(
    without: str = "", users: tuple[str, ...] = (ONCALL.id, BOT_USER_ID)
) -> AsyncIterator[SlackDirectory]:
    app = InstalledApp(scopes=ALL_SCOPES - {without})
    world = World(app=app, groups=(UserGroup(PLATFORM_GROUP, "p", "P", users),))
    async with LocalWorkspace.started(world=world) as workspace:
        config = SlackConfig(workspace.bot_token, api_url=workspace.base_url)
        yield SlackDirectory(web_client(config, config.bot_token))


async def test_the_members_of_a_group_are_people_and_no_apps() -> None:
    async with directory() as found:
        assert await found.members(PLATFORM_GROUP) == [ON_CALL]


async def test_a_person_is_found_by_e_mail() -> None:
    async with directory() as found:
        assert await found.id_of("platform@example.com") == PLATFORM.id
        assert await found.id_of("nobody@example.com") == ""
        assert await found.email_of(PLATFORM.id) == "platform@example.com"
        assert await found.email_of("U0NOBODY01") == ""


@pytest.mark.parametrize(
    ("group", "without", "says"),
    [
        ("S0NOWHERE1", "", "set on_call.user_group"),
        (PLATFORM_GROUP, "usergroups:read", "needs usergroups:read"),
    ],
)
async def test_what_slack_refuses_names_the_remedy(group: str, without: str, says: str) -> None:
    async with directory(without) as found:
        with pytest.raises(OnCallError, match=says):
            await found.members(group)


async def test_without_a_scope_people_go_by_their_ids() -> None:
    async with directory("users:read") as found:
        assert await found.members(PLATFORM_GROUP) == [
            Responder(ONCALL.id, ONCALL.id),
            Responder(BOT_USER_ID, BOT_USER_ID),
        ]
    async with directory("users:read.email") as found:
        assert await found.id_of("platform@example.com") == ""
        assert await found.members(PLATFORM_GROUP) == [Responder("On-call engineer", ONCALL.id)]


async def test_a_slack_that_does_not_answer_is_said_to_be_silent() -> None:
    found = SlackDirectory(web_client(SlackConfig("xoxb-1", api_url="http://127.0.0.1:9/api/"), ""))
    with pytest.raises(OnCallError, match="does not answer"):
        await found.members(PLATFORM_GROUP)
    assert await found.id_of("platform@example.com") == ""
