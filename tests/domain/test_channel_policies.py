"""Quiet hours by the clocks of their place, also on the days on which those change."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bot.domain.channel_policies import QuietHours

NIGHT = QuietHours("Europe/Berlin", 22 * 60, 7 * 60)
WORKDAYS = QuietHours("Europe/Berlin", 22 * 60, 7 * 60, (0, 1, 2, 3, 4))


@pytest.mark.parametrize(
    ("at", "until"),
    [
        (datetime(2026, 11, 22, 20, 59, tzinfo=UTC), None),
        (datetime(2026, 11, 22, 21, 0, tzinfo=UTC), datetime(2026, 11, 23, 6, tzinfo=UTC)),
        (datetime(2026, 11, 23, 5, 59, tzinfo=UTC), datetime(2026, 11, 23, 6, tzinfo=UTC)),
        (datetime(2026, 11, 23, 6, 0, tzinfo=UTC), None),
        # The night in which the clocks are put on, and the one in which they are put back.
        (datetime(2026, 3, 28, 22, 0, tzinfo=UTC), datetime(2026, 3, 29, 5, tzinfo=UTC)),
        (datetime(2026, 10, 25, 0, 30, tzinfo=UTC), datetime(2026, 10, 25, 6, tzinfo=UTC)),
    ],
)
def test_the_night_lasts_until_the_clock_says_so(at: datetime, until: datetime | None) -> None:
    assert NIGHT.until(at) == until


def test_a_night_belongs_to_the_day_on_which_it_begins() -> None:
    saturday, monday = datetime(2026, 11, 21, 23, tzinfo=UTC), datetime(2026, 11, 23, 3, tzinfo=UTC)
    friday_night = datetime(2026, 11, 21, 3, tzinfo=UTC)
    assert WORKDAYS.until(saturday) is None
    assert WORKDAYS.until(monday) is None
    assert WORKDAYS.until(friday_night) == datetime(2026, 11, 21, 6, tzinfo=UTC)
