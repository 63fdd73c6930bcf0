from __future__ import annotations

import pytest

from bot.diagnosis.logs import keep, scan
from bot.diagnosis.logs.keep import Keeper

CALM = [f"[2026-11-22T03:00:00] {{a.py:1}} INFO - step {word}" for word in ("one", "two", "six")]


def kept(lines: list[str], blocks: int = 1, engine: scan.Engine | None = None) -> Keeper:
    keeper = Keeper(engine)
    raw = [line.encode() for line in lines]
    size = max(1, -(-len(raw) // blocks))
    for start in range(0, len(raw), size):
        part = raw[start : start + size]
        keeper.add(b"\n".join(part))
    keeper.finish()
    return keeper


def long_log(middle: list[str]) -> list[str]:
    return CALM * 700 + middle + CALM * 700


def test_head_tail_and_interesting_lines_with_their_neighbours_are_kept() -> None:
    numbers = list(kept(long_log(["it failed"])).kept())

    assert numbers[:150] == list(range(1, 151))
    assert numbers[-400:] == list(range(3802, 4202))
    assert numbers[150:-400] == list(range(2095, 2112))


def test_the_first_and_the_last_of_a_kind_are_kept_with_their_count() -> None:
    middle = [line for n in range(40) for line in (f"part {n} failed", *CALM * 10)]
    keeper = kept(long_log(middle), blocks=7)

    lines = keeper.kept()
    found = [number for number, line in lines.items() if b"failed" in line]

    assert found == [2101, 2132, 2163, 3279, 3310]
    assert list(keeper.repeats()) == [(2101, 3310, 40)]


def test_a_traceback_is_kept_to_its_end() -> None:
    frames = [f'  File "/a.py", line {n}, in call' for n in range(100)]
    lines = kept(long_log(["Traceback (most recent call last):", *frames, "KeyError: 1"])).kept()

    assert all(number in lines for number in range(2101, 2203))


@pytest.mark.parametrize("blocks", [2, 3, 41, 400])
def test_a_window_does_not_end_at_a_blocks_end(blocks: int) -> None:
    log = long_log(
        ["Traceback (most recent call last):", "  x", "KeyError: 1", *CALM * 3, "failed"]
    )

    assert kept(log, blocks).kept() == kept(log).kept()


@pytest.mark.parametrize("engine", [scan.re2_engine(), scan.python_engine()])
def test_every_engine_keeps_the_same_lines(engine: scan.Engine) -> None:
    log = long_log(["ERROR one", *CALM, "exited with code 3", *CALM * 30, "Caused by: x"])

    assert kept(log, engine=engine).kept() == kept(log).kept()


def test_the_newest_stay_where_kinds_are_too_many_to_tell_apart(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(keep, "_TEMPLATES_MAX", 5)
    letters = [chr(97 + n // 26) + chr(97 + n % 26) for n in range(100)]
    middle = [line for word in letters for line in (f"{word} failed", *CALM * 10)]

    lines = kept(long_log(middle)).kept().values()

    assert all(f"{word} failed".encode() in lines for word in (*letters[:5], *letters[-5:]))
