"""Secrets are shown nowhere and known to the redactor."""

from __future__ import annotations

from pathlib import Path

from bot.settings import load_settings
from tests.settings.support import CLUSTER, ENVIRON, SECRET, Write


def test_no_text_form_of_the_settings_shows_a_secret(write: Write) -> None:
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


def test_all_secrets_are_known_to_the_redactor(write: Write, tmp_path: Path) -> None:
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
