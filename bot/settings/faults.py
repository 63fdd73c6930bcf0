"""What is wrong with the settings, said in the words of the person who wrote them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from pydantic import ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from bot.settings.keys import KeyPath, field_at, keys_of, model_at

_KINDS = {
    "string_type": "must be text",
    "string_too_short": "is empty",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "finite_number": "must be a finite number",
    "path_type": "must be a path",
    "model_type": "must be a section with keys",
    "dict_type": "must be a section with keys",
    "tuple_type": "must be a list",
    "missing": "is missing",
}


@dataclass(frozen=True, slots=True)
class Fault:
    """One wrong or missing key. `problem` ends without a full stop and holds the remedy."""

    path: KeyPath
    problem: str


def render(faults: Iterable[Fault], places: Mapping[KeyPath, str]) -> tuple[str, ...]:
    """One line for each fault, each said once: key, where it was written, problem, remedy."""
    return tuple(dict.fromkeys(_line(fault, places) for fault in faults))


def unknown_key(key: str, known: Iterable[str]) -> str:
    """The problem with `key`, and the known key that comes closest."""
    known = sorted(known)
    close = get_close_matches(key.lower(), known, n=1, cutoff=0.6)
    if close:
        return f"is not a key. Did you mean {close[0]}?"
    return f"is not a key. Known here: {', '.join(known)}"


def from_validation(error: ValidationError) -> list[Fault]:
    """The faults that pydantic found; values are never repeated, they may be secret."""
    return [_translated(details) for details in error.errors(include_url=False)]


def _line(fault: Fault, places: Mapping[KeyPath, str]) -> str:
    name = ".".join(fault.path)
    place = next(
        (
            places[fault.path[:end]]
            for end in range(len(fault.path), 0, -1)
            if fault.path[:end] in places
        ),
        "",
    )
    head = f"{name} ({place})" if name and place else name
    line = f"{head}: {fault.problem}" if head else fault.problem
    # A key may hold anything; the fault stays one line all the same.
    line = "".join(character if character.isprintable() else "?" for character in line)
    return line if line.endswith((".", "?")) else f"{line}."


def _translated(details: ErrorDetails) -> Fault:
    path = tuple(str(part) for part in details["loc"])
    if details["type"] == "extra_forbidden":
        *parents, key = path
        model = model_at(tuple(parents))
        return Fault(path, unknown_key(key, keys_of(model) if model else ()))
    if details["type"] == "value_error":
        return Fault(path, str(details["ctx"]["error"]))
    if details["type"] == "enum":
        return Fault(path, f"must be {details['ctx']['expected']}".replace("'", ""))
    return Fault(path, f"{_problem(details)}. {_remedy(field_at(path))}")


def _problem(details: ErrorDetails) -> str:
    kind, context = details["type"], details.get("ctx", {})
    match kind:
        case "greater_than":
            return f"must be more than {context['gt']:g}"
        case "greater_than_equal":
            return f"must be at least {context['ge']:g}"
        case "less_than_equal":
            return f"must be at most {context['le']:g}"
        case _:
            return _KINDS.get(kind, details["msg"])


def _remedy(field: FieldInfo | None) -> str:
    return (field.description if field else None) or "Correct the value"
