"""How a conversation ended, out of what was said about it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from bot.domain.conversations import Outcome, Score
from bot.domain.escalations import State, Truth, WasRight
from bot.domain.outcomes import Contradiction, Ended, Ending, Said, Thumb

ABANDONED_AFTER = timedelta(days=3)
"""A weekend without a word."""


def ending_of(said: Said, now: datetime, abandoned_after: timedelta = ABANDONED_AFTER) -> Ended:
    """What contradicts itself is no ending: somebody has to look at it. Where a human was called
    and has resolved it, they did; else the newest word of whoever asked counts."""
    truth = _newest_truth(said)
    contradictions = tuple(_contradictions(said))
    return Ended(
        ending=Ending.CONTRADICTED if contradictions else _ending(said, now, abandoned_after),
        contradictions=contradictions,
        resolution=truth.fixed_by if truth is not None else "",
        cause=truth.cause if truth is not None else "",
        bot=truth.bot if truth is not None else WasRight.NOT_SAID,
    )


def _ending(said: Said, now: datetime, abandoned_after: timedelta) -> Ending:
    if any(human.state is State.RESOLVED for human in said.humans):
        return Ending.SOLVED_BY_HUMAN
    if any(not human.state.is_over for human in said.humans):
        return Ending.OPEN
    thumb = _newest(said)
    is_solved = said.outcome is Outcome.SOLVED
    if thumb is not None and thumb.score is Score.DOWN and not is_solved:
        return Ending.WRONG
    if is_solved or (thumb is not None and said.outcome is not Outcome.REOPENED):
        return Ending.SOLVED_BY_BOT
    return Ending.ABANDONED if now - said.last_at >= abandoned_after else Ending.OPEN


def _contradictions(said: Said) -> Iterator[Contradiction]:
    truths = _truths(said)
    if any(one.bot is WasRight.NO and _was_content(said, one.at) for one in truths):
        yield Contradiction.SOLVED_BUT_WRONG
    thumb = _newest(said)
    # An earlier answer may have been no good, and the last one have solved it.
    is_last = thumb is not None and thumb.turn_id == said.turn_ids[-1]
    is_disliked = thumb is not None and thumb.score is Score.DOWN and is_last
    if is_disliked and said.outcome is Outcome.SOLVED and not said.humans:
        yield Contradiction.SOLVED_BUT_DISLIKED
    causes = {one.cause for one in truths if one.cause}
    rights = {one.bot for one in truths}
    if len(causes) > 1 or {WasRight.YES, WasRight.NO} <= rights:
        yield Contradiction.TWO_CAUSES
    scores: dict[str, set[Score]] = {}
    for one in said.thumbs:
        scores.setdefault(one.turn_id, set()).add(one.score)
    if any(len(both) > 1 for both in scores.values()):
        yield Contradiction.BOTH_THUMBS


def _was_content(said: Said, before: datetime) -> bool:
    """Whether whoever asked held it for solved before a human had said what was true: after that
    it may be the human whom they thank."""
    solved_at = said.outcome_at
    if said.outcome is Outcome.SOLVED and solved_at is not None and solved_at < before:
        return True
    thumb = _newest(said)
    return thumb is not None and thumb.score is Score.UP and thumb.at < before


def _newest(said: Said) -> Thumb | None:
    """Of the latest answer that was rated at all."""
    order = {turn_id: place for place, turn_id in enumerate(said.turn_ids)}
    rated = [one for one in said.thumbs if one.turn_id in order]
    return max(rated, key=lambda one: (order[one.turn_id], one.at), default=None)


def _truths(said: Said) -> list[Truth]:
    resolved = [one for one in said.humans if one.state is State.RESOLVED]
    return [one.truth for one in resolved if one.truth is not None]


def _newest_truth(said: Said) -> Truth | None:
    return max(_truths(said), key=lambda one: one.at, default=None)
