"""The commands about drafts of runbooks, beside a bot's database."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from bot.adapters.sql.engine import create_engine
from bot.adapters.sql.runbook_drafts import SqlRunbookDrafts
from bot.cli import app
from tests.fakes.drafts import DRAFT, real_draft


@pytest.fixture
def config(tmp_path: Path, sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SOME_PASSWORD", "hunter2-and-more")
    own = tmp_path / "own"
    own.mkdir()
    file = tmp_path / "airflow-bot.yaml"
    file.write_text(
        f"data_dir: {tmp_path}\nslack: {{mode: off}}\n"
        "clusters: {prod: {base_url: 'https://a.example.com', username: bot, "
        "password_env: SOME_PASSWORD}}\n"
        f"knowledge: {{shipped: false, runbooks: [{own}]}}\ngrowth: {{folder: {own}}}\n"
    )

    async def keep() -> None:
        engine = create_engine(sqlite_url)
        drafts = SqlRunbookDrafts(engine)
        await drafts.put(real_draft(), offers=False)
        await drafts.put(replace(DRAFT, id="OLDER222", fingerprint="x"), offers=False)
        await engine.dispose()

    asyncio.run(keep())
    return file


def run(config: Path, *words: str) -> Result:
    return CliRunner().invoke(app, ["runbooks", *words, "--config", str(config)])


def test_drafts_are_listed_page_by_page(config: Path) -> None:
    first = run(config, "drafts", "--limit", "1")
    assert "There is more: --page 2" in first.output
    assert len(run(config, "drafts").output.splitlines()) == 2
    assert "There are no drafts." in run(config, "drafts", "--state", "rejected").output


def test_an_approved_draft_is_in_force_and_listed(config: Path, tmp_path: Path) -> None:
    words = ("approve", DRAFT.id.lower(), "--verdict", "code", "--cause", "workspace_locked")
    done = run(config, *words)
    assert (done.exit_code, "workspace_locked.md" in done.output) == (0, True)
    assert "workspace_locked" in run(config, "list").output
    check = CliRunner().invoke(app, ["runbooks", "check", str(tmp_path / "own")])
    assert (check.exit_code, check.output) == (0, "1 runbooks, 0 faults\n")
    again = run(config, *words)
    assert (again.exit_code, "already" in again.output) == (1, True)


def test_a_draft_is_not_approved_without_a_side(config: Path) -> None:
    done = run(config, "approve", DRAFT.id)
    assert (done.exit_code, "whose side" in done.output) == (1, True)


def test_a_patch_is_all_that_is_printed(config: Path) -> None:
    done = run(config, "draft", DRAFT.id, "--patch", "--verdict", "code")
    assert done.output.startswith("From 0000")
    assert "+verdict: code\n" in done.output


def test_a_rejected_draft_says_so(config: Path) -> None:
    assert "Rejected" in run(config, "reject", DRAFT.id).output
    assert "rejected" in run(config, "draft", DRAFT.id).output
    unknown = run(config, "reject", "NOBODYSX")
    assert (unknown.exit_code, "no such draft" in unknown.output) == (1, True)
