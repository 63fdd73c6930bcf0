"""The example that is shipped is valid."""

from __future__ import annotations

import re
from pathlib import Path

from bot.settings import Settings, load_settings
from tests.settings.support import SECRET


def test_the_shipped_example_is_valid_with_every_line_in_force(tmp_path: Path) -> None:
    """Nothing in it may name a key that does not exist, commented out or not."""
    example = Path(__file__).parents[2] / "bot" / "config.example.yaml"
    text = example.read_text(encoding="utf-8")
    in_force = re.sub(r"(?m)^( *)# (?=( *[a-z_]+:( |$)))", r"\1", text)
    in_force = in_force.replace("/run/secrets/warehouse", "warehouse").replace(
        "url: sqlite:////var/lib/airflow-bot/bot.db", "url: postgresql://bot@db/bot"
    )
    for folder in ("runbooks", "models/minilm"):
        (tmp_path / folder).mkdir(parents=True)
    for name in ("warehouse", "ca.pem", "rota.yaml"):
        (tmp_path / name).write_text("secret")
    path = tmp_path / "airflow-bot.yaml"
    path.write_text(in_force, encoding="utf-8")
    names = set(re.findall(r"[A-Z]+(?:_[A-Z]+)+", in_force)) - {"AIRFLOW_BOT_CONFIG"}
    environ = {name: "value" for name in names if not name.startswith("AIRFLOW_BOT")}
    environ |= {
        "SLACK_API_URL": "https://slack.com/api/",
        "SLACK_BOT_TOKEN": "xoxb-1",
        "SLACK_APP_TOKEN": "xapp-1",
        "FAILURE_WEBHOOK_TOKEN": "long-enough-to-be-one",
    }

    loaded = load_settings(environ, path)

    assert loaded.clusters["prod"].aliases == ("production", "live")
    assert loaded.model_fields_set == set(Settings.model_fields)


def test_the_shipped_example_is_valid_as_it_is(tmp_path: Path) -> None:
    example = Path(__file__).parents[2] / "bot" / "config.example.yaml"

    loaded = load_settings({"HOME": "/", "AIRFLOW_PROD_PASSWORD": SECRET}, example)

    assert list(loaded.clusters) == ["prod"]
