"""Fitted parameters in their file: taken up while the bot runs, and taken back."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.adapters.parameters_file import NAME, ParametersFile
from bot.domain.errors import BadRequest
from bot.domain.parameters import DEFAULTS, Parameters

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
FITTED = Parameters(slope=0.8, shift=-0.4, abstain_below=0.4, rank_constant=10)


def test_without_a_file_what_is_shipped_is_in_force(tmp_path: Path) -> None:
    assert ParametersFile(tmp_path).parameters() == DEFAULTS


def test_what_is_adopted_is_taken_up_by_a_bot_that_runs(tmp_path: Path) -> None:
    running = ParametersFile(tmp_path)
    assert running.parameters() == DEFAULTS
    adopted = ParametersFile(tmp_path).adopt(FITTED, NOON, {"truths": 30})
    assert (adopted.number, running.parameters()) == (1, FITTED)


def test_each_version_can_be_taken_back(tmp_path: Path) -> None:
    file = ParametersFile(tmp_path)
    file.adopt(FITTED, NOON, {})
    file.adopt(Parameters(slope=1.5), NOON, {})
    back = file.back()
    assert back is not None
    assert (back.number, file.parameters()) == (1, FITTED)
    assert file.back() is None
    assert file.parameters() == DEFAULTS
    with pytest.raises(BadRequest, match="Nothing was fitted"):
        file.back()


def test_a_broken_file_leaves_in_force_what_was(tmp_path: Path) -> None:
    running = ParametersFile(tmp_path)
    running.adopt(FITTED, NOON, {})
    assert running.parameters() == FITTED
    (tmp_path / NAME).write_text("{")
    assert running.parameters() == FITTED
    with pytest.raises(BadRequest, match=NAME):
        running.versions()
