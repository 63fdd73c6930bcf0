"""The oncall command as a user meets it: who is called, at a time, next; and faults of a rota."""

from __future__ import annotations

import json
import logging
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from tests.adapters.oncall.test_rota_file import ROTA
from tests.cli.test_commands import run
from tests.ports import free_port

Printed = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def _logging_as_it_was() -> Iterator[None]:
    """The command sets it up, for a stream that is closed after the test."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    hooks = sys.excepthook, threading.excepthook
    yield
    sys.excepthook, threading.excepthook = hooks
    root.handlers[:], root.level = handlers, level
    logging.captureWarnings(capture=False)
    structlog.reset_defaults()


@pytest.fixture
def rota(tmp_path: Path) -> Path:
    path = tmp_path / "rota.yaml"
    path.write_text(ROTA)
    return path


@pytest.fixture
def config(tmp_path: Path, rota: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PASSWORD", "none-at-all")
    monkeypatch.setenv("COLUMNS", "120")
    cluster = {"base_url": "http://127.0.0.1:1", "username": "bot", "password_env": "PASSWORD"}
    pagerduty = {
        "token_env": "PASSWORD",
        "from_email": "bot@example.com",
        "service": "PSERVICE",
        "escalation_policy": "PPOLICY",
        "api_url": f"http://127.0.0.1:{free_port()}",
        "timeout": 2,
    }
    on_call = {"rota": str(rota), "pagerduty": pagerduty, "levels": ["rota"]}
    path = tmp_path / "airflow-bot.yaml"
    settings = {"data_dir": str(tmp_path), "clusters": {"lab": cluster}, "on_call": on_call}
    path.write_text(json.dumps(settings))
    return path


def test_who_is_on_call_is_a_table(
    monkeypatch: pytest.MonkeyPatch, capsys: Printed, config: Path
) -> None:
    at = ("--at", "2026-11-23T12:30", "--timezone", "Europe/Berlin")
    assert run(monkeypatch, "oncall", "--config", str(config), *at) == 0
    assert [line.split() for line in capsys.readouterr().out.splitlines()] == [
        ["Level", "On", "call", "Until", "Source"],
        ["1", "kim", "(U0KIM0002)", "Mon", "2026-11-23", "17:00", "CET", "rota.yaml"],
    ]


def test_now_is_the_moment_unless_one_is_given(
    monkeypatch: pytest.MonkeyPatch, capsys: Printed, config: Path
) -> None:
    assert run(monkeypatch, "oncall", "--config", str(config)) == 0
    assert "rota.yaml" in capsys.readouterr().out


def test_coming_turns_are_listed_over_an_override_and_a_change_of_the_clocks(
    monkeypatch: pytest.MonkeyPatch, capsys: Printed, rota: Path
) -> None:
    always = ROTA.replace("        only: mon-fri 09:00-17:00\n", "        only: sat 10:00-12:00\n")
    always = always.replace("[dana, kim]", "[kim, dana]")
    rota.write_text(always.replace("2026-12-24 18:00", "2026-10-25 01:00"))
    at = ("--at", "2026-10-24T08:00Z", "--timezone", "Europe/Berlin")
    assert run(monkeypatch, "oncall", "--check", str(rota), "--next", "2", *at) == 0
    out = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    assert out[4:7] == [
        "Sat 2026-10-24 10:00 CEST Sat 2026-10-24 12:00 CEST kim (U0KIM0002)",
        "Sat 2026-10-24 12:00 CEST Sun 2026-10-25 01:00 CEST Dana D. (U0DANA001)",
        "Sun 2026-10-25 01:00 CEST Mon 2026-12-28 09:00 CET kim (U0KIM0002)",
    ]
    assert out[-1] == "rota.yaml: 1 level, 0 faults"


def test_a_look_as_json_is_one_object(
    monkeypatch: pytest.MonkeyPatch, capsys: Printed, config: Path
) -> None:
    given = ("--json", "--next", "1", "--at", "2026-11-23T12:00")
    assert run(monkeypatch, "oncall", "--config", str(config), *given) == 0
    tree = json.loads(capsys.readouterr().out)
    assert tree["levels"][0]["responders"][0]["user_id"] == "U0KIM0002"
    assert tree["levels"][0]["until"] == "2026-11-23T16:00:00+00:00"
    assert [turn["start"] for turn in tree["turns"]] == [
        "2026-11-23T12:00:00+00:00",
        "2026-11-23T16:00:00+00:00",
    ]


def test_a_rota_with_faults_is_refused_with_all_of_them(
    monkeypatch: pytest.MonkeyPatch, capsys: Printed, rota: Path
) -> None:
    rota.write_text(ROTA.replace("1 day", "1 dya").replace("[dana, kim]", "[dana, kimm]"))
    assert run(monkeypatch, "oncall", "--check", str(rota)) == 1
    out = capsys.readouterr().out.splitlines()
    assert [line.split(" (")[0] for line in out] == [
        "levels.1.layers.1.turn",
        "levels.1.layers.2.people.2",
        "rota.yaml: 2 faults",
    ]


def test_a_rota_that_leaves_a_gap_is_told_of_it(
    monkeypatch: pytest.MonkeyPatch, capsys: Printed, rota: Path
) -> None:
    rota.write_text(
        ROTA.replace("handover: monday 09:00", "handover: monday 09:00\n        only: mon")
    )
    assert run(monkeypatch, "oncall", "--check", str(rota)) == 0
    assert "nobody is on call from" in capsys.readouterr().out


def test_a_source_that_does_not_answer_is_said_in_the_status(
    monkeypatch: pytest.MonkeyPatch, capsys: Printed, config: Path
) -> None:
    config.write_text(config.read_text().replace('["rota"]', '["rota", "pagerduty"]'))
    assert run(monkeypatch, "oncall", "--config", str(config), "--next", "1") == 1
    printed = capsys.readouterr()
    assert "2      not known" in printed.out
    assert "Level 2: who comes next is not known" in printed.out
    assert "level 2: PagerDuty does not answer" in printed.err


def test_where_nobody_is_set_up_it_is_said_how(
    monkeypatch: pytest.MonkeyPatch, capsys: Printed, config: Path
) -> None:
    tree = json.loads(config.read_text())
    config.write_text(json.dumps({**tree, "on_call": {}}))
    assert run(monkeypatch, "oncall", "--config", str(config)) == 1
    assert "Name a source under on_call" in capsys.readouterr().out


@pytest.mark.parametrize("given", [("--at", "noon"), ("--timezone", "Mars"), ("--next", "-1")])
def test_what_cannot_be_read_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: Printed, given: tuple[str, str]
) -> None:
    assert run(monkeypatch, "oncall", *given) == 2
    assert given[0] in capsys.readouterr().err


def test_a_name_cannot_steer_the_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: Printed, rota: Path
) -> None:
    rota.write_text(ROTA.replace("name: Dana D.", 'name: "\\e[31mred"').replace("[kim]", "[dana]"))
    assert run(monkeypatch, "oncall", "--check", str(rota), "--next", "3") == 0
    assert "\x1b" not in capsys.readouterr().out
