from __future__ import annotations

import inspect
import pkgutil
from collections.abc import Iterator
from dataclasses import dataclass, field, is_dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from enum import Enum, StrEnum
from importlib import import_module
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import domain
from bot.domain.errors import AirflowUnavailable, BadRequest, BotError, ConfigError
from bot.domain.work import Job, Queue
from bot.workflows.errors import StepFailed
from bot.workflows.serializer import TypedJson
from tests.fakes import turns


class Colour(StrEnum):
    RED = "red"


class Size(Enum):
    LARGE = (3, "L")


@dataclass(frozen=True, slots=True)
class Leaf:
    name: str
    colour: Colour = Colour.RED


@dataclass(frozen=True, slots=True)
class Tree:
    leaves: tuple[Leaf, ...] = ()
    size: Size | None = None
    notes: dict[str, object] = field(default_factory=dict)


class Unwritten:
    pass


def domain_types() -> Iterator[type]:
    """All values of the domain."""
    for module in pkgutil.iter_modules(domain.__path__, "bot.domain."):
        for _, each in inspect.getmembers(import_module(module.name), inspect.isclass):
            if is_dataclass(each) and each.__module__ == module.name:
                yield each


JSON = TypedJson([Tree, *domain_types()])

_texts = st.text(st.characters(), max_size=20)
_times = st.datetimes(timezones=st.just(UTC) | st.just(timezone(timedelta(hours=-7))))
_plain = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False),
    _texts,
    _times,
    st.datetimes(),
    st.dates(),
    st.timedeltas(max_value=timedelta(days=9999), min_value=timedelta(0)).map(
        lambda length: timedelta(seconds=int(length.total_seconds()))
    ),
    st.binary(max_size=20),
    st.just(Colour.RED),
    st.just(Size.LARGE),
    st.frozensets(st.integers() | _texts, max_size=4),
)
_values = st.recursive(
    _plain,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.lists(inner, max_size=4).map(tuple),
        st.dictionaries(_texts, inner, max_size=4),
        st.dictionaries(st.integers() | st.just("$type"), inner, max_size=3),
        st.builds(
            Tree,
            leaves=st.lists(st.builds(Leaf, name=_texts), max_size=3).map(tuple),
            size=st.none() | st.just(Size.LARGE),
            notes=st.dictionaries(_texts, inner, max_size=2),
        ),
    ),
    max_leaves=20,
)


@given(_values)
def test_every_value_comes_back_as_it_was(value: Any) -> None:
    text = JSON.serialize(value)
    assert text.isascii()  # PostgreSQL takes neither NUL nor halves of characters
    back = JSON.deserialize(text)
    assert back == value
    assert type(back) is type(value)


def test_turns_with_all_they_hold_come_back_as_they_were() -> None:
    for turn in (turns.turn(), Job("k", "arrival", turns.question(), Queue.QUESTIONS, "T1:C1")):
        assert JSON.deserialize(JSON.serialize(turn)) == turn


@given(_texts)
def test_whoever_writes_of_types_is_not_believed(words: str) -> None:
    for trap in ({"$type": "Tree"}, {"$enum": ["Colour", "red"]}, {"$error": words}, {words: 1}):
        assert JSON.deserialize(JSON.serialize(trap)) == trap


def test_what_is_long_is_kept_short() -> None:
    log = "INFO - the same line again\n" * 10_000
    kept = JSON.serialize(Leaf(log))
    assert len(kept) < len(log) / 20
    assert JSON.deserialize(kept) == Leaf(log)


def test_fields_added_since_take_their_defaults_and_gone_ones_are_passed_over() -> None:
    older = '{"$type":"test_serializer.Leaf","name":"oak","age":7}'
    assert JSON.deserialize(older) == Leaf("oak")


def test_a_value_that_this_version_cannot_make_is_refused_by_name() -> None:
    for kept in (
        '{"$type":"test_serializer.Leaf"}',
        '{"$type":"trees.Root"}',
        '{"$enum":["trees.Shade","x"]}',
    ):
        with pytest.raises(ValueError, match=r"(Leaf|Root|Shade) was kept by another version"):
            JSON.deserialize(kept)


def test_types_that_nobody_registered_are_refused_with_the_remedy() -> None:
    with pytest.raises(TypeError, match=r"Unwritten cannot be kept .* types"):
        JSON.serialize((1, Unwritten()))


def test_two_types_of_one_name_are_refused() -> None:
    other: type = dataclass(frozen=True)(type("Leaf", (), {}))
    with pytest.raises(TypeError, match=r"Two types are named test_serializer\.Leaf"):
        TypedJson([Leaf, other])


@pytest.mark.parametrize(
    "error",
    [
        BadRequest("There is no Dag of that name."),
        ConfigError(["slack.bot_token is missing.", "clusters is missing."]),
        AirflowUnavailable("prod does not answer", 503),
        StepFailed("ValueError: no"),
        BotError(),
    ],
)
def test_errors_raised_on_purpose_come_back_with_all_they_say(error: BotError) -> None:
    back = JSON.deserialize(JSON.serialize(error))
    assert type(back) is type(error)
    assert (back.args, vars(back), str(back)) == (error.args, vars(error), str(error))


def test_an_error_that_carries_what_cannot_be_kept_comes_back_without_it() -> None:
    error = BotError("The connection is gone.")
    vars(error).update(connection=Unwritten(), tries=3)
    back = JSON.deserialize(JSON.serialize(error))
    assert (str(back), vars(back)) == ("The connection is gone.", {"tries": 3})


def test_foreign_errors_and_errors_of_other_versions_come_back_as_failed_steps() -> None:
    foreign = JSON.deserialize(JSON.serialize(ZeroDivisionError("by zero")))
    assert (type(foreign), str(foreign)) == (StepFailed, "ZeroDivisionError: by zero")
    gone = JSON.deserialize('{"$error":"OldError","args":["was so"],"more":{}}')
    assert (type(gone), str(gone)) == (StepFailed, "OldError: was so")


def test_dates_are_not_taken_for_times() -> None:
    assert JSON.deserialize(JSON.serialize(date(2026, 11, 20))) == date(2026, 11, 20)
    assert JSON.deserialize(JSON.serialize(datetime(2026, 11, 20))) == datetime(2026, 11, 20)  # noqa: DTZ001
