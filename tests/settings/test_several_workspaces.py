"""Settings of an app that is installed in several workspaces."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from bot.domain.errors import ConfigError
from bot.installing import homes_of
from bot.settings import Settings, SlackMode, load_settings
from tests.settings.support import SECRET

KEY = Fernet.generate_key().decode()
VARIABLES = {
    "AIRFLOW_BOT_CLUSTERS__prod__BASE_URL": "https://airflow.example.com",
    "AIRFLOW_BOT_CLUSTERS__prod__TOKEN": SECRET,
    "AIRFLOW_BOT_DATA_DIR": "data",
    "AIRFLOW_BOT_SLACK__CLIENT_ID": "1111.2222",
    "AIRFLOW_BOT_SLACK__PUBLIC_URL": "https://bot.example.com/",
    "SLACK_APP_TOKEN": "xapp-1",
    "SLACK_CLIENT_SECRET": SECRET,
    "SLACK_ENCRYPTION_KEY": KEY,
}


def loaded(**changed: str | None) -> Settings:
    environ = {**VARIABLES, **changed}
    return load_settings({name: value for name, value in environ.items() if value is not None})


def faults(**changed: str | None) -> str:
    with pytest.raises(ConfigError) as caught:
        loaded(**changed)
    return "\n".join(caught.value.faults)


def test_no_bot_token_is_needed() -> None:
    slack = loaded().slack
    assert slack.is_for_several
    assert slack.mode is SlackMode.SOCKET
    assert slack.public_url == "https://bot.example.com"


def test_several_keys_are_taken_with_commas() -> None:
    both = f"{Fernet.generate_key().decode()},{KEY}"
    assert loaded(SLACK_ENCRYPTION_KEY=both).slack.encryption_key is not None


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"SLACK_BOT_TOKEN": "xoxb-1"}, "slack.bot_token is for one workspace"),
        ({"SLACK_CLIENT_SECRET": None}, "slack.client_secret is missing"),
        ({"SLACK_ENCRYPTION_KEY": None}, "slack.encryption_key is missing"),
        ({"SLACK_ENCRYPTION_KEY": "secret"}, "slack.encryption_key is no key. Make one: head"),
        ({"AIRFLOW_BOT_SLACK__PUBLIC_URL": None}, "slack.public_url is missing"),
        (
            {"AIRFLOW_BOT_ESCALATION__CHANNEL": "C0123ABCD"},
            "slack.workspace is missing. Give the id of the workspace that escalation.channel is",
        ),
        ({"AIRFLOW_BOT_SLACK__WORKSPACE": "C0123ABCD"}, "is not the id of a workspace"),
    ],
)
def test_what_is_wrong_is_named_with_its_remedy(changed: dict[str, str | None], said: str) -> None:
    found = faults(**changed)
    assert said in found.replace(":", " ", 1).replace("  ", " ")
    assert KEY not in found


def routed(folder: Path, *routes: str, **changed: str | None) -> Settings:
    """With routes of failures, which only a file can hold."""
    lines = "".join(f"    - {route}\n" for route in routes)
    webhook = "failure_webhook:\n  token_env: HOOK\n  channel: C0123ABCD\n  routes:\n"
    config = folder / "bot.yaml"
    config.write_text(f"slack:\n  workspace: T0123ABCD\n{webhook}{lines}")
    environ = {**VARIABLES, "HOOK": "a-long-random-word", **changed}
    known = {name: value for name, value in environ.items() if value is not None}
    return load_settings(known, config)


def test_a_route_may_name_the_workspace_of_its_channels(tmp_path: Path) -> None:
    route = "{dags: ['a*'], channels: [C0456EFGH], workspace: T0456EFGH}"
    settings = routed(tmp_path, route)
    assert homes_of(settings) == {"C0456EFGH": "T0456EFGH"}
    with pytest.raises(ConfigError, match="another route says that C0456EFGH is in T0456EFGH"):
        routed(tmp_path, route, "{dags: ['b*'], channels: [C0456EFGH], workspace: T0789IJKL}")
    with pytest.raises(ConfigError, match="takes every failure"):
        routed(tmp_path, "{channels: [C0456EFGH], workspace: T0456EFGH}")
    with pytest.raises(ConfigError, match="installed in several workspaces"):
        routed(tmp_path, route, AIRFLOW_BOT_SLACK__CLIENT_ID=None, SLACK_BOT_TOKEN="xoxb-1")
