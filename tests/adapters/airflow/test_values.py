from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.adapters.airflow import values

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@pytest.mark.parametrize(
    "written",
    [
        "2026-11-22T05:50:13Z",
        "2026-11-22T05:50:13+00:00",
        "2026-11-22T07:50:13+02:00",
        "2026-11-22T05:50:13",
        "2026-11-22 05:50:13",
        "2026-11-22T05:50:13.000000000Z",
    ],
)
def test_a_time_in_any_usual_spelling_is_an_aware_utc_datetime(written: str) -> None:
    assert values.moment(written) == datetime(2026, 11, 22, 5, 50, 13, tzinfo=UTC)


@pytest.mark.parametrize("written", ["", "  ", "never", None, 17, "0001-01-01T00:00:00+14:00", {}])
def test_what_is_no_time_is_none(written: object) -> None:
    assert values.moment(written) is None


@given(st.datetimes(timezones=st.timezones(), min_value=datetime(1900, 1, 1)))  # noqa: DTZ001
def test_a_time_survives_the_way_through_its_text(at: datetime) -> None:
    if at.utcoffset() % timedelta(minutes=1):  # ISO 8601 as Airflow writes it has no seconds there
        return
    found = values.moment(at.isoformat())
    assert found == at.astimezone(UTC)
    assert found.tzinfo is UTC


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("PT12S", 12.0),
        ("PT1H30M", 5400.0),
        ("P1DT2H", 93_600.0),
        ("-PT5M", -300.0),
        ("PT0.5S", 0.5),
        ("0:00:12", 12.0),
        ("1 day, 2:00:00", 93_600.0),
        ({"__type": "TimeDelta", "days": 1, "seconds": 2, "microseconds": 500_000}, 86_402.5),
        (12, 12.0),
        ("12.5", 12.5),
        (None, None),
        ({}, None),
        ("soon", None),
        (True, None),
    ],
)
def test_a_duration_in_any_spelling_is_seconds(written: object, expected: float | None) -> None:
    assert values.seconds(written) == expected


def test_an_extra_written_as_python_pairs_becomes_json() -> None:
    assert json.loads(values.as_json("[('dag_id', 'a'), ('is_paused', True)]")) == {
        "dag_id": "a",
        "is_paused": True,
    }


@pytest.mark.parametrize(
    "written", ['{"host_name": "127.0.0.1"}', "Executor X reported …", "[1, 2", "{'a': open(1)}"]
)
def test_an_extra_that_is_json_or_prose_stays_as_it_is(written: str) -> None:
    assert values.as_json(written) == written


@given(JSON)
def test_no_json_value_makes_a_reader_fail(value: object) -> None:
    for read in (
        values.text,
        values.whole,
        values.decimal,
        values.flag,
        values.names,
        values.moment,
        values.seconds,
        values.as_json,
        values.mapping,
    ):
        read(value)
    list(values.items(value, "rows"))


def test_an_offset_is_turned_to_utc_and_not_dropped() -> None:
    at = datetime(2026, 1, 1, 12, tzinfo=timezone(timedelta(hours=5, minutes=30)))
    assert values.moment(at.isoformat()) == datetime(2026, 1, 1, 6, 30, tzinfo=UTC)
