"""The bar at the terminal: how far each stage is."""

from __future__ import annotations

from io import StringIO

import pytest
from rich.console import Console

from bot.adapters.terminal_progress import TerminalProgress


def test_each_stage_has_its_bar_and_what_is_gone_on_with_begins_where_it_was() -> None:
    shown = StringIO()
    console = Console(file=shown, force_terminal=True, width=100, color_system=None)
    with TerminalProgress(console) as progress:
        progress.stage("Reading", 30, 10)
        progress.advance(20)
        progress.stage("Dividing", None)
        progress.stage("Writing", 5)
        progress.advance(2)
    last = shown.getvalue().split("Reading")[-1]
    assert "30/30" in last
    assert "Dividing" in last
    assert "2/5" in last


def test_where_nobody_looks_nothing_is_drawn(capsys: pytest.CaptureFixture[str]) -> None:
    with TerminalProgress() as progress:
        progress.stage("Reading", 3)
        progress.advance(3)
    assert capsys.readouterr() == ("", "")
