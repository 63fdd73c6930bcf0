"""What the workspace says of people and channels, kept while it says nothing."""

from __future__ import annotations

import pytest

from bot.domain.errors import NotTold
from bot.playground.workspace import Fault, FaultKind, LocalWorkspace
from bot.playground.workspace.world import AUTHOR, SUPPORT_CHANNEL
from bot.slack.belonging import SlackBelonging
from bot.slack.config import SlackConfig


@pytest.mark.parametrize("method", ["users.info", "conversations.info"])
async def test_what_slack_said_counts_on_for_an_hour_while_it_is_in_trouble(
    ws: LocalWorkspace, config: SlackConfig, method: str
) -> None:
    seconds = [0.0]
    directory = SlackBelonging(config, clock=lambda: seconds[0])

    async def look() -> bool:
        if method == "users.info":
            return (await directory.member(AUTHOR.id)).is_guest
        return await directory.is_shared(SUPPORT_CHANNEL)

    assert await look() is False
    ws.faults.add(Fault(FaultKind.REFUSE, method, None, error="internal_error"))
    for later in (301.0, 1_800.0, 3_599.0):
        seconds[0] = later
        assert await look() is False
    seconds[0] = 3_611.0
    with pytest.raises(NotTold, match="internal_error"):
        await look()
    ws.faults.clear()
    with pytest.raises(NotTold):
        await look()
    seconds[0] += 11.0
    assert await look() is False


async def test_of_whom_slack_never_said_anything_it_is_asked_twice(
    ws: LocalWorkspace, config: SlackConfig
) -> None:
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    directory = SlackBelonging(config, sleep=sleep)
    ws.faults.add(Fault(FaultKind.SERVER_ERROR, "users.info"))
    assert not (await directory.member(AUTHOR.id)).is_guest
    ws.faults.add(Fault(FaultKind.REFUSE, "conversations.info", None, error="internal_error"))
    with pytest.raises(NotTold, match="internal_error"):
        await directory.is_shared(SUPPORT_CHANNEL)
    assert slept == [1.0, 1.0]
    assert len(ws.calls("conversations.info")) == 2
