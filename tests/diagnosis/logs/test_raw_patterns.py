from __future__ import annotations

import json
import re
from functools import cache

import pytest
import re2

from bot.diagnosis.logs import LogReader, scan
from bot.diagnosis.logs.patterns import WORDS
from bot.diagnosis.logs.raw_patterns import every_raw_pattern, raw_patterns
from bot.diagnosis.text import normalise
from bot.domain.runbooks import Signature
from tests.diagnosis.logs.writing import REDACTOR, plain, record
from tests.scenarios.shipped import catalogue


def shipped() -> list[Signature]:
    return [one for known in catalogue().failures for one in known.signatures]


@cache
def lines_with_a_signature() -> tuple[str, ...]:
    """Lines of the runbooks' own examples in which a signature of theirs is found."""
    found = {}
    for known in catalogue().failures:
        patterns = [
            re2.compile("(?i)" + (one.pattern if one.is_regex else re2.escape(one.pattern)))
            for one in known.signatures
        ]
        for example in known.catches:
            for line in example.split("\n"):
                text = normalise(line)
                if text.isascii() and any(pattern.search(text) for pattern in patterns):
                    found[text] = None
    return tuple(found)


def test_what_a_signature_finds_is_found_in_the_raw_line() -> None:
    engine = scan.best_engine(raw_patterns(shipped()))
    lines = lines_with_a_signature()

    missed = [
        line
        for line in lines
        if not engine(plain("INFO", "a.py:1", line).encode()) or not engine(record(line).encode())
    ]

    assert len(lines) > 200
    assert missed == []


def test_all_engines_find_the_same_lines_by_all_signatures() -> None:
    patterns = (*WORDS, *raw_patterns(shipped()))
    lines = [
        *lines_with_a_signature(),
        *(word for line in lines_with_a_signature()[:50] for word in line.split()),
    ]
    text = "\n".join(json.dumps(line)[1:-1] for line in lines).encode()

    found = [
        {text.count(b"\n", 0, place) for place in make(patterns)(text)}
        for make in (scan.hyperscan_engine, scan.re2_engine, scan.python_engine)
    ]

    assert found[0] == found[1] == found[2]
    assert len(found[0]) >= len(lines_with_a_signature())


@pytest.mark.parametrize(
    ("pattern", "raw"),
    [
        (r"^usage: \S+$", [r"usage: [^\s]+"]),
        (r"reason=\s+x", [r"reason=[^\S\n]+x"]),
        (r'near "[^"]+"', [r'near \\{0,1}"[^\n"]+\\{0,1}"']),
        (r"(?-i:Stopped) by a|b(c|d)", ["(?:Stopped) by a", "b(c|d)"]),
        (r"an(y|thing)?|", [r"an(y|thing)?"]),
    ],
)
def test_a_pattern_is_made_to_fit_raw_lines(pattern: str, raw: list[str]) -> None:
    assert list(every_raw_pattern([Signature(pattern, is_regex=True)])) == raw


@pytest.mark.parametrize(
    ("pattern", "is_said"),
    [
        ("KeyErr" + "or: .x.", True),
        ("Task (failed|error)", True),
        ("Task (failed|done)", False),
        ("Pool [error] full", False),
        ("Pool (error )?full", False),
        ("no errors?", True),
        (r"Memory limit of \d+ MiB", True),
    ],
)
def test_a_signature_is_left_out_only_where_a_word_finds_it(pattern: str, is_said: bool) -> None:
    assert (raw_patterns([Signature(pattern, is_regex=True)]) == ()) is is_said


def test_literals_are_no_patterns() -> None:
    (raw,) = every_raw_pattern([Signature("a+b (c) [d] $e")])

    assert re.search(raw, "x a+b (c) [d] $e y")


def test_a_line_that_only_a_signature_knows_is_kept() -> None:
    calm = [plain("INFO", "a.py:1", f"step {n % 7} of many") for n in range(3_000)]
    log = [*calm, plain("INFO", "a.py:1", "pool blue has gone fishing"), *calm]
    reader = LogReader(redactor=REDACTOR, signatures=("gone [a-z]+ing",), token_budget=60_000)
    reader.feed("\n".join(log).encode())

    assert any("gone fishing" in line.text for line in reader.finish().lines)
