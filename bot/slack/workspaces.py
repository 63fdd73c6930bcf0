"""In which workspace something is done: where the app is installed in several, each call of Slack
is made with the token of that one.

What is set here holds for everything that runs inside the block, in tasks that it starts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_here: ContextVar[str] = ContextVar("workspace", default="")
_ID = re.compile(r"\b([ET][A-Z0-9]{7,})[:/]")
_OF_NOBODY = ("failure:", "failures:")  # what Airflow reported; names of Dags follow
_WITHIN = ("question", "thread", "message", "asked", "party", "rating")
_KEYS = ("turn_id", "key", "question_id")


@contextmanager
def in_workspace(workspace: str) -> Iterator[None]:
    """ "" leaves it as it is."""
    token = _here.set(workspace or _here.get())
    try:
        yield
    finally:
        _here.reset(token)


def workspace_here() -> str:
    """Its id; "" where there is but one."""
    return _here.get()


def workspace_of(body: object) -> str:
    """That of what a job is about: it says so itself, or its key begins with it. "" for what
    belongs to none."""
    if body is None or isinstance(body, str):
        return ""
    if said := getattr(body, "workspace", ""):
        return str(said)
    for name in _WITHIN:
        if found := workspace_of(getattr(body, name, None)):
            return found
    for name in _KEYS:
        said = getattr(body, name, "")
        if not isinstance(said, str) or said.startswith(_OF_NOBODY):
            continue
        if match := _ID.search(said):
            return match[1]
    return ""
