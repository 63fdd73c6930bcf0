"""Durable work, reported failures and tracing: what these sections take and refuse."""

from __future__ import annotations

import pytest

from bot.settings import Role, load_settings
from tests.settings.support import CLUSTER, ENVIRON, SECRET, Write, fault_at, faults_of

TOKEN = "kestrel-over-the-quarry-42"
SLACK = {"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN": "xapp-1", "HOOK": TOKEN}
WEBHOOK = "failure_webhook: {token_env: HOOK, channel: C0123ABCD}\n"
POSTGRES = "database: {url: postgresql://bot@db/bot}\n"


def test_what_is_not_written_has_its_defaults(write: Write) -> None:
    loaded = load_settings(ENVIRON, write(CLUSTER))

    assert (loaded.work.role, loaded.work.at_once, loaded.work.keep_days) == (Role.BOTH, 16, 14)
    assert loaded.failure_webhook.token is None
    assert loaded.failure_webhook.retries is False
    assert loaded.tracing.endpoint is None


@pytest.mark.parametrize("role", ["serve", "worker"])
def test_a_role_of_its_own_needs_a_database_for_several_processes(write: Write, role: str) -> None:
    for database in ("", "database: {url: sqlite:////tmp/bot.db}\n"):
        fault = fault_at("database.url", write(f"{CLUSTER}\n{database}work: {{role: {role}}}\n"))
        assert "postgresql://" in fault
        assert f"the role {role}" in fault
        assert "work.role at both" in fault

    loaded = load_settings(ENVIRON, write(f"{CLUSTER}\n{POSTGRES}work: {{role: {role}}}\n"))
    assert loaded.work.role == role


def test_the_database_of_a_role_may_come_from_the_environment(write: Write) -> None:
    environ = {**ENVIRON, "AIRFLOW_BOT_DATABASE__URL": f"postgresql://bot:{SECRET}@db/bot"}

    assert (
        load_settings(environ, write(CLUSTER + "work: {role: worker}\n")).work.role is Role.WORKER
    )


@pytest.mark.parametrize(
    ("text", "key", "says"),
    [
        ("work: {role: leader}", "work.role", "both, serve or worker"),
        ("work: {role: [serve]}", "work.role", "both, serve or worker"),
        ("work: {at_once: 0}", "work.at_once", "1 to 200"),
        ("work: {keep_days: 1}", "work.keep_days", "7 days or more"),
        ("work: {shutdown: 0}", "work.shutdown", "more than 0"),
        ("work: {shutdown: 30}", "work.shutdown", "at most 15"),
        ("work: {rolle: both}", "work.rolle", "Did you mean role?"),
        ("failure_webhook: {channel: C0123ABCD}", "failure_webhook.token", "token_env"),
        ("failure_webhook: {token_env: HOOK}", "failure_webhook.channel", "C0123ABCD"),
        ("failure_webhook: {token_env: GONE, channel: C0123ABCD}",
         "failure_webhook.token_env", "GONE is not set"),
        ("failure_webhook: {token_env: HOOK, channel: '#alerts'}",
         "failure_webhook.channel", "not the id of a channel"),
        ("failure_webhook: {token_env: HOOK, channel: D0123ABCD}",
         "failure_webhook.channel", "not the id of a channel"),
        ("failure_webhook: {token_env: SHORT, channel: C0123ABCD}",
         "failure_webhook.token", "16 random characters"),
        ("failure_webhook: {token_env: WORDS, channel: C0123ABCD}",
         "failure_webhook.token", "a blank"),
        ("failure_webhook: {diagnosed_per_minute: 100}",
         "failure_webhook.diagnosed_per_minute", "at most 60"),
        ("failure_webhook: {join_within: 0}", "failure_webhook.join_within", "at least 1"),
        ("failure_webhook: {token_env: HOOK, channel: C0123ABCD, "
         "routes: [{channels: [C0123ABCD]}]}",
         "failure_webhook.routes.0", "takes every failure"),
        ("failure_webhook: {token_env: HOOK, channel: C0123ABCD, routes: [{dags: ['a*']}]}",
         "failure_webhook.routes.0.channels", "C0123ABCD"),
        ("failure_webhook: {token_env: HOOK, channel: C0123ABCD, "
         "routes: [{dags: ['a*'], channels: []}]}",
         "failure_webhook.routes.0.channels", "is empty"),
        ("failure_webhook: {token_env: HOOK, channel: C0123ABCD, "
         "routes: [{dags: ['a*'], channels: ['#orders']}]}",
         "failure_webhook.routes.0.channels.0", "not the id of a channel"),
        ("failure_webhook: {token_env: HOOK, channel: C0123ABCD, "
         "routes: [{clusters: [nowhere], channels: [C0123ABCD]}]}",
         "failure_webhook.routes.0.clusters", "nowhere is no cluster"),
        ("failure_webhook: {token_env: HOOK, channel: C0123ABCD, "
         "routes: [{owner: [a], channels: [C0123ABCD]}]}",
         "failure_webhook.routes.0.owner", "owners"),
        ("failure_webhook: {routes: [{dags: ['a*'], channels: [C0123ABCD]}]}",
         "failure_webhook.routes", "lead nowhere"),
        ("failure_webhook: {retries: sometimes}", "failure_webhook.retries", "true or false"),
        (f"failure_webhook: {{token: {SECRET}, channel: C0123ABCD}}",
         "failure_webhook.token", "must not stand in the file"),
        ("tracing: {endpoint: 'collector:4318'}", "tracing.endpoint", "http://"),
        ("tracing: {endpoint: 'http://collector:4318'}", "tracing.endpoint", "add /v1/traces"),
        ("tracing: {endpoint: 'http://collector:4317/v1/traces'}", "tracing.endpoint", "gRPC"),
        ("tracing: {endpoint: 'http://u:hunter2@c/v1/traces'}", "tracing.endpoint", "user name"),
    ],
)  # fmt: skip
def test_a_fault_names_its_key_and_the_remedy(write: Write, text: str, key: str, says: str) -> None:
    environ = {**ENVIRON, **SLACK, "SHORT": "fifteen-letters", "WORDS": "two words, long enough"}
    path = write(f"{CLUSTER}\n{text}\n")

    assert says in fault_at(key, path, environ)
    assert len(faults_of(path, environ)) == 1
    assert "hunter2" not in "".join(faults_of(path, environ))


@pytest.mark.parametrize("channel", ["C0123ABCD", "G0123ABCD", "C0SUPPORT1"])
def test_reported_failures_are_answered_in_a_channel(write: Write, channel: str) -> None:
    path = write(CLUSTER + WEBHOOK.replace("C0123ABCD", channel))

    loaded = load_settings({**ENVIRON, **SLACK}, path)

    assert loaded.failure_webhook.channel == channel
    assert TOKEN in loaded.secret_values()


def test_failures_that_airflow_will_retry_are_told_of_where_that_is_asked_for(write: Write) -> None:
    path = write(CLUSTER + WEBHOOK.replace("}", ", retries: true}"))

    assert load_settings({**ENVIRON, **SLACK}, path).failure_webhook.retries is True


def test_reported_failures_need_slack(write: Write) -> None:
    (fault,) = faults_of(write(CLUSTER + WEBHOOK), {**ENVIRON, "HOOK": TOKEN})

    assert fault.startswith("failure_webhook (airflow-bot.yaml, line 7): cannot answer failures")


def test_traces_go_to_the_whole_address_that_is_given(write: Write) -> None:
    path = write(CLUSTER + "tracing: {endpoint: 'http://collector:4318/v1/traces'}\n")

    assert load_settings(ENVIRON, path).tracing.endpoint == "http://collector:4318/v1/traces"


def test_a_password_that_breaks_its_url_is_refused_and_not_told_as_a_host(write: Write) -> None:
    url = {"AIRFLOW_BOT_DATABASE__URL": "postgresql://bot:sesame@4711@db/bot"}
    fault = fault_at("database.url", write(CLUSTER), {**ENVIRON, **url})
    assert "Write it as %40" in fault
    assert "4711" not in fault
