"""The report of gaps at the terminal, beside a bot's database."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from bot.adapters.sql.engine import create_engine
from bot.adapters.sql.store import SqlConversationStore
from bot.cli import app
from bot.domain.conversations import Rating, Score
from bot.workflows.databases import migrate_engine
from tests.fakes.turns import diagnosis, question, turn


@pytest.fixture
def config(tmp_path: Path, sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SOME_PASSWORD", "hunter2-and-more")
    file = tmp_path / "airflow-bot.yaml"
    file.write_text(
        f"data_dir: {tmp_path}\nslack: {{mode: off}}\nknowledge: {{shipped: false}}\n"
        "clusters: {prod: {base_url: 'https://a.example.com', username: bot, "
        "password_env: SOME_PASSWORD}}\ngap_report: {channel: C0123ABCD}\n"
    )
    asyncio.run(_said_to_be_wrong(sqlite_url))
    return file


async def _said_to_be_wrong(url: str) -> None:
    engine = create_engine(url)
    store = SqlConversationStore(engine)
    asked_at = datetime.now(UTC) - timedelta(hours=5)
    one = turn("K7QX2M", asked=question(asked_at=asked_at), reply=diagnosis())
    await store.add_turn(one)
    await store.rate(Rating(one.id, "U1", Score.DOWN, asked_at))
    await engine.dispose()


def run(config: Path, *words: str) -> Result:
    return CliRunner().invoke(app, [*words, "--config", str(config)])


def test_the_report_says_what_was_wrong_and_compares(config: Path) -> None:
    done = run(config, "report", "gaps", "--weeks", "3")
    assert done.exit_code == 0
    assert "1 question about a failure: 0 without an answer, 1 answered wrongly." in done.output
    assert "out_of_memory: 1 wrong, of 1" in done.output
    assert "before: -" in done.output


def test_a_report_is_posted_by_the_bot(config: Path, sqlite_url: str) -> None:
    migrate_engine(sqlite_url)
    assert "It is posted as soon as" in run(config, "report", "gaps", "--post").output
    assert "report of gaps" in run(config, "work", "list").output


def test_no_runbook_has_to_be_looked_at_where_none_is_stale(config: Path) -> None:
    assert run(config, "runbooks", "review").output == "No runbook has to be looked at.\n"
