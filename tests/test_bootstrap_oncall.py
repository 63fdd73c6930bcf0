"""Who is on call, put together from the settings: a rota, PagerDuty and a Slack user group."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

from bot.bootstrap_oncall import on_call_of
from bot.domain.checks import CheckStatus
from bot.playground.workspace import LocalWorkspace
from bot.playground.workspace.world import ONCALL, PLATFORM, PLATFORM_GROUP
from bot.settings import Settings, load_settings
from tests.adapters.oncall.test_rota_file import ROTA
from tests.fakes.pagerduty import BOT, POLICY, SERVICE, TOKEN, PagerDutyFake, Shift, User

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
ENGINEER = User("PENG", "Engineer", ONCALL.email)


def settings_of(folder: Path, ws: LocalWorkspace, pagerduty: PagerDutyFake) -> Settings:
    (folder / "rota.yaml").write_text(ROTA)
    config = folder / "airflow-bot.yaml"
    cluster = {"base_url": "http://127.0.0.1:1", "username": "bot", "password_env": "PASSWORD"}
    on_call = {
        "rota": "rota.yaml",
        "user_group": PLATFORM_GROUP,
        "pagerduty": {
            "token_env": "PAGERDUTY_TOKEN",
            "from_email": BOT,
            "service": SERVICE,
            "escalation_policy": POLICY,
            "api_url": pagerduty.api_url,
        },
    }
    tree = {"data_dir": str(folder), "clusters": {"lab": cluster}, "on_call": on_call}
    config.write_text(json.dumps(tree))
    environ = {
        "PASSWORD": "none-at-all",
        "PAGERDUTY_TOKEN": TOKEN,
        "SLACK_API_URL": ws.base_url,
        "SLACK_BOT_TOKEN": ws.bot_token,
        "SLACK_APP_TOKEN": ws.app_token,
    }
    return load_settings(environ, config)


async def test_every_source_of_the_settings_is_put_together(tmp_path: Path) -> None:
    users = [ENGINEER, User("PBOT", "Bot", BOT)]
    async with (
        LocalWorkspace.started() as ws,
        PagerDutyFake(users=users, shifts=[Shift(ENGINEER)]) as pagerduty,
    ):
        settings = settings_of(tmp_path, ws, pagerduty)
        async with on_call_of(settings, lambda: NOON) as on_call:
            found = [await on_call.on_call(level, NOON) for level in (1, 2, 3)]
            checks = await on_call.doctor()
    assert [one.source for one in found] == ["rota.yaml", "PagerDuty", "Slack user group"]
    assert [[who.user_id for who in one.responders] for one in found] == [
        ["U0KIM0002"],
        [ONCALL.id],
        [ONCALL.id, PLATFORM.id],
    ]
    assert {check.status for check in checks} == {CheckStatus.OK}


async def test_a_rota_broken_before_a_restart_leaves_the_last_good_one_in_force(
    tmp_path: Path,
) -> None:
    async with LocalWorkspace.started() as ws, PagerDutyFake() as pagerduty:
        settings = settings_of(tmp_path, ws, pagerduty)
        async with on_call_of(settings, lambda: NOON) as on_call:
            before = await on_call.on_call(1, NOON)
        (tmp_path / "rota.yaml").write_text("levels: [")
        async with on_call_of(settings, lambda: NOON) as on_call:
            after = await on_call.on_call(1, NOON)
    assert after.responders == before.responders
    assert "is refused, and the rota before it is in force" in after.warning
