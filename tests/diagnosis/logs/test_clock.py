from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.diagnosis.logs import clock as clock_module
from bot.diagnosis.logs.clock import Clock, stamp_of
from tests.diagnosis.logs.writing import plain


@pytest.mark.parametrize(
    ("line", "stamp"),
    [
        ("[2024-08-02T09:44:38.478+0000] {a.py:1} INFO - x", (2024, 8, 2, 9, 44, 38, 478000)),
        ("[2024-08-02T09:44:38.478+0200] {a.py:1} INFO - x", (2024, 8, 2, 7, 44, 38, 478000)),
        ("[2021-05-12 17:55:02,295] {a.py:1} INFO - x", (2021, 5, 12, 17, 55, 2, 295000)),
        ("[2022-05-12, 17:55:02 UTC] {a.py:1} INFO - x", (2022, 5, 12, 17, 55, 2)),
        ("2026-11-22T03:00:00.123456Z [info ] x", (2026, 11, 22, 3, 0, 0, 123456)),
        (
            '{"timestamp": "2026-11-22T03:00:00.5-01:00", "event": "at 1999-01-01 00:00:00"}',
            (2026, 11, 22, 4, 0, 0, 500000),
        ),
    ],
)
def test_a_time_stamp_is_read_as_utc(line: str, stamp: tuple[int, ...]) -> None:
    assert stamp_of(line.encode()) == datetime(*stamp, tzinfo=UTC)  # type: ignore[arg-type, misc]


@pytest.mark.parametrize(
    "line", ["", "no time", "[2024-99-99T99:99:99] x", '{"event": "2024-08-02T09:44:38"}']
)
def test_a_line_without_a_time_has_none(line: str) -> None:
    assert stamp_of(line.encode()) is None


def listened(seconds: list[int], block: int) -> Clock:
    clock = Clock()
    lines = [plain("INFO", "a.py:1", "x", second).encode() for second in seconds]
    for start in range(0, len(lines), block):
        clock.add(b"\n".join(lines[start : start + block]), start + 1)
    return clock


def test_the_longest_silence_is_before_the_line_that_ends_it() -> None:
    silence = listened([0, 1, 2, 900, 901, 930], 100).silence

    assert silence is not None
    assert (silence.seconds, silence.number) == (898, 4)


def test_lines_without_a_time_are_passed_over() -> None:
    clock = Clock()
    clock.add(b"x\n" + plain("INFO", "a.py:1", "x", 5).encode() + b"\ny", 1)
    clock.add(b"z\n" * 500 + plain("INFO", "a.py:1", "x", 65).encode(), 4)

    assert clock.silence is not None
    assert clock.first is not None
    assert clock.first.second == 5
    assert (clock.silence.seconds, clock.silence.number) == (60, 504)


@given(st.lists(st.integers(0, 70_000), min_size=2, max_size=60), st.integers(1, 60))
def test_halving_finds_the_longest_silence(seconds: list[int], block: int) -> None:
    seconds.sort()

    silence = listened(seconds, block).silence

    longest = max(after - before for before, after in pairwise(seconds))
    assert (silence.seconds if silence else 0) == longest


@given(
    st.lists(st.one_of(st.none(), st.integers(0, 70_000)), max_size=60),
    st.integers(1, 30),
)
def test_silence_is_found_between_lines_without_a_time(
    seconds: list[int | None], block: int
) -> None:
    times = sorted(second for second in seconds if second is not None)
    left = iter(times)
    lines = [
        b"calm" if second is None else plain("INFO", "a.py:1", "x", next(left)).encode()
        for second in seconds
    ]
    clock = Clock()
    for start in range(0, len(lines), block):
        clock.add(b"\n".join(lines[start : start + block]), start + 1)

    longest = max((after - before for before, after in pairwise(times)), default=0)
    assert (clock.silence.seconds if clock.silence else 0) == longest
    if clock.silence:
        assert b"calm" not in lines[clock.silence.number - 1]


def test_each_line_is_looked_at_a_few_times_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    looks = 0

    def counted(text: bytes, start: int, end: int) -> datetime | None:
        nonlocal looks
        looks += 1
        return stamp_at(text, start, end)

    stamp_at = clock_module._stamp_at
    monkeypatch.setattr(clock_module, "_stamp_at", counted)
    stamped = [plain("INFO", "a.py:1", "x", second * second).encode() for second in range(200)]
    Clock().add(b"\n".join([*stamped, *[b"calm"] * 2_000, stamped[-1]]), 1)

    assert looks < 3 * 2_200
