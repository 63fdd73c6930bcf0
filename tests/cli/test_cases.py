"""The commands about resolved cases, beside a bot's database."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from bot.adapters.sql.cases import SqlResolvedCases
from bot.adapters.sql.engine import create_engine
from bot.cli import app
from tests.fakes.cases import CASE, NOON, SAID, case


@pytest.fixture
def config(tmp_path: Path, sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SOME_PASSWORD", "hunter2-and-more")
    file = tmp_path / "airflow-bot.yaml"
    file.write_text(
        f"data_dir: {tmp_path}\nslack: {{mode: off}}\n"
        "clusters: {prod: {base_url: 'https://a.example.com', username: bot, "
        "password_env: SOME_PASSWORD}}\n"
    )

    async def keep() -> None:
        engine = create_engine(sqlite_url)
        cases = SqlResolvedCases(engine, clock=lambda: NOON)
        await cases.add(CASE, [SAID])
        await cases.add(case(2, fix="Turned it off and on again."), [])
        await engine.dispose()

    asyncio.run(keep())
    return file


def run(config: Path, *words: str) -> Result:
    return CliRunner().invoke(app, ["cases", *words, "--config", str(config)])


def test_cases_are_listed_page_by_page(config: Path) -> None:
    first = run(config, "list", "--limit", "1")
    assert "There is more" in first.output
    after = first.output.partition("--after '")[2].partition("'")[0]
    second = run(config, "list", "--limit", "1", "--after", after)
    shown = {one.output.split()[0] for one in (first, second)}
    assert shown == {CASE.id, "CASE0002"}
    assert "There is more" not in second.output
    assert "There are no such cases." in run(config, "list", "--state", "approved").output
    assert run(config, "list", "--after", "x").exit_code == 1


def test_a_case_is_approved_in_other_words_and_shown(config: Path) -> None:
    done = run(config, "approve", CASE.id.lower(), "--fix", "Pin pandas below 3", "--by", "ada")
    assert (done.exit_code, "Approved" in done.output) == (0, True)
    shown = run(config, "show", CASE.id).output
    for part in ("Pin pandas below 3", "approved", "Decided by    ada", "told 0", CASE.permalink):
        assert part in shown
    tree = json.loads(run(config, "show", CASE.id, "--json").output)
    assert (tree["state"], tree["record"]["served"]) == ("approved", 0)
    again = run(config, "approve", CASE.id, "--by", "eve")
    assert (again.exit_code, "it is approved" in again.output) == (1, True)
    assert "Retired" in run(config, "retire", CASE.id).output


def test_too_few_words_tell_nobody_anything(config: Path) -> None:
    done = run(config, "approve", CASE.id, "--fix", "ok")
    assert (done.exit_code, "Say what fixed it" in done.output) == (1, True)


def test_a_rejected_case_says_so_and_an_unknown_one_too(config: Path) -> None:
    assert "Rejected" in run(config, "reject", "CASE0002", "--why", "no fix").output
    assert "no fix" in run(config, "show", "CASE0002").output
    for words in (("show", "NOBODY"), ("reject", "NOBODY")):
        unknown = run(config, *words)
        assert (unknown.exit_code, "no " in unknown.output) == (1, True)
