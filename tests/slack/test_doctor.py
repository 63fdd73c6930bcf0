"""What `doctor` says of the Slack side, against a local workspace."""

from __future__ import annotations

from dataclasses import replace

from bot.domain.checks import Check, CheckStatus
from bot.playground.workspace import LocalWorkspace
from bot.playground.workspace.world import InstalledApp, World
from bot.slack.config import SlackConfig
from bot.slack.doctor import check_slack
from bot.slack.manifest import manifest, required_scopes
from bot.slack.surfaces import all_surfaces


def by_name(checks: object) -> dict[str, Check]:
    assert isinstance(checks, list)
    return {check.name: check for check in checks}


async def test_a_sound_setup_passes(config: SlackConfig) -> None:
    checks = by_name(await check_slack(config, socket_mode=True))
    assert checks["bot token"].status is CheckStatus.OK
    assert checks["scopes"].status is CheckStatus.OK
    assert checks["Socket Mode"].status is CheckStatus.OK
    assert checks["events"].status is CheckStatus.SKIPPED
    assert "message.im" in checks["events"].detail


async def test_a_refused_token_fails_with_a_remedy(config: SlackConfig) -> None:
    checks = by_name(await check_slack(replace(config, bot_token="xoxb-no"), socket_mode=True))
    assert checks["bot token"].status is CheckStatus.FAILED
    assert "invalid_auth" in checks["bot token"].detail
    assert "slack.bot_token" in checks["bot token"].remedy
    assert "scopes" not in checks


async def test_tokens_that_are_not_set_fail_without_a_call(config: SlackConfig) -> None:
    bare = replace(config, bot_token="", app_token="", api_url="http://127.0.0.1:9/api/")
    checks = by_name(await check_slack(bare, socket_mode=True))
    assert checks["bot token"].detail == "none is set"
    assert checks["Socket Mode"].status is CheckStatus.FAILED


async def test_a_refused_app_token_fails(config: SlackConfig) -> None:
    checks = by_name(await check_slack(replace(config, app_token="xapp-no"), socket_mode=True))
    assert checks["Socket Mode"].status is CheckStatus.FAILED
    assert "connections:write" in checks["Socket Mode"].remedy


async def test_a_slack_that_does_not_answer_is_named(config: SlackConfig) -> None:
    away = replace(config, api_url="http://127.0.0.1:9/api/")
    checks = by_name(await check_slack(away, socket_mode=True))
    assert {check.status for check in checks.values() if check.name != "events"} == {
        CheckStatus.FAILED
    }
    assert "127.0.0.1:9" in checks["bot token"].detail


async def test_signed_http_needs_the_signing_secret(config: SlackConfig) -> None:
    sound = by_name(await check_slack(config, socket_mode=False))
    assert sound["signing secret"].status is CheckStatus.OK
    bare = by_name(await check_slack(replace(config, signing_secret=""), socket_mode=False))
    assert bare["signing secret"].status is CheckStatus.FAILED


async def checked_with(scopes: frozenset[str]) -> Check:
    app = replace(InstalledApp.from_manifest(manifest(all_surfaces())), scopes=scopes)
    async with LocalWorkspace.started(World(app=app)) as ws:
        config = SlackConfig(ws.bot_token, ws.app_token, api_url=ws.base_url)
        return by_name(await check_slack(config, socket_mode=True))["scopes"]


async def test_a_missing_scope_fails_by_name() -> None:
    check = await checked_with(required_scopes(all_surfaces()) - {"chat:write"})
    assert check.status is CheckStatus.FAILED
    assert "chat:write" in check.detail
    assert "manifest.json" in check.remedy


async def test_without_an_optional_scope_the_bot_works_with_less() -> None:
    check = await checked_with(required_scopes(all_surfaces()))
    assert check.status is CheckStatus.WARNING
    assert "files:write (evidence and log excerpt)" in check.detail
