"""What those on call wrote to one another in the thread of an escalation."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from bot.slack.limits import Limit
from bot.slack.plain import flatten

_REMARKS = 12  # the last ones: what fixed it is said at the end
_LENGTH = Limit(400)
_LEAST = 20  # characters: “on it” tells nobody anything
_TYPED = {None, "file_share", "thread_broadcast", "me_message"}


@dataclass(frozen=True, slots=True)
class Remark:
    user: str
    ts: str
    text: str


def remarks_in(
    messages: Iterable[Mapping[str, Any]],
    bot_user_id: str,
    but: Collection[str],
    redact: Callable[[str], str],
) -> list[Remark]:
    """What people typed there, oldest first: nothing of apps, nothing of those in `but`, and no
    words that were for the bot."""
    found = []
    for message in messages:
        user, ts = message.get("user"), message.get("ts")
        if not isinstance(user, str) or not isinstance(ts, str) or message.get("bot_id"):
            continue
        if message.get("subtype") not in _TYPED or user in but or user == bot_user_id:
            continue
        flat = flatten({**message, "files": ()}, bot_user_id)
        text = _LENGTH.head(redact(flat.text).strip())
        if len(text) >= _LEAST and bot_user_id not in flat.mentions:
            found.append(Remark(user, ts, text))
    return found[-_REMARKS:]
