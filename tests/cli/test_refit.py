"""The refit command, beside a bot's database."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from bot.adapters.parameters_file import NAME, ParametersFile
from bot.cli import app
from bot.domain.parameters import Parameters
from tests.adapters.test_parameters_file import NOON


@pytest.fixture
def config(tmp_path: Path, sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SOME_PASSWORD", "hunter2-and-more")
    file = tmp_path / "airflow-bot.yaml"
    file.write_text(
        f"data_dir: {tmp_path}\nslack: {{mode: off}}\nknowledge: {{shipped: false}}\n"
        "clusters: {prod: {base_url: 'https://a.example.com', username: bot, "
        "password_env: SOME_PASSWORD}}\n"
    )
    return file


def run(config: Path, *words: str) -> Result:
    return CliRunner().invoke(app, ["refit", *words, "--config", str(config)])


def test_without_truths_nothing_is_fitted_and_the_number_is_said(
    config: Path, tmp_path: Path
) -> None:
    done = run(config)
    assert (done.exit_code, "There are 0 approved truths; 20 are needed." in done.output) == (
        1,
        True,
    )
    assert not (tmp_path / NAME).exists()


def test_a_fit_is_taken_back(config: Path, tmp_path: Path) -> None:
    file = ParametersFile(tmp_path)
    file.adopt(Parameters(slope=0.8), NOON, {})
    file.adopt(Parameters(slope=0.6), NOON, {})
    assert run(config, "back").output == "Version 1 is in force.\n"
    assert run(config, "back").output == "What is shipped is in force.\n"
