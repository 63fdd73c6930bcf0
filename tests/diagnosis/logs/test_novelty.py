from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from bot.diagnosis.logs import LogReader
from bot.diagnosis.logs.novelty import KINDS_MAX, LineKinds
from bot.domain.logs import LogReading
from tests.diagnosis.logs.writing import REDACTOR, plain, record

BEGIN = [
    plain("INFO", "taskinstance.py:2866", "Starting attempt 1 of 2"),
    plain("INFO", "taskinstance.py:2889", "Executing <Task(PythonOperator): load> on 2026-03-02"),
    plain("INFO", "logging_mixin.py:190", "reading 41 stores"),
    plain("INFO", "logging_mixin.py:190", "store 17 of 'north' has 120 rows"),
]
GREEN = [*BEGIN, plain("INFO", "taskinstance.py:1225", "Marking task as SUCCESS. dag_id=d")]
GAVE_UP = "only 3 stores have delivered, giving up for today"


def kinds(lines: Sequence[str]) -> LineKinds:
    found = LineKinds()
    found.feed("\n".join(lines).encode())
    found.finish()
    return found


def read(lines: Sequence[str], known: LineKinds | None, budget: int = 4000) -> LogReading:
    reader = LogReader(token_budget=budget, redactor=REDACTOR, known=known)
    reader.feed("\n".join(lines).encode())
    return reader.finish()


def new(reading: LogReading) -> list[str]:
    return [line.text for line in reading.lines if line.is_new]


def failed(*said: str) -> list[str]:
    words = (plain("INFO", "logging_mixin.py:190", text) for text in said)
    return [
        *BEGIN,
        *words,
        plain("INFO", "taskinstance.py:1225", "Marking task as FAILED. dag_id=d"),
    ]


def test_a_line_that_the_successful_run_does_not_have_is_new() -> None:
    reading = read(failed(GAVE_UP), kinds(GREEN))
    assert reading.compared
    assert GAVE_UP in new(reading)
    assert not any("reading 41" in text for text in new(reading))


def test_other_numbers_ids_and_quoted_names_make_no_new_line() -> None:
    lines = failed("reading 9 stores", "store 4 of 'south' has 7 rows")
    assert not any("store" in text for text in new(read(lines, kinds(GREEN))))


def test_without_a_successful_run_nothing_is_called_new() -> None:
    reading = read(failed(GAVE_UP), None)
    assert not reading.compared
    assert new(reading) == []


def test_two_logs_that_have_nothing_in_common_are_not_compared() -> None:
    reading = read(failed(GAVE_UP), kinds(["quite", "another program", "wrote this"]))
    assert not reading.compared
    assert new(reading) == []


def test_a_new_line_without_a_word_of_failure_is_kept_amid_thousands() -> None:
    def noise(day: int) -> list[str]:
        names = ("orders", "users", "prices", "claims", "routes", "meters", "quotes", "trades")
        return [f"{name} {verb} part {n + day}" for n in range(200) for name in names for verb in (
            "reads", "sorts", "joins", "writes")]  # fmt: skip

    before, after = noise(1), noise(7)
    lines = failed(*before, GAVE_UP, *after)
    known = kinds([*BEGIN, *(plain("INFO", "logging_mixin.py:190", one) for one in noise(3))])
    assert GAVE_UP not in [line.text for line in read(lines, None, 1000).lines]
    assert new(read(lines, known, 1000))[:1] == [GAVE_UP]


def test_records_are_compared_by_what_they_say() -> None:
    green = [record(f"batch {n} done", logger="task.stdout") for n in range(5)]
    green += [record("Starting attempt 1 of 2"), record("reading stores", logger="task.stdout")]
    lines = [*green[3:], record("nothing to load", logger="task.stdout", lineno=4)]
    assert new(read(lines, kinds(green))) == ["nothing to load"]


def test_more_kinds_than_are_held_prove_nothing() -> None:
    assert kinds(GREEN).is_whole
    letters = "abcdefghijklmnopqrstuvwxyz"
    many = (a + b + c + d for a in letters for b in letters for c in letters for d in "wxyz")
    assert not kinds([word for word, _ in zip(many, range(KINDS_MAX + 9), strict=False)]).is_whole


@given(st.lists(st.text(max_size=60), max_size=30), st.integers(1, 200))
def test_a_log_has_nothing_new_against_itself_whatever_its_chunks(
    lines: list[str], size: int
) -> None:
    raw = "\n".join([*BEGIN, *lines]).encode("utf-8", "replace")
    known = LineKinds()
    for start in range(0, len(raw), size):
        known.feed(raw[start : start + size])
    known.finish()
    reader = LogReader(redactor=REDACTOR, known=known)
    reader.feed(raw)
    assert new(reader.finish()) == []
