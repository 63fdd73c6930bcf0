"""The messages about drafts of runbooks, and what the bot has learned."""

from __future__ import annotations

from bot.domain.runbook_drafts import DraftState, RunbookDraft
from bot.slack.arrivals import Place
from bot.slack.growth_values import RunbookOffer
from bot.slack.posts import ANSWER, Post


def offer_post(draft: RunbookDraft, place: Place, workspace: str) -> Post:
    """The message of one text of it, as it stands."""
    revision = ANSWER + (draft.state is not DraftState.PROPOSED)
    key = f"runbook draft:{draft.id}:{draft.version}"
    return Post(key, revision, place, RunbookOffer(draft), workspace=workspace)
