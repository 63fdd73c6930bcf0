"""The privacy command: what is kept is shown, erased, and looked for again."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from pathlib import Path

import pytest

from bot.adapters.sql.engine import create_engine
from bot.adapters.sql.store import SqlConversationStore
from bot.domain.errors import BadRequest
from bot.domain.questions import Asker, Origin, ThreadKey
from tests.cli.test_consent import config, run
from tests.fakes.turns import question, turn

__all__ = ["config"]


@pytest.fixture
def asked(config: Path, sqlite_url: str) -> Path:
    asyncio.run(_ask(sqlite_url))
    return config


async def _ask(url: str) -> None:
    engine = create_engine(url)
    one = question(thread=ThreadKey("cli", "terminal", "1"), message_ts="1")
    asked = replace(one, id="cli:1", origin=Origin.CLI, asker=Asker("ada"))
    await SqlConversationStore(engine).add_turn(turn("cli:1", asked=asked))
    await engine.dispose()


def test_what_is_kept_is_shown_and_erased_and_looked_for_again(asked: Path) -> None:
    _, shown = run(asked, "privacy", "show", "ada", "--json")
    places = {one["place"]: one["rows"] for one in json.loads(shown)}
    assert places["questions and answers"] == 1
    assert places["verdicts of these"] == 1

    status, said = run(asked, "privacy", "erase", "ada", "--yes")
    assert status == 0
    assert "nothing is left to erase" in said
    assert "What stays, and why" in said
    assert run(asked, "privacy", "show", "ada") == (0, "Nothing is kept of ada.\n")
    _, audit = run(asked, "audit", "--action", "privacy", "--json")
    (deed,) = json.loads(audit)
    assert "ada" not in deed["detail"]


def test_nothing_is_erased_unless_somebody_says_yes(asked: Path) -> None:
    assert run(asked, "privacy", "erase", "ada")[0] == 1  # there is nobody to ask
    assert "questions and answers" in run(asked, "privacy", "show", "ada")[1]


def test_somebody_of_whom_nothing_is_kept_is_no_fault(asked: Path) -> None:
    assert run(asked, "privacy", "erase", "grace", "--yes") == (
        0,
        "Nothing is kept of grace.\n",
    )


def test_a_name_is_refused_with_what_to_give(asked: Path) -> None:
    with pytest.raises(BadRequest, match="Give the person's id"):
        run(asked, "privacy", "show", "ada@example.com")
