from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from types import ModuleType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.diagnosis.logs import LogReader, envelope, keep, lines, read_log_text
from bot.domain.logs import LogReading
from tests.diagnosis.logs.writing import REDACTOR, plain, read, record

FAILED = plain("ERROR", "taskinstance.py:2905", "Task failed with exception")
STARTED = plain("INFO", "taskinstance.py:1361", "Starting attempt 2 of 3")

# Limits made small, so that short logs meet them all.
SMALL: list[tuple[ModuleType, str, int]] = [
    (lines, "BLOCK", 300),
    (lines, "LINE_MAX", 200),
    (lines, "_HALF", 100),
    (lines, "_RAGGED_MAX", 20),
    (envelope, "_OPENING_BYTES", 64),
    (envelope, "_PIECE", 256),
    (envelope, "_CARRY", 100),
    (keep, "HEAD_LINES", 3),
    (keep, "TAIL_LINES", 4),
    (keep, "_TEMPLATES_MAX", 4),
    (keep, "_LATE_BYTES", 500),
]
LINES = st.one_of(
    st.binary(max_size=60),
    st.sampled_from(
        [
            FAILED.encode(),
            b"Traceback (most recent call last):",
            b'  File "/a.py", line 1, in x',
            b"KeyError: 'x'",
            b"Caused by: java.lang.Error: x",
            b"\tat a.b.C.d(E.java:1)",
            b"  + Exception Group Traceback (most recent call last):",
            b"  +-+---------------- 1 ----------------",
            record("x", error_detail=[{"exc_type": 1, "frames": 3, "exceptions": [[]]}]).encode(),
            b'{"event": "x", "a\\nb": 1, "error_detail": [{"frames": [{"filename": "a\\nb"}]}]}',
            b'{"event": {"a": [1]}, "level": 3, "logger": [], "timestamp": 5}',
            b'{"event":"cut',
            b'{"content":["a',
            b"[('h','x\\",
            b"...",
            b"\xff\xfe\x00\r\x1b[31m",
            STARTED.encode(),
        ]
    ),
)


def fed(content: bytes, sizes: list[int], budget: int = 2000) -> LogReading:
    reader, start, turn = LogReader(token_budget=budget, redactor=REDACTOR), 0, 0
    while start < len(content):
        size = sizes[turn % len(sizes)]
        reader.feed(content[start : start + size])
        start, turn = start + size, turn + 1
    return reader.finish()


@settings(deadline=None, max_examples=60)
@given(st.lists(LINES, max_size=30), st.lists(st.integers(1, 200), min_size=1, max_size=5))
def test_any_bytes_in_any_chunks_give_the_same_reading(
    parts: list[bytes], sizes: list[int]
) -> None:
    content = b"\n".join(parts)

    assert fed(content, sizes) == fed(content, [1 << 30])


@settings(deadline=None, max_examples=100)
@given(
    st.sampled_from(["", '{"content":[', "[", '{"content":"', "[('h','"]),
    st.lists(LINES, max_size=40),
    st.lists(st.integers(1, 90), min_size=1, max_size=5),
)
def test_chunks_change_nothing_where_blocks_and_pieces_end(
    opening: str, parts: list[bytes], sizes: list[int]
) -> None:
    content = opening.encode() + b"\n".join(parts)
    with pytest.MonkeyPatch.context() as patch:
        for module, name, small in SMALL:
            patch.setattr(module, name, small)
        assert fed(content, sizes) == fed(content, [7]) == fed(content, [1 << 30])


@settings(deadline=None, max_examples=60)
@given(st.text(max_size=400))
def test_any_text_is_read_without_an_error(text: str) -> None:
    reading = read_log_text(text)

    assert reading.lines_dropped == reading.lines_read - len(reading.lines)


def noisy_stream(size: int) -> Iterator[bytes]:
    letters = str.maketrans("0123456789", "abcdefghij")
    for number in range(1, size // 85):
        word = f"{number * 7919 % 100_000:05}".translate(letters)
        yield plain("ERROR", f"{word}.py:1", f"part {word} failed: {word} missing\n").encode()


def peak_of(chunks: Iterator[bytes]) -> tuple[int, LogReading]:
    """Bytes allocated at most while the chunks were read, and the reading."""
    read([plain("INFO", "a.py:1", "warm up")])
    tracemalloc.start()
    try:
        reader = LogReader(redactor=REDACTOR)
        for chunk in chunks:
            reader.feed(chunk)
        reading = reader.finish()
        return tracemalloc.get_traced_memory()[1], reading
    finally:
        tracemalloc.stop()


TIGHT: list[tuple[ModuleType, str, int]] = [
    (lines, "BLOCK", 16_000),
    (keep, "_TEMPLATES_MAX", 200),
    (keep, "_WORD_BYTES", 50_000),
    (keep, "_FIRST_BYTES", 50_000),
    (keep, "_LAST_BYTES", 50_000),
    (keep, "_LATE_BYTES", 50_000),
]


def test_memory_stays_bounded_where_no_two_lines_are_of_one_kind(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for module, name, small in TIGHT:
        monkeypatch.setattr(module, name, small)
    short, _ = peak_of(noisy_stream(500_000))
    longer, reading = peak_of(noisy_stream(1_000_000))

    assert reading.bytes_read > 900_000
    assert longer < 1.2 * short < 10_000_000


def test_a_record_of_many_megabytes_is_held_in_part_only() -> None:
    begin = b'{"timestamp":"2026-11-22T03:00:00Z","event":"big '
    end = b' tail","level":"error","logger":"orders"}\n' + FAILED.encode()
    peak, reading = peak_of(chunk for chunk in (begin, *[b"B" * (1 << 20)] * 40, end))

    assert peak < 10_000_000
    assert [line.number for line in reading.lines] == [1, 2]
    assert reading.lines[0].text.startswith("big BBB")
