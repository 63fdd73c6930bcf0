"""Telling clusters that answered from those that did not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from bot.domain.errors import AirflowError

T = TypeVar("T")


def unless_all_failed(found: Mapping[str, T | AirflowError]) -> dict[str, T]:
    """What the clusters that answered said. Raises an error of the others where none did."""
    said = {name: one for name, one in found.items() if not isinstance(one, AirflowError)}
    errors = [one for one in found.values() if isinstance(one, AirflowError)]
    if errors and not said:
        raise errors[0]
    return said
