"""Rotas for tests: one layer as a Hypothesis strategy, and people."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from bot.adapters.oncall.schedule import Layer
from bot.adapters.oncall.wall_clock import Rotation
from bot.domain.oncall import Responder

ZONES = (
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",  # sets its clocks by half an hour
    "Antarctica/Troll",  # by two
    "Pacific/Apia",
    "Africa/Cairo",  # sets its clocks at midnight
    "Asia/Kolkata",
    "UTC",
)
DANA, KIM, LEE = (Responder(name, f"U0{name.upper()}") for name in ("Dana", "Kim", "Lee"))
PEOPLE = (DANA, KIM, LEE)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def wall(text: str) -> datetime:
    """What a clock shows, wherever it hangs."""
    return datetime.fromisoformat(text)


def layer(
    zone: str, first: str, length: timedelta, people: tuple[Responder, ...] = PEOPLE
) -> Layer:
    return Layer(people, Rotation(ZoneInfo(zone), wall(first), length))


lengths = st.one_of(
    st.integers(1, 36).map(lambda hours: timedelta(hours=hours)),
    st.integers(1, 6).map(lambda days: timedelta(days=days)),
    st.integers(1, 4).map(lambda weeks: timedelta(weeks=weeks)),
)
minutes = st.integers(0, 24 * 60 - 1).map(lambda minute: timedelta(minutes=minute))
days = st.dates(date(2020, 1, 1), date(2030, 12, 31))


@st.composite
def rotations(draw: st.DrawFn) -> Rotation:
    zone = ZoneInfo(draw(st.sampled_from(ZONES)))
    first = datetime.combine(draw(days), time()) + draw(minutes)
    return Rotation(zone, first, draw(lengths))
