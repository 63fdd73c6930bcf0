from __future__ import annotations

from collections.abc import Iterator

from hypothesis import given
from hypothesis import strategies as st

from bot.diagnosis.logs.lines import BLOCK, CUT_MARK, LINE_MAX, LineSplitter
from bot.diagnosis.logs.scan import python_engine


def split(content: bytes, sizes: Iterator[int]) -> list[list[bytes]]:
    splitter, blocks, start = LineSplitter(), [], 0
    while start < len(content):
        size = max(1, next(sizes))
        blocks += [block.split(b"\n") for block in splitter.feed(content[start : start + size])]
        start += size
    return blocks + [block.split(b"\n") for block in splitter.finish()]


def of_size(size: int) -> Iterator[int]:
    while True:
        yield size


def flat(blocks: list[list[bytes]]) -> list[bytes]:
    return [line for block in blocks for line in block]


def test_lines_come_out_as_they_went_in() -> None:
    content = b"one\n\nthree\nlast without end"

    assert flat(split(content, of_size(2))) == [b"one", b"", b"three", b"last without end"]


@given(st.lists(st.binary(max_size=30), max_size=40), st.lists(st.integers(1, 50), min_size=1))
def test_chunks_do_not_change_the_lines(lines: list[bytes], sizes: list[int]) -> None:
    content = b"\n".join(lines)
    cycle = (size for _ in range(10_000) for size in sizes)

    assert split(content, cycle) == split(content, of_size(1 << 30))


def test_chunks_do_not_change_blocks_of_long_lines() -> None:
    content = b"".join(bytes([65 + n % 26]) * (n * 9_000) + b"\n" for n in range(60))

    whole = split(content, of_size(1 << 30))

    assert split(content, of_size(70_001)) == whole
    assert split(content, of_size(999_983)) == whole
    assert len(flat(whole)) == 60


def test_a_huge_line_keeps_its_head_and_its_tail() -> None:
    content = b"begin " + b"x" * (3 * BLOCK) + b" end\nnext\n"

    huge, following = flat(split(content, of_size(4096)))

    assert huge.startswith(b"begin ")
    assert huge.endswith(b" end")
    assert CUT_MARK in huge
    assert len(huge) <= LINE_MAX + len(CUT_MARK)
    assert following == b"next"


def test_a_word_that_was_cut_is_left_out() -> None:
    word = b"S3CR3T" * 300
    content = b"a " * 15_900 + word + b" " + b"b " * 200_000 + word + b" " + b"c " * 16_000

    (line,) = flat(split(content, of_size(4096)))

    assert b"S3CR" not in line


def test_what_is_interesting_within_a_huge_line_is_kept() -> None:
    middle = b" said nothing KeyError: 'amount' and went on "
    content = b"begin " + b"x " * (2 * BLOCK) + middle + b"y " * (2 * BLOCK) + b" end"
    splitter = LineSplitter(python_engine())

    (line,) = [*splitter.feed(content), *splitter.finish()]

    assert line.startswith(b"begin ")
    assert middle in line
    assert line.endswith(b" end")
    assert len(line) < 2 * LINE_MAX


def test_of_many_hits_in_a_huge_line_the_first_and_the_last_are_kept() -> None:
    content = b" ".join(b"%d failed %s" % (n, b"x" * 3_000) for n in range(400))
    splitter = LineSplitter(python_engine())

    (line,) = [*splitter.feed(content), *splitter.finish()]

    assert b" 12 failed " in line
    assert b" 385 failed " in line
    assert len(line) < 2 * LINE_MAX
