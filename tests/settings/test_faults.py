"""Every fault is named at once, with its key and the remedy."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tests.settings.support import CLUSTER, ENVIRON, SECRET, Write, fault_at, faults_of


def test_every_fault_is_named_at_once_with_its_line(write: Write) -> None:
    path = write(
        """\
clusters:
  prod:
    base_url: airflow.example.com
    username: bot
    password_env: NOT_SET
    max_calls: 9
  test:
    base_url: https://test.example.com
    aliases: [PROD]
slack:
  mode: sockets
web:
  port: high
modle:
  name: x
"""
    )

    faults = faults_of(path)

    assert [line.split(": ")[0] for line in faults] == [
        "clusters.prod.base_url (airflow-bot.yaml, line 3)",
        "clusters.prod.password_env (airflow-bot.yaml, line 5)",
        "clusters.prod.max_calls (airflow-bot.yaml, line 6)",
        "clusters.test (airflow-bot.yaml, line 7)",
        "clusters.test.aliases (airflow-bot.yaml, line 9)",
        "slack.mode (airflow-bot.yaml, line 11)",
        "web.port (airflow-bot.yaml, line 13)",
        "modle (airflow-bot.yaml, line 14)",
    ]
    assert all(line.endswith((".", "?")) for line in faults)


def test_no_cluster_gives_an_example_that_is_valid_yaml(write: Write) -> None:
    fault = fault_at("clusters", write("web: {port: 1}\n"))

    example = yaml.safe_load(fault[fault.index("clusters: {") :].rstrip("."))
    assert example["clusters"]["prod"].keys() == {"base_url", "username", "password_env"}


@pytest.mark.parametrize(
    ("text", "key", "says"),
    [
        ("clusters: [prod]", "clusters", "section with keys"),
        ("clusters: {prod: https://x}", "clusters.prod", "section with keys"),
        ("clusters: {prod: }", "clusters.prod.base_url", "is missing"),
        ("clusters: {a__b: {}}", "clusters.a__b", "not a cluster name"),
        ("clusters: {a-b: {}, a_b: {}}", "clusters.a_b", "Rename one"),
        ("default_cluster: test", "default_cluster", "Use one of: prod"),
        ("slack: {mode: socket}", "slack.app_token", "SLACK_APP_TOKEN"),
        ("slack: {mode: http}", "slack.signing_secret", "SLACK_SIGNING_SECRET"),
        ("slack: {api_url: 'http://slack.example.com'}", "slack.api_url", "https://"),
        ("slack: {local_workspace: true}", "slack.local_workspace", "on this machine"),
        ("model: {base_url: 'https://h/v1'}", "model.name", "is missing"),
        ("model: {name: x}", "model.name", "base_url or api_key_env"),
        ("model: {base_url: 'ftp://h', name: x}", "model.base_url", "https://"),
        ("model: {max_cost_per_day: 5}", "model.max_cost_per_day", "price_in"),
        ("model: {timeout: -1}", "model.timeout", "more than 0"),
        ("model: {timeout: .nan}", "model.timeout", "finite"),
        ("database: {url: 'mysql://h/d'}", "database.url", "postgresql://"),
        ("database: {url: 'sqlite://'}", "database.url", "must name a file"),
        ("database: {url: nonsense}", "database.url", "not a database URL"),
        ("knowledge: {runbooks: [nowhere]}", "knowledge.runbooks.0", "nowhere"),
        ("knowledge: {embeddings: {kind: local}}", "knowledge.embeddings.folder", "missing"),
        ("knowledge: {embeddings: {kind: openai}}", "knowledge.embeddings.name", "missing"),
        ("answers: {deadline: soon}", "answers.deadline", "a number"),
        ("redaction: {patterns: ['(?<=a)b']}", "redaction.patterns.0", "RE2"),
        ("web: {port: 70000}", "web.port", "65535"),
        ("web: {hots: x}", "web.hots", "Did you mean host?"),
        ("web: 8080", "web", "section with keys"),
        ("logging: {level: loud}", "logging.level", "debug, info, warning or error"),
        ("on: 1", "on", "into quotes"),
        ("web: {port: 1}\nweb: {port: 2}", "web", "twice, again in line"),
    ],
)
def test_a_fault_names_its_key_and_the_remedy(write: Write, text: str, key: str, says: str) -> None:
    path = write(text if text.startswith("clusters") else f"{CLUSTER}\n{text}\n")

    assert says in fault_at(key, path)


@pytest.mark.parametrize(
    ("line", "key", "says"),
    [
        ("base_url: 'https://u:hunter2@h'", "base_url", "user name or password"),
        ("base_url: 'https://h/api/v2'", "base_url", "leave out /api/v2"),
        ("base_url: 'https://h/x?a=b'", "base_url", "from ? or # on"),
        ("base_url: 'https://h:port'", "base_url", "not a valid address"),
        ("base_url: 'https:// h'", "base_url", "space"),
        ("base_url: 7", "base_url", "must be text"),
        ("timezone: Mars/Base", "timezone", "Europe/Berlin"),
        ("timezone: ../../etc/passwd", "timezone", "Europe/Berlin"),
        ("ca_file: nowhere.pem", "ca_file", "nowhere.pem does not exist"),
        ("token_env: PROD_PASSWORD", "token", "beside a login"),
        ("usrname: bot", "usrname", "Did you mean username?"),
        ("password_evn: X", "password_evn", "Did you mean password_env?"),
    ],
)
def test_a_wrong_key_of_a_cluster_is_named(write: Write, line: str, key: str, says: str) -> None:
    name = line.split(":")[0]
    kept = [row for row in CLUSTER.splitlines() if not row.strip().startswith(f"{name}:")]

    fault = fault_at(f"clusters.prod.{key}", write("\n".join([*kept, f"    {line}"])))

    assert says in fault
    assert "hunter2" not in fault


@pytest.mark.parametrize(
    ("old", "new", "key", "says"),
    [
        ("password_env: PROD_PASSWORD", "", "clusters.prod.password", "password_env"),
        ("username: bot", "", "clusters.prod.username", "login name"),
        ("PROD_PASSWORD", "UNSET", "clusters.prod.password_env", "UNSET is not set"),
        (
            "_env: PROD_PASSWORD",
            "_file: absent",
            "clusters.prod.password_file",
            "does not exist",
        ),
        ("_env: PROD_PASSWORD", "_file: /", "clusters.prod.password_file", "cannot be read"),
        ("_env: PROD_PASSWORD", "_file: empty", "clusters.prod.password_file", "is empty"),
        ("_env: PROD_PASSWORD", "_file: long", "clusters.prod.password_file", "too long"),
        ("_env: PROD_PASSWORD", "_env: 5", "clusters.prod.password_env", "into quotes"),
    ],
)
def test_a_login_that_cannot_be_had_is_one_fault(
    write: Write, tmp_path: Path, old: str, new: str, key: str, says: str
) -> None:
    (tmp_path / "empty").touch()
    (tmp_path / "long").write_text("x" * 100_000)
    path = write(CLUSTER.replace(old, new))

    assert says in fault_at(key, path)
    assert len(faults_of(path)) == 1


def test_two_sources_for_one_secret_are_a_fault(write: Write, tmp_path: Path) -> None:
    (tmp_path / "password").write_text(SECRET)
    path = write(CLUSTER + "    password_file: password\n")

    assert "Keep one" in fault_at("clusters.prod.password_env", path)


def test_clusters_may_not_share_an_alias(write: Write) -> None:
    path = write(
        "clusters:\n"
        "  a: {base_url: https://a, token_env: PROD_PASSWORD, aliases: [live]}\n"
        "  b: {base_url: https://b, token_env: PROD_PASSWORD, aliases: [LIVE]}\n"
    )

    assert "already stands for cluster a" in fault_at("clusters.b.aliases", path)


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("clusters.prod.password", CLUSTER.replace("_env: PROD_PASSWORD", f": {SECRET}")),
        ("slack.bot_token", f"{CLUSTER}\nslack: {{bot_token: xoxb-{SECRET}}}"),
        ("model.api_key", f"{CLUSTER}\nmodel: {{api_key: {SECRET}, name: x}}"),
        ("database.url", f"{CLUSTER}\ndatabase: {{url: 'postgresql://u:{SECRET}@h/d'}}"),
        ("redaction.known_secrets", f"{CLUSTER}\nredaction: {{known_secrets: [{SECRET}]}}"),
    ],
)
def test_a_secret_in_the_file_is_a_fault_that_does_not_repeat_it(
    write: Write, key: str, text: str
) -> None:
    path = write(text)

    assert "must not stand in the file" in fault_at(key, path)
    assert len(faults_of(path)) == 1
    assert SECRET not in "".join(faults_of(path))


def test_swapped_slack_tokens_are_noticed(write: Write) -> None:
    environ = {**ENVIRON, "SLACK_BOT_TOKEN": "xapp-1", "SLACK_APP_TOKEN": "xoxb-1"}

    faults = faults_of(write(CLUSTER), environ)

    assert "is an app-level token" in faults[0] + faults[1]
    assert "is a bot token" in faults[0] + faults[1]
