from __future__ import annotations

import pytest

from bot.diagnosis.mechanisms import MECHANISMS, mechanism_of
from tests.scenarios.shipped import catalogue


@pytest.mark.parametrize(
    ("text", "mechanism"),
    [
        ("AcmeError: project quota for exports has been exhausted", "quota"),
        ("ServiceQuotaExceeded: nodes quota reached in zone b", "machines"),
        ("the provider has no capacity left for this type", "machines"),
        ("RateLimited: slow down, retry after 30", "throttled"),
        ("access token was revoked", "login"),
        ("role etl lacks the privilege USAGE on schema mart", "permission"),
        ("could not acquire lock on table orders", "contention"),
        ("UnknownHost: no such host db.example", "name"),
        ("dial tcp: connection refused", "refused"),
        ("connection was unexpectedly closed by the peer", "cut"),
        ("socket read timed out after 30 s", "no_reply"),
        ("query exceeded the time limit of 600 s", "too_slow"),
        ("SpotInstanceTermination notice received", "machine_gone"),
        ("could not parse row 7", "bad_data"),
        ("column order_ts does not exist", "shape"),
        ("object landing/2026-01-02.csv was not found", "no_input"),
        ("bash: dbt: command not found", "no_package"),
        ("can't open file 'jobs/load.py': no such file", "wrong_place"),
    ],
)
def test_the_words_of_a_mechanism_are_known_whoever_says_them(text: str, mechanism: str) -> None:
    assert mechanism_of(text) == mechanism


@pytest.mark.parametrize(
    "text",
    [
        "",
        "division by zero",
        "list indices must be integers or slices, not list",
        "'NoneType' object has no attribute 'group'",
        "daemonic processes are not allowed to have children",
        "step 3 ended",
    ],
)
def test_words_that_tell_of_no_mechanism_are_left_alone(text: str) -> None:
    assert mechanism_of(text) is None


def test_every_mechanism_that_a_runbook_asks_for_is_one() -> None:
    asked = {
        condition.value
        for failure in catalogue().failures
        for condition in failure.when.any
        if condition.signal == "mechanism"
    }
    assert asked <= set(MECHANISMS)


def test_a_text_of_any_length_is_read_to_a_limit() -> None:
    assert mechanism_of("x " * 500_000 + "quota exceeded") is None
