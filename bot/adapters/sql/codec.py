"""Domain values to JSON and back, with a version of the form and the kind of each reply.

Fields added later take their defaults when older rows are read; fields that have gone are
passed over. A form that cannot be read that way gets a new `FORMAT` and its own reader.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import asdict
from enum import Enum
from typing import Any, TypeVar, get_args

from pydantic import TypeAdapter, ValidationError
from pydantic_core import to_json

from bot.adapters.sql.columns import storable
from bot.domain.answers import Reply
from bot.domain.errors import StoreError

FORMAT = 1

T = TypeVar("T")


# Filled when first used: building all of them takes longer than the command line may.
_ADAPTERS: dict[type[Any], TypeAdapter[Any]] = {}


def _kind(reply_class: type[Any]) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", reply_class.__name__).lower()


_REPLIES: dict[str, type[Any]] = {_kind(each): each for each in get_args(Reply)}


def encode(value: Any, redact: Callable[[str], str] = str) -> bytes:
    """A domain value as UTF-8 JSON, every text in it passed through `redact`.

    What no database or encoding can hold is replaced, see `storable`.
    """
    tree = asdict(value)
    # One look at all texts together is far cheaper than one at each, and rarely finds anything.
    together = "\n".join(_texts(tree))
    if redact(together) == storable(together) == together:
        return to_json(value, inf_nan_mode="strings")
    return to_json(_mapped(tree, lambda text: storable(redact(text))), inf_nan_mode="strings")


def decode(kind: type[T], body: bytes | str, stored_format: int, what: str) -> T:
    """The value of class `kind` out of `body`. Raises `StoreError` naming `what` was read."""
    if stored_format > FORMAT:
        raise StoreError(f"{what} was stored by a newer version of the bot. Update this one.")
    try:
        value: T = _adapter(kind).validate_json(body)
    except ValidationError as error:
        # The error's own text repeats stored content.
        fault = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in fault["loc"])
        raise StoreError(
            f"{what} cannot be read: {fault['msg']} at {place or 'its start'}."
        ) from None
    return value


def reply_kind(reply: Reply) -> str:
    """The name under which a reply of this class is stored."""
    return _kind(type(reply))


def decode_reply(kind: str, body: str, stored_format: int, what: str) -> Reply:
    """The reply that was stored under `kind`."""
    reply_class = _REPLIES.get(kind)
    if reply_class is None:
        raise StoreError(f"{what} is of the unknown kind {kind}. Update the bot.")
    reply: Reply = decode(reply_class, body, stored_format, what)
    return reply


def _adapter(kind: type[Any]) -> TypeAdapter[Any]:
    if kind not in _ADAPTERS:
        _ADAPTERS[kind] = TypeAdapter(kind)
    return _ADAPTERS[kind]


def _texts(tree: Any) -> Iterator[str]:
    match tree:
        case str():
            yield tree
        case dict():
            for item in tree.values():
                yield from _texts(item)
        case list() | tuple():
            for item in tree:
                yield from _texts(item)


def _mapped(tree: Any, change: Callable[[str], str]) -> Any:
    match tree:
        case Enum():
            return tree
        case str():
            return change(tree)
        case dict():
            return {key: _mapped(item, change) for key, item in tree.items()}
        case list() | tuple():
            return [_mapped(item, change) for item in tree]
        case _:
            return tree
