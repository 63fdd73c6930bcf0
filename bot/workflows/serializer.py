"""Values of durable work as text in the database, and back: JSON that names its types.

A dataclass becomes an object with its module and name under `$type`. Fields added since take
their defaults, fields that have gone are passed over, so work survives an update of the bot. No
code is ever loaded by name: only types that were registered come back.
"""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, fields, is_dataclass, replace
from datetime import date, datetime, timedelta
from enum import Enum
from typing import Any, get_args, get_type_hints

from dbos import Serializer
from sqlalchemy.exc import SQLAlchemyError

from bot.domain.errors import BotError
from bot.domain.work import Job, Queue
from bot.workflows.errors import Interrupted, StepFailed, as_bot_error, error_class
from bot.workflows.outcome import Outcome

_COMPRESSED = "z:"  # JSON never starts like this
_COMPRESSED_FROM = 4_096  # characters


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Stands for the body of a job that another version of the bot wrote, given as `text`."""

    text: str
    reason: str


_OURS: tuple[type, ...] = (Job, Outcome)
_PLAIN = frozenset({bool, int, float, str, type(None)})


class TypedJson(Serializer):
    """Reads and writes `types`, all dataclasses and enums that their fields name, times, bytes,
    tuples, sets, plain JSON values, and the errors that the project raises on purpose.

    Raises `TypeError` for two types of one name, and on writing anything else.
    """

    def __init__(self, types: Sequence[type]) -> None:
        self._types: dict[str, type] = {}
        self._fields: dict[str, tuple[str, ...]] = {}
        self._names: dict[type, str] = {}  # of the dataclasses
        for each in (*_OURS, *types):
            self._register(each)

    def name(self) -> str:
        """What stands beside each value in the database; a new form gets a new name."""
        return "typed_json"

    def serialize(self, data: Any) -> str:
        text = json.dumps(self._tree(data), separators=(",", ":"))
        if len(text) < _COMPRESSED_FROM:
            return text
        return _COMPRESSED + base64.b64encode(zlib.compress(text.encode())).decode()

    def deserialize(self, serialized_data: str) -> Any:
        """Of a job whose body is not known to this version the rest is read: see `Unreadable`.

        Raises `ValueError` for anything else that this version cannot read.
        """
        text = serialized_data
        if text.startswith(_COMPRESSED):
            text = zlib.decompress(base64.b64decode(text[len(_COMPRESSED) :])).decode()
        try:
            return json.loads(text, object_hook=self._value)
        except ValueError as error:
            match json.loads(text):
                case {"args": {"$tuple": [{"$type": "work.Job", "body": body} as job]}}:
                    return self._job_without(job, body, str(error))
            raise

    def _job_without(self, job: dict[str, Any], body: Any, reason: str) -> Any:
        plain = {**job, "body": None}
        try:
            rest = json.loads(json.dumps(plain), object_hook=self._value)
        except ValueError:  # a queue, say, that this version does not have
            plain["queue"] = self._tree(Queue.LATER)
            rest = json.loads(json.dumps(plain), object_hook=self._value)
        return {"args": (replace(rest, body=Unreadable(json.dumps(body), reason)),), "kwargs": {}}

    def _register(self, kind: type) -> None:
        name = _name_of(kind)
        if self._types.setdefault(name, kind) is not kind:
            raise TypeError(f"Two types are named {name}: {kind.__module__} has another.")
        if not is_dataclass(kind):
            return
        self._fields[name] = tuple(each.name for each in fields(kind) if each.init)
        self._names[kind] = name
        for hint in get_type_hints(kind).values():
            for each in _classes_in(hint):
                if self._types.get(_name_of(each)) is not each:
                    self._register(each)

    def _tree(self, value: Any) -> Any:
        kind = type(value)
        if kind in _PLAIN:
            return value
        if kind in self._names:
            return self._tree_of_fields(value, self._names[kind])
        if kind is tuple:
            return {"$tuple": [self._tree(item) for item in value]}
        if kind is list:
            return [self._tree(item) for item in value]
        if isinstance(value, Enum):
            return {"$enum": [self._known(kind), self._tree(value.value)]}
        return self._rarer_tree(value)

    def _tree_of_fields(self, value: Any, name: str) -> dict[str, Any]:
        tree: dict[str, Any] = {"$type": name}
        for field in self._fields[name]:
            part = getattr(value, field)
            # Most are plain, and a call for each would cost as much as all the rest.
            tree[field] = part if type(part) in _PLAIN else self._tree(part)
        return tree

    def _rarer_tree(self, value: Any) -> Any:
        match value:
            case datetime():
                return {"$datetime": value.isoformat()}
            case date():
                return {"$date": value.isoformat()}
            case timedelta():
                return {"$seconds": value.total_seconds()}
            case bytes():
                return {"$bytes": base64.b64encode(value).decode()}
            case Mapping():
                return self._tree_of_mapping(value)
            case frozenset() | set():
                # In one order, so that equal values are equal text.
                items = sorted((self._tree(item) for item in value), key=json.dumps)
                return {f"${type(value).__name__}": items}
            case SQLAlchemyError():
                # DBOS' own, met while it kept something: neither a step's outcome nor a job's.
                raise Interrupted(type(value).__name__)
            case Exception():
                return self._tree_of_error(as_bot_error(value))
            case _:
                raise TypeError(_not_registered(type(value)))

    def _tree_of_mapping(self, value: Mapping[Any, Any]) -> dict[str, Any]:
        if all(type(key) is str and not key.startswith("$") for key in value):
            return {key: self._tree(item) for key, item in value.items()}
        return {"$dict": [[self._tree(key), self._tree(item)] for key, item in value.items()]}

    def _tree_of_error(self, error: BotError) -> dict[str, Any]:
        words = [word if type(word) in _PLAIN else str(word) for word in error.args]
        more = {}
        for name, value in vars(error).items():
            # An error is kept in any case: what else it carries must not stand in its way.
            with suppress(TypeError):
                more[name] = self._tree(value)
        return {"$error": type(error).__name__, "args": words, "more": more}

    def _known(self, kind: type) -> str:
        name = _name_of(kind)
        if self._types.get(name) is not kind:
            raise TypeError(_not_registered(kind))
        return name

    def _value(self, tree: dict[str, Any]) -> Any:
        """Called from the inside out: what `tree` holds are values already."""
        if "$type" in tree:
            return self._dataclass(tree)
        if "$error" in tree:
            return _error(tree)
        for key in tree:
            if key == "$enum":
                name, value = tree[key]
                return self._type(name)(value)
            return _READERS[key](tree[key]) if key.startswith("$") else tree
        return tree

    def _dataclass(self, tree: dict[str, Any]) -> Any:
        kind = self._type(tree["$type"])
        known = {name: tree[name] for name in self._fields[tree["$type"]] if name in tree}
        try:
            return kind(**known)
        except TypeError as error:
            raise ValueError(
                f"A {kind.__name__} was kept by another version of the bot: {error}."
            ) from error

    def _type(self, name: str) -> type[Any]:
        if name not in self._types:
            raise ValueError(f"A {name} was kept by another version of the bot, which knew it.")
        return self._types[name]


_READERS: dict[str, Callable[[Any], Any]] = {
    "$tuple": tuple,
    "$frozenset": frozenset,
    "$set": set,
    "$datetime": datetime.fromisoformat,
    "$date": date.fromisoformat,
    "$seconds": lambda seconds: timedelta(seconds=seconds),
    "$bytes": base64.b64decode,
    "$dict": dict,
}


def _error(tree: dict[str, Any]) -> BotError:
    kind = error_class(tree["$error"])
    if kind is None:
        return StepFailed(f"{tree['$error']}: {' '.join(map(str, tree['args']))}")
    # Not through the constructor: its arguments need not be those that the error keeps.
    error = kind.__new__(kind)
    error.args = tuple(tree["args"])
    vars(error).update(tree["more"])
    return error


def _name_of(kind: type) -> str:
    """The class with the last part of its module: a job of ours is not a job of Airflow's."""
    return f"{kind.__module__.rpartition('.')[2]}.{kind.__name__}"


def _classes_in(hint: Any) -> Iterator[type]:
    """The dataclasses and enums that a type hint names."""
    if isinstance(hint, type) and (is_dataclass(hint) or issubclass(hint, Enum)):
        yield hint
    for part in get_args(hint):
        yield from _classes_in(part)


def _not_registered(kind: type) -> str:
    return (
        f"{kind.__module__}.{kind.__name__} cannot be kept in durable work. Name it among the "
        "types that the engine is given, or use a value of the domain."
    )
