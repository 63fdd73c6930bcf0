"""How far a process is between its beginning and its end."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Standing:
    """`waits_for`: what the start is at, in a few words that anybody may read; empty once it is
    over. Whoever brings the process on says so here."""

    waits_for: str = ""
    is_stopping: bool = False
