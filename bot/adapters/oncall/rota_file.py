"""The rota file: from its text to a rota, or to all of its faults at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from difflib import get_close_matches
from typing import Annotated, Any, TypeVar
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
)

from bot.adapters.oncall import rota_words as words
from bot.adapters.oncall.rota_faults import faults_of
from bot.adapters.oncall.rota_tree import read_tree
from bot.adapters.oncall.schedule import Layer, Level, Override, Rota
from bot.adapters.oncall.wall_clock import Hours, Rotation, Window
from bot.domain.errors import OnCallError
from bot.domain.oncall import Responder

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Known:
    """What other places of the file refer to."""

    people: tuple[str, ...]
    levels: int
    zone: ZoneInfo


def read_rota(text: str, name: str) -> Rota:
    """Raises `OnCallError` with a line for every fault: its key, place, value and remedy."""
    tree = read_tree(text, name)
    faults = list(tree.faults)
    try:
        written = _File.model_validate(tree.root, context=_known(tree.root))
    except ValidationError as error:
        faults += faults_of(error, _File)
    else:
        if not faults:
            return _rota(written)
    raise OnCallError(*tree.in_order(faults))


def _known(root: Mapping[str, Any]) -> _Known:
    """Taken from what is written, right or wrong: each fault is told where it is."""
    people, levels = root.get("people"), root.get("levels")
    try:
        zone = words.zone(str(root.get("timezone")))
    except ValueError:
        zone = ZoneInfo("UTC")
    return _Known(
        tuple(people) if isinstance(people, dict) else (),
        len(levels) if isinstance(levels, list) else 0,
        zone,
    )


def _known_to(info: ValidationInfo) -> _Known:
    assert isinstance(info.context, _Known)
    return info.context


def _read(parse: Callable[[str], T]) -> BeforeValidator:
    """A field that is written as text; anything else is refused by the field's own type."""
    return BeforeValidator(lambda value: parse(value) if isinstance(value, str) else value)


def _person(name: str, info: ValidationInfo) -> str:
    known = _known_to(info)
    if name in known.people:
        return name
    close = get_close_matches(name, known.people, n=1)
    hint = f"Did you mean {close[0]}?" if close else "Name the person under people first"
    raise ValueError(f"{name!r} is not one of the people. {hint}")


def _moment(text: object, info: ValidationInfo) -> object:
    known = _known_to(info)
    return words.moment(text, known.zone) if isinstance(text, str) else text


def _start(start: date, info: ValidationInfo) -> date:
    handover = info.data.get("handover")
    if handover is None or handover.day is None or handover.day == start.weekday():
        return start
    wrong, right = words.DAYS[start.weekday()], words.DAYS[handover.day]
    earlier = start - timedelta(days=(start.weekday() - handover.day) % 7)
    raise ValueError(
        f"'{start}' is a {wrong.title()}, and turns begin on {right.title()}s. "
        f"Write {earlier} or {earlier + timedelta(days=7)}"
    )


def _handover(handover: words.Handover, info: ValidationInfo) -> words.Handover:
    length = info.data.get("turn")
    if length is None:
        return handover
    whole_weeks = length % timedelta(weeks=1) == timedelta()
    if whole_weeks and handover.day is None:
        raise ValueError("names no day of the week. Write it like monday 09:00")
    if not whole_weeks and handover.day is not None:
        raise ValueError("names a day, but turns begin on any day. Write the time alone: 09:00")
    return handover


def _end(end: datetime, info: ValidationInfo) -> datetime:
    start = info.data.get("start")
    if start is not None and end <= start:
        raise ValueError("is not after from. Correct one of the two")
    return end


def _level(number: int, info: ValidationInfo) -> int:
    known = _known_to(info)
    if not 1 <= number <= known.levels:
        raise ValueError(f"'{number}' is not one of the levels. Use 1 to {known.levels}")
    return number


def _listed(value: object) -> object:
    return [value] if isinstance(value, str) else value


_Name = Annotated[str, AfterValidator(_person)]
_Zone = Annotated[ZoneInfo, _read(words.zone)]
_Moment = Annotated[datetime, BeforeValidator(_moment)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


class _Person(_Section):
    slack: Annotated[
        str,
        Field(description="Give the person's Slack id, e.g. U0123ABCD"),
        AfterValidator(words.user_id),
    ]
    name: str | None = Field(None, description="Give the name to show")
    email: Annotated[str, AfterValidator(words.email)] | None = Field(
        None, description="Give the address that the person has in other systems"
    )


class _Layer(_Section):
    people: tuple[_Name, ...] = Field(min_length=1, description="List people in their order")
    turn: Annotated[timedelta, _read(words.length)] = Field(
        timedelta(weeks=1), description="Write 1 week, 2 days or 12 hours"
    )
    handover: Annotated[words.Handover, _read(words.handover), AfterValidator(_handover)] = Field(
        description="Write monday 09:00, or 09:00 for turns of days or hours"
    )
    start: Annotated[date, _read(words.day), AfterValidator(_start)] = Field(
        description="Give the day on which the first person's first turn begins, e.g. 2026-01-05"
    )
    only: Annotated[
        tuple[Annotated[Window, _read(words.window)], ...], BeforeValidator(_listed)
    ] = Field((), description="Write hours such as mon-fri 09:00-17:00")
    timezone: _Zone | None = Field(None, description="Use a name such as Europe/Berlin")
    name: str = Field("", description="Name the layer as you like")


class _Level(_Section):
    layers: tuple[_Layer, ...] = Field(min_length=1, description="List at least one layer")


class _Override(_Section):
    person: _Name = Field(description="Name one of the people")
    start: _Moment = Field(alias="from", description="Write it like 2026-12-24 18:00")
    end: Annotated[_Moment, AfterValidator(_end)] = Field(
        alias="to", description="Write it like 2026-12-26 09:00"
    )
    level: Annotated[int, AfterValidator(_level)] = Field(1, description="Give a level's number")
    stands_in_for: _Name | None = Field(
        None, alias="for", description="Name whose turns are taken; everybody's unless given"
    )


class _File(_Section):
    timezone: _Zone = Field(description="Use a name such as Europe/Berlin")
    people: dict[str, _Person] = Field(min_length=1, description="Name people with their Slack ids")
    levels: tuple[_Level, ...] = Field(min_length=1, description="List who is called first, first")
    overrides: tuple[_Override, ...] = Field((), description="List them with person, from and to")


def _rota(written: _File) -> Rota:
    people = {
        key: Responder(person.name or key, person.slack, person.email or "")
        for key, person in written.people.items()
    }
    levels = []
    for number, level in enumerate(written.levels, start=1):
        layers = tuple(_layer(layer, people, written.timezone) for layer in level.layers)
        overrides = tuple(
            Override(
                people[one.person],
                one.start,
                one.end,
                people[one.stands_in_for] if one.stands_in_for else None,
            )
            for one in written.overrides
            if one.level == number
        )
        levels.append(Level(layers, overrides))
    return Rota(tuple(levels))


def _layer(layer: _Layer, people: Mapping[str, Responder], zone: ZoneInfo) -> Layer:
    zone = layer.timezone or zone
    first = datetime.combine(layer.start, time()) + timedelta(minutes=layer.handover.minute)
    return Layer(
        people=tuple(people[name] for name in layer.people),
        rotation=Rotation(zone, first, layer.turn),
        hours=Hours(zone, layer.only) if layer.only else None,
    )
