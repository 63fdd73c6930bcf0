"""One person as the bot knows them, and what is kept of them."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass
from datetime import datetime

TAKE_AWAY = "take_away"
"""The kind of job that deletes messages of ours, whatever they answered."""

_SLACK_ID = re.compile(r"[UW][A-Z0-9]{6,20}")


@dataclass(frozen=True, slots=True)
class Person:
    """`user_id` is Slack's, or a login name at the terminal."""

    workspace: str
    user_id: str

    @property
    def is_of_slack(self) -> bool:
        """Whether the id is one of Slack's: it means this person wherever it stands in a text."""
        return _SLACK_ID.fullmatch(self.user_id) is not None

    @property
    def pseudonym(self) -> str:
        """What stands for them where a row has to stay. It is made of the id alone, so that later
        rows can be told to be about the same person, and whoever knows the id can tell that, too.
        """
        digest = hashlib.sha256(f"privacy\0{self.workspace}\0{self.user_id}".encode()).digest()
        return f"erased-{base64.b32encode(digest).decode().lower()[:10]}"


def holding(person: Person) -> re.Pattern[str]:
    """The person's id as a word of its own."""
    return re.compile(rf"(?<![A-Za-z0-9]){re.escape(person.user_id)}(?![A-Za-z0-9])")


@dataclass(frozen=True, slots=True)
class Trace:
    """What one place keeps of a person. `since` is when the oldest of it came, None where that is
    not kept. `why` says what it stays for; empty where it is to go."""

    place: str
    rows: int
    since: datetime | None = None
    why: str = ""


@dataclass(frozen=True, slots=True)
class OwnPost:
    """A message of ours that answers somebody: its page in the ledger, and where it stands."""

    key: str
    channel: str
    thread: str


@dataclass(frozen=True, slots=True)
class OwnPosts:
    """The body of such a job."""

    workspace: str
    posts: tuple[OwnPost, ...]
