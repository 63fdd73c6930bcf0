"""Whatever breaks in Airflow or the database, a question gets one answer or one sentence."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest

from bot.slack.presses import Press
from bot.workflows.steps import _Tries
from tests.end_to_end.asking import FAILED, RIGHT, answered
from tests.end_to_end.conftest import bot_between, shown


async def test_with_the_fewest_scopes_the_answer_comes_all_the_same(tmp_path: Path) -> None:
    scopes = frozenset({"app_mentions:read", "chat:write"})
    async with bot_between(tmp_path, [FAILED], scopes=scopes) as stage:
        assert RIGHT in shown(await answered(stage))
        refused = [c for c in stage.ws.calls() if c.response.get("error") == "missing_scope"]
        assert refused


# Airflow


async def test_without_its_log_a_failure_is_not_called_the_codes(tmp_path: Path) -> None:
    async with bot_between(tmp_path, [FAILED]) as stage:
        stage.airflow.faults.forbidden.add("log")
        said = shown(await answered(stage))
        assert "I can't tell yet" in said
        assert "log (not permitted)" in said


@pytest.mark.parametrize("fault", ["drop", "html"])
async def test_an_airflow_that_answers_nonsense_is_blamed_on_nobody(
    tmp_path: Path, fault: str
) -> None:
    async with bot_between(tmp_path, [FAILED]) as stage:
        getattr(stage.airflow.faults, fault).add("*")
        said = shown(await answered(stage))
        assert f"I could not look at “{FAILED}”. " in said.replace("\n", " ")
        assert "lab:" in said
        assert "says nothing about your Dag" in said
        assert "Your code" not in said


async def test_an_airflow_that_fails_is_said_to_fail(tmp_path: Path) -> None:
    async with bot_between(tmp_path, [FAILED]) as stage:
        stage.airflow.faults.status["*"] = 502
        said = shown(await answered(stage))
        assert "HTTP 502" in said
        assert "says nothing about your Dag" in said


async def test_an_airflow_that_dies_midway_leaves_what_was_seen(tmp_path: Path) -> None:
    async with bot_between(tmp_path, [FAILED]) as stage:
        for piece in ("tries", "log", "event_logs", "dag_details", "tasks", "pools", "health"):
            stage.airflow.faults.drop.add(piece)
        said = shown(await answered(stage))
        assert "Not seen:" in said
        assert "Your code" not in said


async def test_a_slow_airflow_is_answered_for_within_the_deadline(tmp_path: Path) -> None:
    more = {"answers": {"deadline": 2}}
    async with bot_between(tmp_path, [FAILED], more=more) as stage:
        stage.airflow.faults.hold["event_logs"] = threading.Event()
        said = shown(await answered(stage))
        assert RIGHT in said
        assert "event log (took too long)" in said


async def test_a_login_that_is_refused_is_said(tmp_path: Path) -> None:
    async with bot_between(tmp_path, [FAILED]) as stage:
        stage.airflow.username = "somebody-else"
        said = shown(await answered(stage))
        assert "lab" in said
        assert "login" in said.lower() or "credentials" in said.lower()
        assert "Your code" not in said


# The database


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything is tried as often as ever, without the half minute of pauses in between."""
    monkeypatch.setattr(_Tries, "_pause", lambda _: 0.02)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("refused", ["INSERT ON turns", "UPDATE ON turns"])
async def test_a_database_that_takes_nothing_costs_no_answer(tmp_path: Path, refused: str) -> None:
    async with bot_between(tmp_path, [FAILED]) as stage:
        refuse(tmp_path / "data", refused)
        card = await answered(stage)
        assert RIGHT in shown(card)


@pytest.mark.usefixtures("impatient")
async def test_a_vote_that_cannot_be_kept_is_said_with_a_reference(tmp_path: Path) -> None:
    async with bot_between(tmp_path, [FAILED]) as stage:
        card = await answered(stage)
        refuse(tmp_path / "data", "INSERT ON ratings")
        thumbs = next(b for b in card.blocks if b["type"] == "context_actions")["elements"][0]
        up = thumbs["positive_button"]["value"]
        await stage.ws.press(card, Press.RATE, stage.asker, chosen=up)
        (told,) = await stage.ws.wait_for(lambda: stage.ws.ephemerals(stage.asker))
        assert "Reference" in shown(told)


def refuse(folder: Path, deed: str) -> None:
    """The database says no to this, as one on a full or read-only disk does."""
    (path,) = folder.glob("*.db")
    trigger = f"CREATE TRIGGER refuse BEFORE {deed} BEGIN SELECT RAISE(ABORT, 'disk is full'); END"
    with closing(sqlite3.connect(path, timeout=5)) as database:
        database.execute(trigger)
        database.commit()
