"""What the messages of other apps, as they stand in Slack, are about."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bot.domain.targets import Target
from bot.questions.links import ClusterAddress
from bot.questions.named import targets_named
from bot.slack.plain import flatten

_FOLDER = Path(__file__).parent.parent / "payloads" / "alerts"
RUN = "scheduled__2026-11-21T02:00:00+00:00"
CLUSTERS = (ClusterAddress("production", ("https://airflow.example.com",)),)

DAG = Target("", "orders_daily")
TASK = Target("", "orders_daily", None, "load")
OF_RUN = Target("", "orders_daily", RUN, "load")
LINKED = Target("production", "orders_daily", RUN, "load", None, 2)

EXPECTED: dict[str, tuple[Target, ...]] = {
    "apprise_notifier": (TASK,),
    "astronomer_dag_failure": (Target("", "orders_daily", RUN),),
    "chime_notifier": (TASK,),
    "datadog_metric": (DAG,),
    "datadog_monitor": (TASK,),
    "deadline_alert": (Target("", "orders_daily", RUN),),
    "discord_notifier": (DAG,),
    "failure_email": (OF_RUN,),
    "grafana": (TASK,),
    "jira_notifier": (OF_RUN,),
    "log_excerpt": (OF_RUN,),
    "opsgenie_notifier": (OF_RUN,),
    "pagerduty_incident": (TASK,),
    "pagerduty_notifier": (DAG,),
    "plain_link": (LINKED,),
    "plain_traceback": (DAG,),
    "prometheus_alertmanager": (TASK,),
    "sentry": (TASK,),
    "ses_notifier": (OF_RUN,),
    "several_labelled": (
        OF_RUN,
        Target("", "features", RUN, "train"),
        Target("", "billing", RUN, "push"),
    ),
    "several_links": (
        Target("production", "orders_daily", "manual__1", "load"),
        Target("production", "billing", "manual__2", "push"),
    ),
    "sla_miss": (DAG,),
    "slack_notifier": (DAG,),
    "slack_notifier_blocks": (LINKED,),
    "slack_webhook_notifier": (LINKED,),
    "slack_webhook_operator": (LINKED,),
    "smtp_notifier": (LINKED,),
    "sns_notifier": (OF_RUN,),
    "sqs_notifier": (Target("", "orders_daily", RUN, "load", None, 2),),
    "task_log_path": (Target("", "orders_daily", RUN, "load", None, 2),),
    "telegram_notifier": (TASK,),
}


def alert(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((_FOLDER / f"{name}.json").read_text())
    return found


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_a_message_of_another_app_names_what_failed(name: str) -> None:
    flat = flatten(alert(name), "U0BOT")
    assert targets_named(flat.text, flat.links, CLUSTERS) == EXPECTED[name]


def test_every_payload_of_the_folder_is_tried() -> None:
    assert {path.stem for path in _FOLDER.glob("*.json")} == set(EXPECTED)


@pytest.mark.parametrize(
    "text",
    [
        "the DAG run failed again",
        "which dag failed?",
        "a task of the Dag is slow",
        "Task failed: see below",
        'File "/usr/lib/python3/json.py", line 1, in loads',
    ],
)
def test_everyday_words_around_dag_and_task_name_nothing(text: str) -> None:
    assert targets_named(text, (), CLUSTERS) == ()
