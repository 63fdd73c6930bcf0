from __future__ import annotations

import json
import tracemalloc
from collections.abc import Iterator
from types import ModuleType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.diagnosis.logs import LogReader, envelope, keep, lines, read_log_records, read_log_text
from bot.diagnosis.logs.select import tokens
from bot.diagnosis.redaction import Redactor
from bot.domain.logs import LogReading
from tests.diagnosis.logs.writing import (
    REDACTOR,
    detail,
    line_of,
    plain,
    read,
    record,
    traceback,
)

FAILED = plain("ERROR", "taskinstance.py:2905", "Task failed with exception")
STARTED = "Starting attempt {} of 3"


def attempt(number: int, *lines: str, end: str) -> list[str]:
    start = plain("INFO", "taskinstance.py:1361", STARTED.format(number))
    return [start, *lines, plain("INFO", "taskinstance.py:1206", f"Marking task as {end}. x")]


def fed(content: bytes, sizes: list[int], budget: int = 2000) -> LogReading:
    reader, start, turn = LogReader(token_budget=budget, redactor=REDACTOR), 0, 0
    while start < len(content):
        size = sizes[turn % len(sizes)]
        reader.feed(content[start : start + size])
        start, turn = start + size, turn + 1
    return reader.finish()


def test_the_last_try_that_failed_is_read() -> None:
    log = [
        *attempt(1, FAILED, *traceback("KeyError: 'one'"), end="UP_FOR_RETRY"),
        *attempt(2, FAILED, *traceback("KeyError: 'two'"), end="FAILED"),
        *attempt(3, end="SUCCESS"),
    ]

    reading = read(log)

    assert (reading.try_number, reading.final_state) == (2, "failed")
    assert [chain.root_cause.message for chain in reading.chains] == ["'two'"]
    assert reading.segment_starts == (1, 8)
    assert all(8 <= line.number < 15 for line in reading.lines)


def test_the_try_that_was_asked_for_is_read() -> None:
    log = [
        *attempt(1, FAILED, *traceback("KeyError: 'one'"), end="UP_FOR_RETRY"),
        *attempt(2, FAILED, *traceback("KeyError: 'two'"), end="FAILED"),
    ]

    reading = read(log, try_number=1)

    assert reading.chains[0].root_cause.message == "'one'"
    assert reading.segment_starts == (1,)


def test_a_printed_start_of_a_try_hides_nothing() -> None:
    printed = plain("INFO", "logging_mixin.py:190", STARTED.format(3))
    log = attempt(1, FAILED, *traceback("KeyError: 'one'"), printed, end="FAILED")

    assert read(log).chains[0].root_cause.message == "'one'"


@pytest.mark.parametrize("wrap", ["ndjson", "content", "array", "strings", "text", "literal"])
def test_every_form_in_which_a_log_is_served_tells_the_same(wrap: str) -> None:
    failed = record(
        "Task failed with exception", "error", error_detail=detail(("KeyError", "'a'", False))
    )
    records = [record("start"), failed]
    plain_text = "\n".join([plain("INFO", "a.py:1", "start"), FAILED, *traceback("KeyError: 'a'")])
    served = {
        "ndjson": "\n".join(records),
        "content": json.dumps({"content": [json.loads(line) for line in records]}),
        "array": json.dumps([json.loads(line) for line in records]),
        "strings": json.dumps({"content": records}),
        "text": json.dumps({"content": plain_text, "continuation_token": None}),
        "literal": repr([("host", plain_text)]),
    }[wrap]

    root = read(served).chains[0].root_cause

    assert (root.type, root.message) == ("KeyError", "'a'")


def test_numbers_are_places_in_the_list_of_records() -> None:
    records = [json.loads(record("start")), {"elided_bytes": 5}, json.loads(record("boo", "error"))]

    reading = read_log_records(records)

    assert [(line.number, line.text) for line in reading.lines][::2] == [(1, "start"), (3, "boo")]
    assert reading.lines_read == 3


def test_records_with_values_of_any_type_are_read() -> None:
    reading = read_log_records([{"event": "x", "level": "error", "logger": "a", "at": object()}])

    assert reading.lines[0].text.startswith("x\nat=<object")


def test_what_a_record_carries_beside_its_event_is_told() -> None:
    reading = read(
        record("load failed", "error", "orders", table="x", reason="no rows", try_number=1)
    )

    assert reading.lines[0].text == "load failed\ntable=x reason=no rows"


def test_a_record_that_was_cut_is_read_as_far_as_it_goes() -> None:
    whole = record(
        "Task failed with exception", "error", error_detail=detail(("KeyError", "'a'", False))
    )

    reading = read(whole[: whole.index('"is_cause"')])

    assert reading.chains[0].root_cause.type == "KeyError"


def test_a_log_in_which_every_line_fits_is_kept_whole() -> None:
    log = [plain("INFO", "orders.py:1", f"step {word}") for word in ("one", "two", "three")]

    reading = read(log)

    assert [line.number for line in reading.lines] == [1, 2, 3]
    assert reading.lines_dropped == 0


def test_equal_lines_are_folded_with_their_count() -> None:
    log = [plain("WARNING", "fetch.py:4", f"retrying part {n}: timed out") for n in range(500)]

    line = line_of(read(log, budget=60), "retrying")

    assert (line.number, line.repeated, line.last_number) == (1, 500, 500)


def test_the_budget_is_kept() -> None:
    words = ("alpha", "beta", "gamma", "delta", "error", "failed")
    pairs = [f"{first} {second}" for first in words for second in words]
    log = [plain("INFO", "orders.py:1", f"{one} {other}") for one in pairs for other in pairs]
    for budget in (50, 200, 1000):
        reading = read(log, budget)
        assert 0 < sum(tokens(line.number, line.text) for line in reading.lines) <= budget


def test_the_root_of_every_chain_is_among_the_lines() -> None:
    log: list[str] = []
    for name in ("alpha", "beta", "gamma"):
        log += [plain("ERROR", f"{name}.py:3", "failed"), *traceback(f"ValueError: {name}")]

    reading = read([*log, FAILED, *traceback("KeyError: 'x'")], budget=400)

    kept = {line.number for line in reading.lines}
    assert len(reading.chains) == 4
    assert {chain.root_cause.line for chain in reading.chains} <= kept


def test_a_silence_before_a_kill_is_shown() -> None:
    chatter = [plain("INFO", "logging_mixin.py:190", f"row {n} {'x' * n}", n) for n in range(90)]
    kill = plain(
        "INFO", "local_task_job.py:1", "Task exited with return code Negsignal.SIGKILL", 4000
    )

    reading = read([*chatter, kill], budget=120)

    assert {90, 91} <= {line.number for line in reading.lines}


def test_an_unfinished_log_says_so() -> None:
    reader = LogReader(redactor=REDACTOR)
    reader.feed(b'{"content":[{"timestamp":null,"event":"a"},{"timestamp":nu')

    reading = reader.finish(complete=False)

    assert not reading.complete
    assert reading.lines[0].text == "a"


def test_a_secret_never_leaks_through_a_cut() -> None:
    secret = "ghp_" + "".join(chr(97 + n % 26) for n in range(36))
    fillers = ["x" * n + " " for n in (10, 150, 250, 490, 32_000, 33_000, 70_000)]
    log = [plain("ERROR", "a.py:1", f"failed {filler}token {secret} end") for filler in fillers]

    text = repr(read(log))

    assert not any(secret[start : start + 12] in text for start in range(0, len(secret) - 12))


def test_a_private_key_over_many_lines_is_masked() -> None:
    body = ["Qk9H" * 16] * 5
    key = ["-----BEGIN RSA PRIVATE" + " KEY-----", *body, "-----END RSA PRIVATE" + " KEY-----"]
    log = [plain("ERROR", "logging_mixin.py:1", f"failed {line}") for line in key]

    assert "Qk9HQk9H" not in repr(read(log))


def test_known_secrets_are_masked_everywhere() -> None:
    reader = LogReader(redactor=Redactor(["blue canary"], key=b"x"))
    log = [FAILED, *traceback("ValueError: say blue canary", "/dags/a.py:1:load")]
    reader.feed("\n".join(log).encode())

    assert "canary" not in repr(reader.finish())


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
            b'{"event": {"a": [1]}, "level": 3, "logger": [], "timestamp": 5}',
            b'{"event":"cut',
            b'{"content":["a',
            b"[('h','x\\",
            b"...",
            b"\xff\xfe\x00\r\x1b[31m",
            plain("INFO", "taskinstance.py:1", STARTED.format(2)).encode(),
        ]
    ),
)


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


def test_memory_stays_bounded_where_no_two_lines_are_of_one_kind() -> None:
    short, _ = peak_of(noisy_stream(2_000_000))
    longer, reading = peak_of(noisy_stream(4_000_000))

    assert reading.bytes_read > 3_500_000
    assert longer < 1.2 * short < 30_000_000


def test_a_record_of_many_megabytes_is_held_in_part_only() -> None:
    begin = b'{"timestamp":"2026-11-22T03:00:00Z","event":"big '
    end = b' tail","level":"error","logger":"orders"}\n' + FAILED.encode()
    peak, reading = peak_of(chunk for chunk in (begin, *[b"B" * (1 << 20)] * 40, end))

    assert peak < 10_000_000
    assert [line.number for line in reading.lines] == [1, 2]
    assert reading.lines[0].text.startswith("big BBB")
