"""What is wrong with a rota, in the words of the person who wrote it."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from types import UnionType
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from bot.adapters.oncall.rota_tree import Fault, Place

_KINDS = {
    "dict_type": "must be a section with keys",
    "int_parsing": "must be a whole number",
    "int_type": "must be a whole number",
    "missing": "is missing",
    "model_type": "must be a section with keys",
    "string_type": "must be text",
    "too_short": "is empty",
    "tuple_type": "must be a list",
}


def faults_of(error: ValidationError, model: type[BaseModel]) -> Iterator[Fault]:
    """All that pydantic found while it read a `model`."""
    found = error.errors(include_url=False)
    for details in found:
        place: Place = details["loc"]
        if details["type"] == "too_short" and any(_is_below(one["loc"], place) for one in found):
            continue  # pydantic counts only what is right in it
        yield Fault(place, _problem(details, place, model))


def _is_below(place: Place, above: Place) -> bool:
    return len(place) > len(above) and place[: len(above)] == above


def _problem(details: ErrorDetails, place: Place, model: type[BaseModel]) -> str:
    match details["type"]:
        case "value_error":
            return str(details["ctx"]["error"])
        case "extra_forbidden":
            return _unknown_key(str(place[-1]), _keys(_model_at(place[:-1], model)))
        case kind:
            # A type of ours that was given a list or a section.
            said = _KINDS.get(kind, "is not written as it has to be")
            field = _field_at(place, model)
            return f"{said}. {(field.description if field else None) or 'Correct the value'}"


def _unknown_key(key: str, known: list[str]) -> str:
    close = get_close_matches(key.lower(), known, n=1, cutoff=0.6)
    if close:
        return f"is not a key. Did you mean {close[0]}?"
    return f"is not a key. Known here: {', '.join(known)}"


def _keys(model: type[BaseModel] | None) -> list[str]:
    fields = model.model_fields if model else {}
    return sorted(field.alias or name for name, field in fields.items())


def _field_at(place: Place, model: type[BaseModel]) -> FieldInfo | None:
    """The field of the key at `place`, or of the list that it leads into."""
    for end in range(len(place), 0, -1):
        found = _model_at(place[: end - 1], model)
        field = _named(str(place[end - 1]), found) if found else None
        if field:
            return field
    return None


def _model_at(place: Place, model: type[BaseModel]) -> type[BaseModel] | None:
    """The section at `place`; None where there is no section."""
    found: Any = model
    for part in place:
        if isinstance(found, type) and issubclass(found, BaseModel):
            field = _named(str(part), found)
            found = field.annotation if field else None
        else:  # an item of a list, or of a mapping by name
            found = _inner(found)
    return found if isinstance(found, type) and issubclass(found, BaseModel) else None


def _inner(kind: Any) -> Any:
    """What a tuple, a mapping or an optional value holds."""
    inside = [part for part in get_args(kind) if part not in (..., type(None), str)]
    return inside[0] if inside and not isinstance(kind, UnionType) else None


def _named(key: str, model: type[BaseModel]) -> FieldInfo | None:
    fields = model.model_fields.items()
    return next((field for name, field in fields if key == (field.alias or name)), None)
