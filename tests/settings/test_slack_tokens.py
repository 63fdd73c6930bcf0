"""Tokens that Slack would refuse are named before it is asked."""

from __future__ import annotations

import pytest

from bot.settings import SlackMode, load_settings
from tests.settings.support import CLUSTER, ENVIRON, Write, fault_at, faults_of

BOT, APP = "xoxb-1-2-abc", "xapp-1-A-2-abc"


def with_tokens(bot: str, app: str) -> dict[str, str]:
    return {**ENVIRON, "SLACK_BOT_TOKEN": bot, "SLACK_APP_TOKEN": app}


@pytest.mark.parametrize(
    ("bot", "app"),
    [(BOT, APP), ("xoxe.xoxb-1-abc", APP), ("xoxb-local-0a1b", "xapp-local-0a1b")],
)
def test_tokens_of_slack_and_of_the_local_workspace_are_taken(
    write: Write, bot: str, app: str
) -> None:
    assert load_settings(with_tokens(bot, app), write(CLUSTER)).slack.mode is SlackMode.SOCKET


@pytest.mark.parametrize(
    ("bot", "says"),
    [
        ("xapp-1-A-2-abc", "is an app-level token"),
        ("xoxp-1-2-abc", "is a user token"),
        ("xoxe-1-abc", "is a refresh token"),
        ("secret-of-something-else", "is no token of Slack"),
        (f"{BOT}\n{BOT}", "a line break"),
        (f"{BOT} ", "a blank"),
    ],
)
def test_a_wrong_bot_token_is_named_and_not_repeated(write: Write, bot: str, says: str) -> None:
    path, environ = write(CLUSTER), with_tokens(bot, APP)

    assert says in fault_at("slack.bot_token", path, environ)
    assert len(faults_of(path, environ)) == 1
    assert bot.strip() not in "".join(faults_of(path, environ))


def test_a_wrong_app_token_says_what_it_should_start_with(write: Write) -> None:
    fault = fault_at("slack.app_token", write(CLUSTER), with_tokens(BOT, "A0123456"))

    assert "starts with xapp-" in fault


def test_a_token_that_cannot_be_had_is_one_fault(write: Write) -> None:
    slack = "slack: {mode: http, bot_token_env: GONE, signing_secret_env: PROD_PASSWORD}\n"
    (fault,) = faults_of(write(CLUSTER + slack))

    assert "GONE is not set" in fault
