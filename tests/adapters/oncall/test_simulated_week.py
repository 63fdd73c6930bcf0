"""Weeks in which the clocks change, minute by minute: who is called is who the wall says.

What is expected is worked out from the clock on the wall alone, without a look at turns.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.adapters.oncall.rota import RotaSource
from tests.adapters.oncall.rotas import utc, wall

ROTA = """\
timezone: {zone}
people:
  dana: {{slack: U0DANA001}}
  kim: {{slack: U0KIM0002}}
  lee: {{slack: U0LEE0003}}
levels:
  - layers:
      - people: [dana, kim]
        turn: daily
        handover: 09:00
        start: 2026-01-05
        only: mon-fri 09:00-17:00
      - people: [kim, dana, lee]
        handover: sunday 12:00
        start: 2026-01-04
overrides:
  - {{person: lee, from: {day} 00:45, to: {day} 04:45}}
"""
STEP = timedelta(minutes=15)
FIRST_DAY, FIRST_SUNDAY = wall("2026-01-05 09:00"), wall("2026-01-04 12:00")


def expected(shown: datetime, changes: datetime) -> str:
    """Who the wall says, for a clock that shows `shown`."""
    if shown.date() == changes.date() and time(0, 45) <= shown.time() < time(4, 45):
        return "lee"
    if shown.weekday() < 5 and time(9) <= shown.time() < time(17):
        return ("dana", "kim")[(shown - FIRST_DAY).days % 2]
    return ("kim", "dana", "lee")[(shown - FIRST_SUNDAY) // timedelta(weeks=1) % 3]


def moments(start: datetime) -> Iterator[datetime]:
    return (start + number * STEP for number in range(7 * 24 * 4))


@pytest.mark.parametrize(
    ("zone", "changes"),
    [
        ("Europe/Berlin", "2026-03-29"),
        ("Europe/Berlin", "2026-10-25"),
        ("America/New_York", "2026-03-08"),
        ("America/New_York", "2026-11-01"),
        ("Australia/Lord_Howe", "2026-04-05"),
        ("Australia/Lord_Howe", "2026-10-04"),
    ],
)
async def test_in_a_week_with_a_change_of_the_clocks_who_is_called_is_who_the_wall_says(
    tmp_path: Path, zone: str, changes: str
) -> None:
    path = tmp_path / "rota.yaml"
    path.write_text(ROTA.format(zone=zone, day=changes))
    rota = RotaSource(path, None, lambda: utc(changes))
    called = set()
    for at in moments(utc(changes) - timedelta(days=4)):
        now = await rota.on_call(1, at)
        [responder] = now.responders
        shown = at.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
        assert responder.name == expected(shown, wall(changes)), shown
        assert now.until is not None
        assert now.until > at
        called.add(responder.name)
    assert called == {"dana", "kim", "lee"}
