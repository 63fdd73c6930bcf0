"""The command line as a user meets it: exit status and one clear message, never a traceback."""

from __future__ import annotations

import json
import os
import socket
from pathlib import Path

import pytest

from bot import cli
from bot.bootstrap import data_folder
from bot.domain.errors import BotError, ConfigError, StoreError
from bot.serving import serving
from bot.settings import Settings, load_settings
from bot.shipped import airflow_callback, airflow_plugin
from tests.end_to_end.conftest import bot_between, free_port

RECORDINGS = Path(__file__).parent.parent / "payloads" / "airflow"


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    """The exit status of one command."""
    monkeypatch.setattr("sys.argv", ["airflow-bot", *arguments])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    return int(ended.value.code or 0)


def test_an_evaluation_prints_one_json_object(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    recording = str(RECORDINGS / "pipeline_62808.json")
    assert run(monkeypatch, "eval", recording, "--json") == 0
    report = json.loads(capsys.readouterr().out)
    assert set(report) == {
        "n",
        "right",
        "also_right",
        "abstained",
        "confidently_wrong",
        "by_verdict",
        "cases",
        "lines",
        "reliability",
        "calibration_error",
        "cross_validated",
    }
    assert report["n"] == report["right"] == 1
    assert set(report["cases"][0]) == {"id", "verdict", "cause", "confidence", "deciding_line"}


def test_the_callbacks_for_dags_are_printed_as_they_are_shipped(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "callback") == 0
    printed = capsys.readouterr().out
    assert printed == airflow_callback()


def test_the_plugin_for_airflow_is_printed_as_it_is_shipped(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "plugin") == 0
    printed = capsys.readouterr().out
    assert printed == airflow_plugin()
    compile(printed, "support_bot.py", "exec")


def test_an_evaluation_of_nothing_fails(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "empty.jsonl").write_text("")
    assert run(monkeypatch, "eval", str(tmp_path / "empty.jsonl")) == cli.CANNOT_START


def test_an_evaluation_with_a_broken_row_says_so_in_its_status(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = tmp_path / "rows.jsonl"
    rows.write_text(json.dumps({"id": "a", "log": "MemoryError"}) + "\n{broken\n")
    assert run(monkeypatch, "eval", str(rows), "--json") == 1
    assert "rows.jsonl" in capsys.readouterr().err


def test_missing_settings_are_one_message(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(monkeypatch, "doctor") == cli.CANNOT_START
    assert "clusters" in capsys.readouterr().err


def test_a_data_folder_that_cannot_be_made_is_a_fault_of_the_settings(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    config = tmp_path / "airflow-bot.yaml"
    cluster = {"base_url": "http://127.0.0.1:1", "username": "bot"}
    config.write_text(
        json.dumps({"data_dir": str(tmp_path / "file" / "data"), "clusters": {"lab": cluster}})
    )
    settings = load_settings({"AIRFLOW_BOT_CLUSTERS__lab__PASSWORD": "none"}, config)
    with pytest.raises(ConfigError, match="data_dir"):
        data_folder(settings)


async def test_a_taken_port_is_named_with_the_remedy(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        more = {"web": {"port": taken.getsockname()[1]}}
        with pytest.raises(BotError, match=r"web\.port"):
            async with bot_between(tmp_path, ("pipeline_62808",), more=more):
                pytest.fail("two listened on one port")


async def test_a_second_bot_on_one_file_is_refused(tmp_path: Path) -> None:
    async with bot_between(tmp_path, ("pipeline_62808",)) as stage:
        with pytest.raises(StoreError, match=rf"bot\.db is in use by process {os.getpid()}"):
            async with serving(_at_another_port(stage.parts.settings)):
                pytest.fail("two worked on one file")


def _at_another_port(settings: Settings) -> Settings:
    web = settings.web.model_copy(update={"port": free_port()})
    return settings.model_copy(update={"web": web})


async def test_the_data_folder_is_for_this_user_alone(tmp_path: Path) -> None:
    async with bot_between(tmp_path, ("pipeline_62808",)) as stage:
        assert stage.parts.settings.data_dir.stat().st_mode & 0o077 == 0
