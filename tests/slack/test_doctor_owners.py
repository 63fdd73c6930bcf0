"""What `doctor` says of the owners of Dags, against a local workspace."""

from __future__ import annotations

from bot.domain.checks import CheckStatus
from bot.playground.workspace import Fault, FaultKind, LocalWorkspace
from bot.playground.workspace.world import AUTHOR, PLATFORM
from bot.slack.config import SlackConfig
from bot.slack.doctor_owners import check_owners


async def test_owners_whom_slack_knows_pass(config: SlackConfig) -> None:
    (check,) = await check_owners(config, {"orders-team": AUTHOR.id, "platform": PLATFORM.id})
    assert (check.status, check.detail) == (CheckStatus.OK, "2 of 2 are known")


async def test_each_owner_who_cannot_be_called_is_named_with_the_remedy(
    config: SlackConfig, ws: LocalWorkspace
) -> None:
    owners = {"orders-team": AUTHOR.id, "gone": "U0NOBODY99", "bot": ws.bot_user_id}
    checks = await check_owners(config, owners)

    assert [(check.name, check.status) for check in checks] == [
        ("owner gone", CheckStatus.FAILED),
        ("owner bot", CheckStatus.FAILED),
    ]
    assert "escalation.owners.gone" in checks[0].remedy
    assert "is an app" in checks[1].detail


async def test_without_the_scope_nothing_is_claimed(
    config: SlackConfig, ws: LocalWorkspace
) -> None:
    ws.faults.add(Fault(FaultKind.REFUSE, "users.info", error="missing_scope"))
    (check,) = await check_owners(config, {"orders-team": AUTHOR.id})
    assert check.status is CheckStatus.SKIPPED
    assert await check_owners(config, {}) == []
