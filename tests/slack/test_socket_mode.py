"""The connection by which Slack delivers comes back, whatever happens to it."""

from __future__ import annotations

import pytest

from bot.playground.workspace import Fault, FaultKind, LocalWorkspace, Message
from bot.playground.workspace.hub import Notice
from bot.playground.workspace.journal import ApiCall
from bot.playground.workspace.world import AUTHOR, SUPPORT_CHANNEL
from bot.slack.socket_mode import PersistentClient
from tests.slack.driver import by_bot
from tests.slack.running import RunningBot


async def mention(ws: LocalWorkspace) -> Message:
    return await ws.say(SUPPORT_CHANNEL, AUTHOR.id, f"{ws.mention} why?", raw=True)


async def test_an_address_that_leads_nowhere_is_asked_for_anew(
    ws: LocalWorkspace, slack: RunningBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(PersistentClient, "patience", 0.3)
    spoilt: list[ApiCall] = []

    def spoil(notice: Notice) -> None:
        """The first two addresses are used up before we come."""
        if isinstance(notice, ApiCall) and notice.method == "apps.connections.open":
            if len(spoilt) < 2:
                ws.hub.socket_tickets.clear()
            spoilt.append(notice)

    stop = ws.hub.listen(spoil)
    await slack.slack.connect()
    stop()
    assert len(spoilt) == 3
    await ws.wait_for_reply(await mention(ws))
    await slack.idle()


async def test_a_connection_that_slack_renews_is_there_again(
    ws: LocalWorkspace, connected: RunningBot
) -> None:
    before = len(ws.calls("apps.connections.open"))
    await ws.sockets.refresh()
    await ws.wait_for_app()
    message = await mention(ws)
    await ws.wait_for_reply(message)
    await connected.idle()
    assert len(ws.calls("apps.connections.open")) == before + 1
    assert len(by_bot(ws, SUPPORT_CHANNEL)) == 1


async def test_an_error_page_instead_of_an_address_does_not_end_it(
    ws: LocalWorkspace, slack: RunningBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(PersistentClient, "patience", 0.3)
    method = "apps.connections.open"
    ws.faults.add(Fault(FaultKind.SERVER_ERROR, method, times=2))
    await slack.slack.connect()
    assert await slack.slack.is_connected()
    await slack.slack.stop_taking()
    assert not await slack.slack.is_connected()
