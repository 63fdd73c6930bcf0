"""What is read from where, and what follows from it."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.settings import Embeddings, LogFormat, SlackMode, load_settings
from tests.settings.support import CLUSTER, ENVIRON, SECRET, Write


def test_one_cluster_is_enough_and_the_rest_has_defaults(write: Write) -> None:
    loaded = load_settings(ENVIRON, write(CLUSTER))

    cluster = loaded.clusters["prod"]
    assert cluster.base_url == "https://airflow.example.com"
    assert cluster.password is not None
    assert cluster.password.get_secret_value() == SECRET
    assert cluster.max_calls == 4
    assert loaded.default_cluster == "prod"
    assert loaded.slack.mode is SlackMode.OFF
    assert not loaded.model.is_enabled
    assert loaded.answers.deadline == 15
    assert (loaded.web.host, loaded.web.port) == ("127.0.0.1", 8080)


def test_the_environment_alone_suffices() -> None:
    environ = {
        "AIRFLOW_BOT_DATA_DIR": "/data",
        "AIRFLOW_BOT_CLUSTERS__prod__BASE_URL": "http://airflow:8080/team/",
        "AIRFLOW_BOT_CLUSTERS__prod__TOKEN": SECRET,
        "AIRFLOW_BOT_CLUSTERS__prod__ALIASES": "live, production",
        "AIRFLOW_BOT_LOGGING__FORMAT": "json",
    }

    loaded = load_settings(environ, None)

    assert loaded.clusters["prod"].base_url == "http://airflow:8080/team"
    assert loaded.clusters["prod"].aliases == ("live", "production")
    assert loaded.logging.format is LogFormat.JSON
    assert loaded.database_url == "sqlite+aiosqlite:////data/bot.db"
    assert loaded.chroma_dir == Path("/data/chroma")


def test_a_variable_overrules_the_file(write: Write) -> None:
    path = write(CLUSTER + "web: {port: 9000, host: 10.0.0.1}\n")

    loaded = load_settings({**ENVIRON, "AIRFLOW_BOT_WEB__PORT": "9001"}, path)

    assert (loaded.web.host, loaded.web.port) == ("10.0.0.1", 9001)


def test_an_empty_variable_counts_as_unset(write: Write) -> None:
    loaded = load_settings({**ENVIRON, "AIRFLOW_BOT_WEB__PORT": ""}, write(CLUSTER))

    assert loaded.web.port == 8080


def test_a_secret_variable_overrules_the_source_named_in_the_file(write: Write) -> None:
    environ = {"HOME": "/", "AIRFLOW_BOT_CLUSTERS__PROD__PASSWORD": "from-the-variable"}

    loaded = load_settings(environ, write(CLUSTER))

    password = loaded.clusters["prod"].password
    assert password is not None
    assert password.get_secret_value() == "from-the-variable"


def test_variables_reach_clusters_whose_names_they_cannot_hold(write: Write) -> None:
    path = write("clusters: {Prod-EU: {base_url: https://eu.example.com, username: bot}}")
    environ = {"HOME": "/", "AIRFLOW_BOT_CLUSTERS__PROD_EU__PASSWORD": SECRET}

    loaded = load_settings(environ, path)

    assert list(loaded.clusters) == ["Prod-EU"]
    assert loaded.clusters["Prod-EU"].password is not None


def test_secret_files_are_read_from_beside_the_settings_file(write: Write, tmp_path: Path) -> None:
    (tmp_path / "password").write_text(f"{SECRET}\n")
    path = write(CLUSTER.replace("password_env: PROD_PASSWORD", "password_file: password"))

    password = load_settings({"HOME": "/"}, path).clusters["prod"].password

    assert password is not None
    assert password.get_secret_value() == SECRET


def test_the_file_is_named_by_a_variable_where_no_option_says_it(write: Write) -> None:
    path = write(CLUSTER)

    assert load_settings({**ENVIRON, "AIRFLOW_BOT_CONFIG": str(path)}, None).clusters


def test_the_file_of_the_working_folder_is_found(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(write(CLUSTER).parent)

    assert load_settings(ENVIRON, None).clusters


def test_nothing_is_taken_from_the_environment_of_the_process(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW_BOT_WEB__PORT", "1")
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-1")

    loaded = load_settings(ENVIRON, write(CLUSTER))

    assert loaded.web.port == 8080
    assert loaded.slack.bot_token is None


@pytest.mark.parametrize(
    ("given_", "mode"),
    [
        ({"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN": "xapp-1"}, SlackMode.SOCKET),
        ({"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_SIGNING_SECRET": "s"}, SlackMode.HTTP),
        ({"SLACK_BOT_TOKEN": "xoxb-1"}, SlackMode.OFF),
        ({}, SlackMode.OFF),
    ],
)
def test_the_mode_of_slack_follows_from_the_tokens(
    write: Write, given_: dict[str, str], mode: SlackMode
) -> None:
    assert load_settings({**ENVIRON, **given_}, write(CLUSTER)).slack.mode is mode


def test_a_bare_off_means_off(write: Write) -> None:
    path = write(CLUSTER + "slack: {mode: off}\nknowledge: {embeddings: {kind: off}}\n")
    environ = {**ENVIRON, "SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN": "xapp-1"}

    loaded = load_settings(environ, path)

    assert loaded.slack.mode is SlackMode.OFF
    assert loaded.knowledge.embeddings.kind is Embeddings.OFF


def test_a_model_key_lying_in_the_environment_enables_no_model(write: Write) -> None:
    loaded = load_settings({**ENVIRON, "OPENAI_API_KEY": SECRET}, write(CLUSTER))

    assert not loaded.model.is_enabled


def test_the_local_workspace_is_a_flag_of_its_own(write: Write) -> None:
    path = write(CLUSTER + "slack: {local_workspace: true}\n")

    loaded = load_settings({**ENVIRON, "SLACK_API_URL": "http://127.0.0.1:1/api"}, path)

    assert loaded.slack.local_workspace
    assert loaded.slack.api_url == "http://127.0.0.1:1/api/"


def test_a_database_password_joins_its_url(write: Write) -> None:
    path = write(CLUSTER + "database: {url: postgresql://bot@db/bot, password_env: DB_PASSWORD}\n")

    loaded = load_settings({**ENVIRON, "DB_PASSWORD": "p@ss word"}, path)

    assert loaded.database_url == "postgresql+psycopg://bot:p%40ss word@db/bot"


def test_a_section_left_empty_has_its_defaults(write: Write) -> None:
    loaded = load_settings(ENVIRON, write(CLUSTER + "web:\nmodel:\n  base_url:\n"))

    assert loaded.web.port == 8080
    assert not loaded.model.is_enabled


def test_paths_start_at_the_file_or_at_home(write: Write, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    path = write(CLUSTER + "knowledge: {runbooks: [mine]}\ndata_dir: ~/bot\n")

    loaded = load_settings(ENVIRON, path)

    assert loaded.knowledge.runbooks == (tmp_path / "mine",)
    assert loaded.data_dir == Path("/home/someone/bot")
