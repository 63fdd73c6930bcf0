"""The forms in which examples leave, one file each: found here by being here.

A module of this package is a format if it has a `FORMAT`.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any

from bot.domain.datasets import Example

Row = dict[str, Any]


class Column(StrEnum):
    """What a column of a table holds."""

    TEXT = "text"
    NUMBER = "number"
    TRUTH = "truth"  # yes or no
    CHAT = "chat"  # messages with role and content
    TOOL_CHAT = "tool_chat"  # messages that may call tools, in the form of OpenAI's API
    JSON = "json"  # anything, in tables as JSON text


@dataclass(frozen=True, slots=True)
class Format:
    """`rows(example)` are the rows that it gives, without where they come from; most give one or
    none. `about` says in one sentence what it is for, `task` names it as Hugging Face does.

    `is_bare`: whoever reads its JSON lines takes no other keys, so that where each row comes from
    stands in a file beside them, line by line.
    """

    name: str
    about: str
    columns: Mapping[str, Column]
    rows: Callable[[Example], Iterator[Row]]
    task: str = "text-generation"
    is_bare: bool = False


@cache
def formats() -> Mapping[str, Format]:
    """All of them by name."""
    modules = (
        importlib.import_module(f"{__name__}.{one.name}") for one in pkgutil.iter_modules(__path__)
    )
    found = [module.FORMAT for module in modules if hasattr(module, "FORMAT")]
    return {one.name: one for one in sorted(found, key=lambda one: one.name)}
