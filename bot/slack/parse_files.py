"""The files of a message, as far as they can be pointed at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from bot.slack.escalation_values import Attached

_FILES = 10


def files_in(event: Mapping[str, Any]) -> tuple[Attached, ...]:
    """Slack's own page of each: a file itself can be seen by those alone who are in its channel."""
    return tuple(_attached(event.get("files")))[:_FILES]


def _attached(files: object) -> Iterator[Attached]:
    for file in files if isinstance(files, list) else ():
        if not isinstance(file, Mapping):
            continue
        url, name = file.get("permalink"), file.get("name") or file.get("title")
        if isinstance(url, str) and url.startswith(("https://", "http://")):
            yield Attached(str(name or "a file"), url)
