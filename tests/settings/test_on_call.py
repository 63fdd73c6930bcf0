"""The section on_call: where it is kept who is called, and what is wrong with that."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.settings import load_settings
from tests.settings.support import CLUSTER, ENVIRON, SECRET, Write, fault_at, faults_of

SLACK = {"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN": "xapp-1"}
ENV = {**ENVIRON, **SLACK, "PAGERDUTY": SECRET}
PAGERDUTY = """
on_call:
  rota: rota.yaml
  user_group: S0123ABCD
  levels: [rota, rota 2, pagerduty 3, user_group]
  pagerduty:
    token_env: PAGERDUTY
    from_email: bot@example.com
    service: PSERVICE
    escalation_policy: PPOLICY
    slack_users: {Dana@Example.com: U0123ABCD}
"""


@pytest.fixture(autouse=True)
def _rota(tmp_path: Path) -> None:
    (tmp_path / "rota.yaml").touch()


def test_every_source_is_read(write: Write, tmp_path: Path) -> None:
    settings = load_settings(ENV, write(CLUSTER + PAGERDUTY))

    on_call = settings.on_call
    assert on_call.rota == tmp_path / "rota.yaml"
    assert on_call.plan == (("rota", 1), ("rota", 2), ("pagerduty", 3), ("user_group", 1))
    assert on_call.pagerduty.slack_users == {"dana@example.com": "U0123ABCD"}
    assert on_call.pagerduty.api_url == "https://api.pagerduty.com"
    assert SECRET in settings.secret_values()
    assert SECRET not in repr(settings)


def test_nobody_is_on_call_unless_it_is_written(write: Write) -> None:
    on_call = load_settings(ENV, write(CLUSTER)).on_call

    assert (on_call.rota, on_call.user_group, on_call.plan) == (None, None, ())
    assert not on_call.pagerduty.is_enabled


def test_variables_set_it_as_well(write: Write, tmp_path: Path) -> None:
    head = "AIRFLOW_BOT_ON_CALL__"
    environ = {
        **ENV,
        f"{head}ROTA": str(tmp_path / "rota.yaml"),
        f"{head}LEVELS": "rota 2, pagerduty",
        f"{head}PAGERDUTY__TOKEN": SECRET,
        f"{head}PAGERDUTY__FROM_EMAIL": "bot@example.com",
        f"{head}PAGERDUTY__SERVICE": "PSERVICE",
        f"{head}PAGERDUTY__ESCALATION_POLICY": "PPOLICY",
        f"{head}PAGERDUTY__SLACK_USERS": '{"dana@example.com": "U0123ABCD"}',
    }
    on_call = load_settings(environ, write(CLUSTER)).on_call

    assert on_call.plan == (("rota", 2), ("pagerduty", 1))
    assert on_call.pagerduty.is_enabled
    assert on_call.pagerduty.slack_users == {"dana@example.com": "U0123ABCD"}


@pytest.mark.parametrize(
    ("old", "new", "key", "says"),
    [
        ("rota: rota.yaml", "rota: nowhere.yaml", "rota", "does not exist"),
        ("S0123ABCD", "platform", "user_group", "not the id of a user group"),
        ("rota 2", "pager", "levels.1", "is no level"),
        ("rota 2", "rota", "levels.1", "write rota 2"),
        ("rota: rota.yaml", "", "levels.0", "which is not set up"),
        (", user_group]", ", user_group 2]", "levels.3", "one level"),
        ("token_env: PAGERDUTY", "", "pagerduty.token", "is missing. Name the source"),
        ("    service: PSERVICE\n", "", "pagerduty.service", "e.g. PIJ90N7"),
        ("PSERVICE", "Airflow service", "pagerduty.service", "not an id of PagerDuty"),
        ("bot@example.com", "bot", "pagerduty.from_email", "not an e-mail address"),
        (
            "Dana@Example.com: U0123ABCD",
            "Dana@Example.com: dana",
            "pagerduty.slack_users.Dana@Example.com",
            "Copy member ID",
        ),
        ("{Dana@Example.com: U0123ABCD}", "x", "pagerduty.slack_users", "is no mapping"),
        ("service:", "servic:", "pagerduty.servic", "Did you mean service?"),
        (
            "service:",
            "api_url: http://pagerduty.example.com\n    service:",
            "pagerduty.api_url",
            "unencrypted",
        ),
    ],
)
def test_a_fault_names_its_key_and_the_remedy(
    write: Write, old: str, new: str, key: str, says: str
) -> None:
    path = write(CLUSTER + PAGERDUTY.replace(old, new, 1))

    assert says in fault_at(f"on_call.{key}", path, ENV)


def test_all_faults_of_the_section_are_named_at_once(write: Write) -> None:
    text = PAGERDUTY.replace("S0123ABCD", "x").replace("PSERVICE", "x").replace("rota 2", "x")

    faults = faults_of(write(CLUSTER + text.replace("    escalation_policy: PPOLICY\n", "")), ENV)

    assert sorted(line.split(" ")[0] for line in faults) == [
        "on_call.levels.1",
        "on_call.pagerduty.escalation_policy",
        "on_call.pagerduty.service",
        "on_call.user_group",
    ]


def test_a_token_in_the_file_is_refused_without_repeating_it(write: Write) -> None:
    path = write(CLUSTER + PAGERDUTY.replace("token_env: PAGERDUTY", f"token: {SECRET}"))

    assert "must not stand in the file" in fault_at("on_call.pagerduty.token", path, ENV)
    assert SECRET not in "".join(faults_of(path, ENV))


def test_a_user_group_needs_slack(write: Write) -> None:
    path = write(f"{CLUSTER}\non_call: {{user_group: S0123ABCD}}\n")

    assert "while Slack is off" in fault_at("on_call.user_group", path)
