"""The console command: a way in, where there is a console."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli import app
from bot.domain.errors import BotError


@pytest.fixture
def config(tmp_path: Path, sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SOME_PASSWORD", "hunter2-and-more")
    file = tmp_path / "airflow-bot.yaml"
    file.write_text(
        f"data_dir: {Path(sqlite_url.removeprefix('sqlite+aiosqlite:///')).parent}\n"
        "clusters: {prod: {base_url: 'https://a.example.com', username: bot, "
        "password_env: SOME_PASSWORD}}\n"
        "slack: {mode: off}\n"
    )
    return file


def run(config: Path, *words: str) -> str:
    result = CliRunner().invoke(app, ["console", "token", *words, "--config", str(config)])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.output


def test_a_link_is_printed_another_one_each_time(config: Path) -> None:
    config.write_text(config.read_text() + "console: {enabled: true}\nweb: {host: 0.0.0.0}\n")

    first, second = run(config), run(config, "--role", "viewer")

    assert first.startswith("http://127.0.0.1:8080/console/sign-in/local?token=")
    assert first != second


def test_without_a_console_the_remedy_is_said(config: Path) -> None:
    with pytest.raises(BotError, match=r"console\.enabled is false"):
        run(config)


def test_a_bot_that_does_not_listen_on_this_machine_is_said(config: Path) -> None:
    config.write_text(config.read_text() + "console: {enabled: true}\nweb: {host: 10.0.0.7}\n")

    with pytest.raises(BotError, match=r"web\.host is 10\.0\.0\.7"):
        run(config)
