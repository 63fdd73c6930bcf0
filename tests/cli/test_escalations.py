"""The escalations command looks into the database, page by page."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.adapters.sql.engine import create_engine
from bot.adapters.sql.escalation_reads import EscalationReads
from bot.adapters.sql.escalations import SqlEscalations
from bot.cli import app
from bot.domain.escalations import Kind
from tests.contract.test_escalations import NOON, POLICY, call, deed


@pytest.fixture
def config(tmp_path: Path, sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SOME_PASSWORD", "hunter2-and-more")
    file = tmp_path / "airflow-bot.yaml"
    file.write_text(
        f"data_dir: {tmp_path}\n"
        "clusters: {prod: {base_url: 'https://a.example.com', username: bot, "
        "password_env: SOME_PASSWORD}}\n"
        "slack: {mode: off}\n"
    )
    asyncio.run(_fill(sqlite_url))
    return file


async def _fill(url: str) -> None:
    engine = create_engine(url)
    escalations = SqlEscalations(engine, lambda _, job: None, POLICY, clock=lambda: NOON)
    for number in range(3):
        opened = await escalations.call(call(number, f"incident {number}"))
    await escalations.do(opened.escalation.id, deed(Kind.ACKNOWLEDGED, by="U\x1b[31m9"))
    await engine.dispose()


def run(*words: str, config: Path) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["escalations", *words, "--config", str(config)])
    return result.exit_code, result.output


def test_escalations_are_listed_page_by_page(config: Path) -> None:
    status, first = run("list", "--limit", "2", config=config)
    assert status == 0
    assert first.count("Out of memory") == 2
    assert "There is more: --page 2" in first
    _, second = run("list", "--limit", "2", "--page", "2", config=config)
    assert second.count("Out of memory") == 1
    assert "There is more" not in second
    _, acknowledged = run("list", "--state", "acknowledged", "--json", config=config)
    (one,) = json.loads(acknowledged)
    assert one["rule"] == "asked_for"


def test_one_is_shown_with_all_that_was_done(config: Path) -> None:
    _, listed = run("list", "--state", "acknowledged", "--json", config=config)
    (one,) = json.loads(listed)
    status, shown = run("show", one["id"].lower(), config=config)

    assert status == 0
    for part in ("Called because: asked for", "1 Dag (prod.dag2)", "opened", "acknowledged"):
        assert part in shown
    assert "\x1b" not in shown


def test_an_unknown_one_is_a_finding(config: Path) -> None:
    status, said = run("show", "AAAAAAAA", config=config)
    assert status == 1
    assert "no escalation AAAAAAAA" in said


async def test_those_who_asked_and_those_who_hold_it_find_it(sqlite_url: str) -> None:
    await _fill(sqlite_url)
    engine = create_engine(sqlite_url)
    reads = EscalationReads(engine, lambda: NOON)
    asked, held, others = [
        [one.escalation.key for one in await reads.concerning("T1", user)]
        for user in ("U1", "U\x1b[31m9", "U7")
    ]
    await engine.dispose()

    assert (asked, held, others) == (["incident 1"], ["incident 2"], [])
