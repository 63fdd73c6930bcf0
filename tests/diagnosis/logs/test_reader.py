from __future__ import annotations

import json

import pytest

from bot.diagnosis.logs import LogReader, read_log_records
from bot.diagnosis.logs.select import tokens
from bot.diagnosis.redaction import Redactor
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

    assert (line.number, line.repeated, line.last_number) == (500, 500, 500)


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


def test_what_a_killed_task_used_last_is_shown() -> None:
    used = plain("INFO", "logging_mixin.py:190", "memory in use: 7.9 GiB of 8.0 GiB")
    words = ("alpha", "beta", "gamma", "delta", "kappa", "omega", "sigma", "theta")
    work = [f"{one} {two} {three}" for one in words for two in words for three in words]
    chatter = [plain("INFO", "logging_mixin.py:190", words) for words in work]
    kill = plain("INFO", "local_task_job.py:1", "Task exited with return code Negsignal.SIGKILL")

    reading = read([*chatter[:250], used, *chatter[250:], kill], budget=120)

    assert line_of(reading, "7.9 GiB").number == 251


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "utf-16-le"])
def test_lines_of_any_usual_encoding_are_legible(encoding: str) -> None:
    calm = plain("INFO", "a.py:1", "Größe geprüft").encode() + b"\n"
    failed = plain("ERROR", "a.py:1", "failed: Größe fehlt\n").encode(encoding)

    text = line_of(read(calm + failed), "failed: Gr").text

    assert "fehlt" in text
    assert "Größe" in text or encoding == "utf-16-le"


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


def test_a_value_is_masked_whose_name_was_not_kept() -> None:
    pod = ["- name: DB_PASSWORD", "  value: Winter" + "22blue failed"]
    log = [plain("INFO", "pod_manager.py:1", line) for line in pod]

    reading = read(log, budget=22)

    assert [line.number for line in reading.lines] == [2]
    assert "Winter" not in repr(reading)
    assert reading.secrets_masked == 1


def test_known_secrets_are_masked_everywhere() -> None:
    reader = LogReader(redactor=Redactor(["blue canary"], key=b"x"))
    log = [FAILED, *traceback("ValueError: say blue canary", "/dags/a.py:1:load")]
    reader.feed("\n".join(log).encode())

    assert "canary" not in repr(reader.finish())
