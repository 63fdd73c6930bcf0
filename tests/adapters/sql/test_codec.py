"""Domain values survive the way into the database and back, whatever they hold."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from random import Random
from typing import Any, get_args, get_origin, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.adapters.sql.codec import FORMAT, decode, decode_reply, encode, reply_kind
from bot.domain.answers import Diagnosis, Reply
from bot.domain.errors import StoreError
from bot.domain.evidence import Evidence, NamedText, TaskInstance
from bot.domain.questions import Question
from bot.domain.targets import Target
from tests.fakes.turns import diagnosis, evidence

NASTY_TEXTS = ["", "a", "\u2028", "\U0001f600", '"\\', "null", "[secret]", "\x1b[31m", "e\u0301"]
LEAVES: dict[object, Callable[[Random], Any]] = {
    str: lambda chance: "".join(chance.choices(NASTY_TEXTS, k=3)),
    int: lambda chance: chance.choice([0, -1, 7, 2**31, 2**63 - 1, -(2**63)]),
    float: lambda chance: chance.choice([0.0, -0.5, 1e-300, 1e300, math.inf, chance.random()]),
    bool: lambda chance: chance.random() < 0.5,
    datetime: lambda chance: datetime(
        chance.randint(1, 9999), 2, 28, 23, 59, 59, chance.randrange(10**6), tzinfo=UTC
    ),
    type(None): lambda chance: None,
}


def any_of(kind: Any, chance: Random) -> Any:
    """A value of a domain type with every field filled; tuples have up to two items.

    Hypothesis draws the seed alone: drawn by it field by field, values this large take minutes.
    """
    if kind in LEAVES:
        return LEAVES[kind](chance)
    arguments = get_args(kind)
    if isinstance(kind, type) and is_dataclass(kind):
        hints = get_type_hints(kind)
        return kind(**{each.name: any_of(hints[each.name], chance) for each in fields(kind)})
    if get_origin(kind) is tuple and Ellipsis in arguments:
        return tuple(any_of(arguments[0], chance) for _ in range(chance.choice([0, 1, 2])))
    if get_origin(kind) is tuple:
        return tuple(any_of(argument, chance) for argument in arguments)
    return any_of(chance.choice(arguments), chance) if arguments else chance.choice(list(kind))


@pytest.mark.parametrize("kind", get_args(Reply))
@given(seed=st.integers())
def test_every_reply_comes_back_as_it_was(kind: type[Any], seed: int) -> None:
    reply = any_of(kind, Random(seed))

    body = encode(reply).decode()

    assert decode_reply(reply_kind(reply), body, FORMAT, "a reply") == reply


@pytest.mark.parametrize("kind", [Evidence, Question])
@given(seed=st.integers())
def test_evidence_and_questions_come_back_as_they_were(kind: type[Any], seed: int) -> None:
    value = any_of(kind, Random(seed))

    assert decode(kind, encode(value), FORMAT, "a value") == value


def test_each_kind_of_reply_has_a_name_of_its_own() -> None:
    names = [reply_kind(kind.__new__(kind)) for kind in get_args(Reply)]

    assert names == [
        "diagnosis",
        "status_report",
        "health_report",
        "log_report",
        "how_to",
        "choice",
        "not_found",
        "help",
        "unsupported",
        "apology",
        "human_called",
        "runbook_report",
        "failing_dags",
        "on_call_report",
        "incidents_report",
    ]


def test_numbers_that_json_lacks_come_back() -> None:
    stored = TaskInstance("d", "r", "t", duration=math.inf)

    assert decode(TaskInstance, encode(stored), FORMAT, "a try").duration == math.inf
    no_number = decode(
        TaskInstance, encode(TaskInstance("d", "r", "t", duration=math.nan)), FORMAT, "a try"
    )
    assert no_number.duration is not None
    assert math.isnan(no_number.duration)


def test_what_no_encoding_holds_is_replaced_and_the_rest_kept() -> None:
    stored = NamedText("log", "broken \ud800 byte, NUL \x00, snow \u2603")

    found = decode(NamedText, encode(stored), FORMAT, "a text")

    assert found.text == "broken ? byte, NUL \ufffd, snow \u2603"


def test_every_text_passes_the_redactor_at_any_depth() -> None:
    body = encode(evidence(text="password=hunter2"), lambda text: text.replace("hunter2", "***"))

    assert b"hunter2" not in body
    assert body.count(b"***") == 3


def test_enums_are_no_text_to_redact() -> None:
    body = encode(diagnosis(), lambda text: text.replace("capacity", "***"))

    assert decode(Diagnosis, body, FORMAT, "a reply").verdict.kind.value == "capacity"


def test_a_field_added_later_takes_its_default_and_one_that_went_is_passed_over() -> None:
    old = {"cluster": "prod", "dag_id": "d", "namespace": "gone since"}

    found = decode(Target, json.dumps(old), FORMAT, "a target")

    assert found == Target("prod", "d")


@pytest.mark.parametrize(
    ("body", "stored_format", "says"),
    [
        ("{}", FORMAT + 1, "newer version"),
        ('{"dag_id": "hunter2"}', FORMAT, "at cluster"),
        ('{"cluster": "hunter2"', FORMAT, "at its start"),
    ],
)
def test_what_cannot_be_read_is_named_without_its_content(
    body: str, stored_format: int, says: str
) -> None:
    with pytest.raises(StoreError, match=says) as caught:
        decode(Target, body, stored_format, "Turn 7's target")

    assert "Turn 7's target" in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_a_reply_of_an_unknown_kind_is_an_error() -> None:
    with pytest.raises(StoreError, match="unknown kind horoscope"):
        decode_reply("horoscope", "{}", FORMAT, "Turn 7's reply")


def test_the_names_under_which_values_are_stored_are_those_of_their_fields() -> None:
    body: dict[str, Any] = json.loads(encode(diagnosis()))

    assert body["verdict"]["kind"] == "capacity"
    assert body["target"]["map_index"] == 3
