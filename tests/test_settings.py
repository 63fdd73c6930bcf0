"""Settings: what is read from where, and that every fault is named at once, without secrets."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.domain.errors import ConfigError
from bot.settings import Embeddings, LogFormat, Settings, SlackMode, load_settings

SECRET = "hunter2-and-more"
CLUSTER = """
clusters:
  prod:
    base_url: https://airflow.example.com
    username: bot
    password_env: PROD_PASSWORD
"""
ENVIRON = {"HOME": "/home/someone", "PROD_PASSWORD": SECRET}

Write = Callable[[str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def written(text: str) -> Path:
        path = tmp_path / "airflow-bot.yaml"
        path.write_text(text, encoding="utf-8")
        return path

    return written


def faults_of(path: Path | None, environ: dict[str, str] | None = None) -> tuple[str, ...]:
    with pytest.raises(ConfigError) as caught:
        load_settings(ENVIRON if environ is None else environ, path)
    return caught.value.faults


def fault_at(key: str, path: Path | None, environ: dict[str, str] | None = None) -> str:
    """What is said of the key that is written as `key`."""
    found = [line for line in faults_of(path, environ) if re.match(rf"{re.escape(key)}[ :]", line)]
    assert found, faults_of(path, environ)
    return " ".join(found)


class TestWhatIsRead:
    def test_one_cluster_is_enough_and_the_rest_has_defaults(self, write: Write) -> None:
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

    def test_the_environment_alone_suffices(self) -> None:
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

    def test_a_variable_overrules_the_file(self, write: Write) -> None:
        path = write(CLUSTER + "web: {port: 9000, host: 10.0.0.1}\n")

        loaded = load_settings({**ENVIRON, "AIRFLOW_BOT_WEB__PORT": "9001"}, path)

        assert (loaded.web.host, loaded.web.port) == ("10.0.0.1", 9001)

    def test_an_empty_variable_counts_as_unset(self, write: Write) -> None:
        loaded = load_settings({**ENVIRON, "AIRFLOW_BOT_WEB__PORT": ""}, write(CLUSTER))

        assert loaded.web.port == 8080

    def test_a_secret_variable_overrules_the_source_named_in_the_file(self, write: Write) -> None:
        environ = {"HOME": "/", "AIRFLOW_BOT_CLUSTERS__PROD__PASSWORD": "from-the-variable"}

        loaded = load_settings(environ, write(CLUSTER))

        password = loaded.clusters["prod"].password
        assert password is not None
        assert password.get_secret_value() == "from-the-variable"

    def test_variables_reach_clusters_whose_names_they_cannot_hold(self, write: Write) -> None:
        path = write("clusters: {Prod-EU: {base_url: https://eu.example.com, username: bot}}")
        environ = {"HOME": "/", "AIRFLOW_BOT_CLUSTERS__PROD_EU__PASSWORD": SECRET}

        loaded = load_settings(environ, path)

        assert list(loaded.clusters) == ["Prod-EU"]
        assert loaded.clusters["Prod-EU"].password is not None

    def test_secret_files_are_read_from_beside_the_settings_file(
        self, write: Write, tmp_path: Path
    ) -> None:
        (tmp_path / "password").write_text(f"{SECRET}\n")
        path = write(CLUSTER.replace("password_env: PROD_PASSWORD", "password_file: password"))

        password = load_settings({"HOME": "/"}, path).clusters["prod"].password

        assert password is not None
        assert password.get_secret_value() == SECRET

    def test_the_file_is_named_by_a_variable_where_no_option_says_it(self, write: Write) -> None:
        path = write(CLUSTER)

        assert load_settings({**ENVIRON, "AIRFLOW_BOT_CONFIG": str(path)}, None).clusters

    def test_the_file_of_the_working_folder_is_found(
        self, write: Write, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(write(CLUSTER).parent)

        assert load_settings(ENVIRON, None).clusters

    def test_nothing_is_taken_from_the_environment_of_the_process(
        self, write: Write, monkeypatch: pytest.MonkeyPatch
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
        self, write: Write, given_: dict[str, str], mode: SlackMode
    ) -> None:
        assert load_settings({**ENVIRON, **given_}, write(CLUSTER)).slack.mode is mode

    def test_a_bare_off_means_off(self, write: Write) -> None:
        path = write(CLUSTER + "slack: {mode: off}\nknowledge: {embeddings: {kind: off}}\n")
        environ = {**ENVIRON, "SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN": "xapp-1"}

        loaded = load_settings(environ, path)

        assert loaded.slack.mode is SlackMode.OFF
        assert loaded.knowledge.embeddings.kind is Embeddings.OFF

    def test_a_model_key_lying_in_the_environment_enables_no_model(self, write: Write) -> None:
        loaded = load_settings({**ENVIRON, "OPENAI_API_KEY": SECRET}, write(CLUSTER))

        assert not loaded.model.is_enabled

    def test_the_local_workspace_is_a_flag_of_its_own(self, write: Write) -> None:
        path = write(CLUSTER + "slack: {local_workspace: true}\n")

        loaded = load_settings({**ENVIRON, "SLACK_API_URL": "http://127.0.0.1:1/api"}, path)

        assert loaded.slack.local_workspace
        assert loaded.slack.api_url == "http://127.0.0.1:1/api/"

    def test_a_database_password_joins_its_url(self, write: Write) -> None:
        path = write(
            CLUSTER + "database: {url: postgresql://bot@db/bot, password_env: DB_PASSWORD}\n"
        )

        loaded = load_settings({**ENVIRON, "DB_PASSWORD": "p@ss word"}, path)

        assert loaded.database_url == "postgresql+psycopg://bot:p%40ss word@db/bot"

    def test_a_section_left_empty_has_its_defaults(self, write: Write) -> None:
        loaded = load_settings(ENVIRON, write(CLUSTER + "web:\nmodel:\n  base_url:\n"))

        assert loaded.web.port == 8080
        assert not loaded.model.is_enabled

    def test_paths_start_at_the_file_or_at_home(self, write: Write, tmp_path: Path) -> None:
        (tmp_path / "mine").mkdir()
        path = write(CLUSTER + "knowledge: {runbooks: [mine]}\ndata_dir: ~/bot\n")

        loaded = load_settings(ENVIRON, path)

        assert loaded.knowledge.runbooks == (tmp_path / "mine",)
        assert loaded.data_dir == Path("/home/someone/bot")


class TestFaults:
    def test_every_fault_is_named_at_once_with_its_line(self, write: Write) -> None:
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

    def test_no_cluster_gives_an_example_that_is_valid_yaml(self, write: Write) -> None:
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
    def test_a_fault_names_its_key_and_the_remedy(
        self, write: Write, text: str, key: str, says: str
    ) -> None:
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
    def test_a_wrong_key_of_a_cluster_is_named(
        self, write: Write, line: str, key: str, says: str
    ) -> None:
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
        self, write: Write, tmp_path: Path, old: str, new: str, key: str, says: str
    ) -> None:
        (tmp_path / "empty").touch()
        (tmp_path / "long").write_text("x" * 100_000)
        path = write(CLUSTER.replace(old, new))

        assert says in fault_at(key, path)
        assert len(faults_of(path)) == 1

    def test_two_sources_for_one_secret_are_a_fault(self, write: Write, tmp_path: Path) -> None:
        (tmp_path / "password").write_text(SECRET)
        path = write(CLUSTER + "    password_file: password\n")

        assert "Keep one" in fault_at("clusters.prod.password_env", path)

    def test_clusters_may_not_share_an_alias(self, write: Write) -> None:
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
        self, write: Write, key: str, text: str
    ) -> None:
        path = write(text)

        assert "must not stand in the file" in fault_at(key, path)
        assert len(faults_of(path)) == 1
        assert SECRET not in "".join(faults_of(path))

    def test_swapped_slack_tokens_are_noticed(self, write: Write) -> None:
        environ = {**ENVIRON, "SLACK_BOT_TOKEN": "xapp-1", "SLACK_APP_TOKEN": "xoxb-1"}

        faults = faults_of(write(CLUSTER), environ)

        assert "is an app-level token" in faults[0] + faults[1]
        assert "is a bot token" in faults[0] + faults[1]

    @pytest.mark.parametrize(
        ("variable", "says"),
        [
            ("AIRFLOW_BOT_CLUSTER__PROD__TOKEN", "Did you mean clusters?"),
            ("AIRFLOW_BOT_SLACK_BOT_TOKEN", "Did you mean AIRFLOW_BOT_SLACK__BOT_TOKEN?"),
            ("AIRFLOW_BOT_DATADIR", "Did you mean data_dir?"),
        ],
    )
    def test_a_variable_that_sets_nothing_is_noticed(
        self, write: Write, variable: str, says: str
    ) -> None:
        fault = fault_at(variable, write(CLUSTER), {**ENVIRON, variable: SECRET})

        assert says in fault
        assert SECRET not in fault

    def test_a_variable_that_holds_a_named_secret_may_have_any_name(self, write: Write) -> None:
        path = write(CLUSTER.replace("PROD_PASSWORD", "AIRFLOW_BOT_CLUSTERS_PROD"))

        loaded = load_settings({"HOME": "/", "AIRFLOW_BOT_CLUSTERS_PROD": SECRET}, path)

        assert loaded.clusters["prod"].password is not None

    def test_a_wrong_variable_is_named_as_it_was_written(self, write: Write) -> None:
        fault = fault_at("web.port", write(CLUSTER), {**ENVIRON, "AIRFLOW_BOT_WEB__PORT": "x"})

        assert "(from AIRFLOW_BOT_WEB__PORT)" in fault

    def test_broken_yaml_is_named_with_line_and_column(self, write: Write) -> None:
        (fault,) = faults_of(write("clusters:\n  prod: [\n"))

        assert re.search(r"not valid YAML \(line 3, column 1\)", fault)

    @pytest.mark.parametrize(
        "text",
        ["- a\n- b\n", "just words", "a: &x\n  b: *x\n", "a: \x00\n", "? [a]\n: 1\n", "a: *b\n"],
    )
    def test_a_file_that_holds_no_settings_is_one_fault(self, write: Write, text: str) -> None:
        (fault,) = faults_of(write(text))

        assert "airflow-bot.yaml" in fault

    def test_a_file_that_does_not_exist_is_one_fault(self, tmp_path: Path) -> None:
        (fault,) = faults_of(tmp_path / "gone.yaml")

        assert "gone.yaml does not exist" in fault

    def test_a_folder_or_another_encoding_is_one_fault(self, tmp_path: Path) -> None:
        latin = tmp_path / "latin.yaml"
        latin.write_bytes("a: ü".encode("latin-1"))

        assert "cannot be read" in faults_of(tmp_path)[0]
        assert "UTF-8" in faults_of(latin)[0]

    @settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200)
    @given(
        tree=st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(
                    st.sampled_from(
                        [*Settings.model_fields, "prod", "base_url", "password", "mode", "url"]
                    )
                    | st.text(max_size=4),
                    inner,
                    max_size=5,
                )
            ),
            max_leaves=12,
        )
    )
    def test_no_file_breaks_the_loader(self, tmp_path: Path, tree: object) -> None:
        path = tmp_path / "any.yaml"
        path.write_text(yaml.safe_dump(tree, allow_unicode=True), encoding="utf-8")
        faults: tuple[str, ...] = ("none",)
        try:
            load_settings(ENVIRON, path)
        except ConfigError as error:
            faults = error.faults

        assert faults
        assert all("\n" not in line for line in faults)


class TestSecrets:
    def test_no_text_form_of_the_settings_shows_a_secret(self, write: Write) -> None:
        environ = {
            **ENVIRON,
            "SLACK_BOT_TOKEN": f"xoxb-{SECRET}",
            "AIRFLOW_BOT_DATABASE__URL": f"postgresql://bot:{SECRET}@h/d",
            "AIRFLOW_BOT_REDACTION__KNOWN_SECRETS_ENV": "PROD_PASSWORD",
        }

        loaded = load_settings(environ, write(CLUSTER))

        for text in (repr(loaded), str(loaded), loaded.model_dump_json(), str(loaded.model_dump())):
            assert SECRET not in text
        assert SECRET in loaded.database_url

    def test_all_secrets_are_known_to_the_redactor(self, write: Write, tmp_path: Path) -> None:
        (tmp_path / "extra").write_text("warehouse-password")
        environ = {
            **ENVIRON,
            "SLACK_BOT_TOKEN": "xoxb-12345678",
            "DB_PASSWORD": "database-password",
            "HOOK": "https://hooks.example.com/T0/B0/secret",
            "AIRFLOW_BOT_MODEL__API_KEY": "short",
            "AIRFLOW_BOT_MODEL__NAME": "m",
        }
        path = write(
            CLUSTER
            + "database: {url: 'postgresql://bot@h/d', password_env: DB_PASSWORD}\n"
            + "redaction: {known_secrets_env: [HOOK], known_secrets_file: [extra]}\n"
        )

        assert set(load_settings(environ, path).secret_values()) == {
            SECRET,
            "xoxb-12345678",
            "database-password",
            "https://hooks.example.com/T0/B0/secret",
            "warehouse-password",
        }


class TestExample:
    def test_the_shipped_example_is_valid_with_every_line_in_force(self, tmp_path: Path) -> None:
        """Nothing in it may name a key that does not exist, commented out or not."""
        example = Path(__file__).parents[1] / "bot" / "config.example.yaml"
        text = example.read_text(encoding="utf-8")
        in_force = re.sub(r"(?m)^( *)# (?=( *[a-z_]+:( |$)))", r"\1", text)
        in_force = in_force.replace("/run/secrets/warehouse", "warehouse").replace(
            "url: sqlite:////var/lib/airflow-bot/bot.db", "url: postgresql://bot@db/bot"
        )
        for folder in ("runbooks", "models/minilm"):
            (tmp_path / folder).mkdir(parents=True)
        for name in ("warehouse", "ca.pem"):
            (tmp_path / name).write_text("secret")
        path = tmp_path / "airflow-bot.yaml"
        path.write_text(in_force, encoding="utf-8")
        names = set(re.findall(r"[A-Z]+(?:_[A-Z]+)+", in_force)) - {"AIRFLOW_BOT_CONFIG"}
        environ = {name: "value" for name in names if not name.startswith("AIRFLOW_BOT")}
        environ["SLACK_API_URL"] = "https://slack.com/api/"

        loaded = load_settings(environ, path)

        assert loaded.clusters["prod"].aliases == ("production", "live")
        assert loaded.model_fields_set == set(Settings.model_fields)

    def test_the_shipped_example_is_valid_as_it_is(self, tmp_path: Path) -> None:
        example = Path(__file__).parents[1] / "bot" / "config.example.yaml"

        loaded = load_settings({"HOME": "/", "AIRFLOW_PROD_PASSWORD": SECRET}, example)

        assert list(loaded.clusters) == ["prod"]
