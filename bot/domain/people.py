"""Who somebody is to Slack, and what they want of this bot."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Profile:
    """`names` are all that Slack calls them by; `email` is "" where Slack does not tell it."""

    user_id: str
    names: tuple[str, ...] = ()
    email: str = ""


@dataclass(frozen=True, slots=True)
class Preferences:
    """What one person set. `patterns` are Dag ids with `*` for anything; without
    `keeps_conversations` nothing that they say is stored."""

    patterns: tuple[str, ...] = ()
    keeps_conversations: bool = True
