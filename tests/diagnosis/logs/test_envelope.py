from __future__ import annotations

import json

import pytest

from bot.diagnosis.logs.envelope import Envelope

RECORDS = [
    {"timestamp": None, "event": 'looks like },{"timestamp": but is text'},
    {"timestamp": "2026-11-22T03:00:00Z", "event": "first\nsecond \\ é ☃", "level": "info"},
    {"event": "x", "error_detail": [{"exc_type": "A", "frames": [{"name": 1}, {"name": 2}]}]},
    {"elided_bytes": 5},
]
TEXT = '[2024-01-01T00:00:00.000+0000] {a.py:1} INFO - say "hi" \\ é ☃ 😀\nnext\n'
CHUNKS = (1, 13, 4096, 1 << 30)


def unwrapped(served: str, chunk: int) -> str:
    content, envelope, out = served.encode(), Envelope(), bytearray()
    for start in range(0, len(content), chunk):
        out += envelope.feed(content[start : start + chunk])
    return bytes(out + envelope.finish()).decode()


@pytest.mark.parametrize("chunk", CHUNKS)
@pytest.mark.parametrize(
    "served",
    [
        json.dumps({"content": RECORDS[:3], "continuation_token": None}),
        json.dumps({"continuation_token": "abc.def", "content": RECORDS[:3]}),
        json.dumps({"content": RECORDS[:3]}, indent=2, ensure_ascii=False),
        json.dumps(RECORDS[:3]),
    ],
)
def test_an_array_of_records_becomes_a_line_each(served: str, chunk: int) -> None:
    lines = unwrapped(served, chunk).split("\n")

    assert [json.loads(line) for line in lines] == RECORDS[:3]


@pytest.mark.parametrize("chunk", CHUNKS)
def test_an_array_of_strings_becomes_a_record_each(chunk: int) -> None:
    strings = ['a",b', "\\", 'ends with "', "two\nlines", "é☃"]

    lines = unwrapped(json.dumps({"content": strings}), chunk).split("\n")

    assert [json.loads(line)["event"] for line in lines] == strings


@pytest.mark.parametrize("chunk", CHUNKS)
def test_a_text_in_json_becomes_its_lines(chunk: int) -> None:
    served = json.dumps({"content": TEXT, "continuation_token": "x"})

    assert unwrapped(served, chunk) == TEXT


@pytest.mark.parametrize("chunk", CHUNKS)
def test_airflow_2s_list_of_hosts_becomes_its_lines(chunk: int) -> None:
    literal = repr([("host", TEXT), ("other", "more 'quoted'")])

    assert unwrapped(literal, chunk) == TEXT + "\nmore 'quoted'"
    assert unwrapped(json.dumps({"content": literal}), chunk) == TEXT + "\nmore 'quoted'"


@pytest.mark.parametrize(
    "plain", ["", "{", "[", '{"event": "x"}\n', "[2024-01-01] text", '{"content']
)
def test_anything_else_passes_unchanged(plain: str) -> None:
    assert unwrapped(plain, 3) == plain


def test_a_large_array_is_handed_on_piece_by_piece() -> None:
    record = json.dumps({"timestamp": None, "event": "x" * 1000}).encode()
    envelope, held, out = Envelope(), 0, 0

    envelope.feed(b'{"content":[')
    for _ in range(2000):
        out += len(envelope.feed(record + b","))
        held += len(record)
        assert held - out < 1_000_000


def test_an_empty_content_holds_no_line() -> None:
    assert unwrapped('{"content":[],"continuation_token":null}', 5).strip("]} ") == ""
