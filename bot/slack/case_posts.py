"""The messages about resolved cases."""

from __future__ import annotations

from bot.domain.casework import fragment_of
from bot.domain.resolved_cases import CaseState, ResolvedCase
from bot.slack.arrivals import Place
from bot.slack.case_values import CaseOffer
from bot.slack.posts import ANSWER, Post

_KEY_PARTS = 5


def offer_post(case: ResolvedCase, shown: str, place: Place, workspace: str) -> Post:
    """The message of one text of it, as it stands; its key says where."""
    is_open = case.state in (CaseState.DRAFT, CaseState.DISPUTED)
    key = f"{fragment_of(case.id)}{shown}:{place.channel}:{place.thread or ''}"
    return Post(key, ANSWER + (not is_open), place, CaseOffer(case, shown), workspace=workspace)


def place_of_case(key: str) -> Place | None:
    """Where the message stands that was posted under this key; None for other messages."""
    parts = key.split(":")
    if parts[0] != "case" or len(parts) != _KEY_PARTS:
        return None
    return Place(parts[3], "", parts[4] or None)
