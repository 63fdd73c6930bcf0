"""The consent command: recorded with its grounds, shown, withdrawn, and each deed in the audit."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli import app
from bot.domain.consents import Basis
from bot.domain.errors import BadRequest, StoreError

PERMISSIONS = ("--slack-permission", "letter of 3 Nov", "--organisation-permission", "council 7")


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


def run(config: Path, *words: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, [*words, "--config", str(config)])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.output


def record(config: Path, *words: str, workspace: str = "T0123ABCD") -> tuple[int, str]:
    until = ("--until", "2999-12-31", "--by", "lawyer")
    return run(config, "consent", "record", workspace, *until, *words)


def test_a_consent_is_recorded_shown_and_withdrawn_and_the_audit_has_each_deed(
    config: Path,
) -> None:
    status, said = record(config, "--basis", "legitimate_interests", *PERMISSIONS)
    assert status == 0
    assert "covers rows of T0123ABCD from slack, until 2999-12-31" in said
    (known,) = json.loads(run(config, "consent", "show", "--json")[1])
    assert known["in_force"]
    assert known["slack_permission"] == "letter of 3 Nov"

    status, said = run(config, "consent", "withdraw", known["id"], "--by", "council")
    assert (status, "No export goes on" in said) == (0, True)
    assert "was withdrawn before" in run(config, "consent", "withdraw", known["id"])[1]
    _, shown = run(config, "consent", "show", "T0123ABCD")
    assert "withdrawn" in shown
    assert "by council" in shown
    _, other = run(config, "consent", "show", "T9")
    assert "There is no consent" in other

    _, audit = run(config, "audit", "--action", "consent", "--json")
    deeds = [(one["user_id"], one["detail"]) for one in json.loads(audit)]
    assert deeds == [
        ("council", f"withdrew {known['id']}"),
        ("lawyer", f"recorded {known['id']}: legitimate_interests, until 2999-12-31"),
    ]


def test_an_opt_in_covers_what_was_asked_at_the_terminal(config: Path) -> None:
    status, said = record(config, "--basis", "opt_in", workspace="cli")
    assert status == 0
    assert "rows of cli from playground, cli, webhook" in said


@pytest.mark.parametrize(
    ("words", "remedy"),
    [
        (("--basis", "contract"), "covers nothing"),
        (("--basis", "opt_in", *PERMISSIONS[:2]), "--organisation-permission is missing"),
        (("--basis", "opt_in", *PERMISSIONS[2:]), "--slack-permission is missing"),
        (("--basis", "opt_in", "--until", "2001-01-01"), "is over already"),
    ],
)
def test_what_would_cover_nothing_is_refused_with_the_remedy(
    config: Path, words: tuple[str, ...], remedy: str
) -> None:
    with pytest.raises(BadRequest, match=remedy):
        record(config, *words)
    assert json.loads(run(config, "consent", "show", "--json")[1]) == []


def test_a_basis_that_is_none_is_refused_and_help_explains_those_that_are(config: Path) -> None:
    assert record(config, "--basis", "because")[0] == 2
    _, said = run(config, "consent", "record", "--help")
    for basis in Basis:
        assert f"{basis}: " in said


def test_a_consent_that_is_not_there_cannot_be_withdrawn(config: Path) -> None:
    status, said = run(config, "consent", "withdraw", "nope")
    assert status == 1
    assert "There is no consent nope" in said


def test_a_database_that_is_not_there_is_not_made(config: Path, tmp_path: Path) -> None:
    (tmp_path / "bot.db").unlink()
    with pytest.raises(StoreError, match="There is no database"):
        run(config, "consent", "show")
    assert not (tmp_path / "bot.db").exists()
