"""How a conversation ended, out of what was said about it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.conversations import Outcome, Score
from bot.domain.escalations import State, Truth, WasRight
from bot.domain.outcomes import Contradiction, Ending, Human, Said, Thumb
from bot.learning.endings import ABANDONED_AFTER, ending_of

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
SOON, LATER, MUCH_LATER = (NOON + timedelta(hours=n) for n in (1, 2, 240))
QUIET = Said(("first", "second"), NOON)


def human(
    state: State = State.RESOLVED,
    bot: WasRight | None = WasRight.NO,
    cause: str = "",
    name: str = "E1",
) -> Human:
    truth = Truth(name, "U0ENGINEER", LATER, "It broke", "Rolled back", bot, cause) if bot else None
    return Human(name, state, truth)


def thumb(score: Score, turn: str = "second", at: datetime = SOON) -> Thumb:
    return Thumb(turn, score, at)


UP, DOWN = thumb(Score.UP), thumb(Score.DOWN)


@pytest.mark.parametrize(
    ("said", "ending"),
    [
        (QUIET, Ending.ABANDONED),
        (replace(QUIET, last_at=MUCH_LATER), Ending.OPEN),
        (replace(QUIET, thumbs=(UP,)), Ending.SOLVED_BY_BOT),
        (replace(QUIET, thumbs=(DOWN,)), Ending.WRONG),
        (replace(QUIET, outcome=Outcome.SOLVED, outcome_at=SOON), Ending.SOLVED_BY_BOT),
        (replace(QUIET, outcome=Outcome.REOPENED, thumbs=(UP,)), Ending.ABANDONED),
        (replace(QUIET, humans=(human(State.ACKNOWLEDGED, None),)), Ending.OPEN),
        (replace(QUIET, humans=(human(State.EXPIRED, None),)), Ending.ABANDONED),
        (replace(QUIET, humans=(human(State.EXPIRED, None),), thumbs=(DOWN,)), Ending.WRONG),
        (replace(QUIET, humans=(human(),)), Ending.SOLVED_BY_HUMAN),
        (replace(QUIET, humans=(human(bot=None),)), Ending.SOLVED_BY_HUMAN),
        (replace(QUIET, humans=(human(),), thumbs=(DOWN,)), Ending.SOLVED_BY_HUMAN),
        # A second answer made good what the first had got wrong.
        (replace(QUIET, thumbs=(thumb(Score.DOWN, "first", LATER), UP)), Ending.SOLVED_BY_BOT),
    ],
)
def test_a_conversation_ends_by_what_was_said(said: Said, ending: Ending) -> None:
    assert ending_of(said, MUCH_LATER).ending is ending


def test_the_words_of_the_human_are_the_resolution() -> None:
    ended = ending_of(replace(QUIET, humans=(human(cause="oom_killed"),)), MUCH_LATER)
    assert (ended.resolution, ended.cause, ended.bot) == ("Rolled back", "oom_killed", WasRight.NO)


@pytest.mark.parametrize(
    ("said", "contradiction"),
    [
        (
            replace(QUIET, outcome=Outcome.SOLVED, outcome_at=SOON, humans=(human(),)),
            Contradiction.SOLVED_BUT_WRONG,
        ),
        (replace(QUIET, thumbs=(UP,), humans=(human(),)), Contradiction.SOLVED_BUT_WRONG),
        (
            replace(QUIET, outcome=Outcome.SOLVED, outcome_at=SOON, thumbs=(DOWN,)),
            Contradiction.SOLVED_BUT_DISLIKED,
        ),
        (
            replace(QUIET, humans=(human(cause="a"), human(cause="b", name="E2"))),
            Contradiction.TWO_CAUSES,
        ),
        (
            replace(QUIET, humans=(human(), human(bot=WasRight.YES, name="E2"))),
            Contradiction.TWO_CAUSES,
        ),
        (replace(QUIET, thumbs=(UP, DOWN)), Contradiction.BOTH_THUMBS),
    ],
)
def test_words_that_cannot_both_be_true_go_to_review(
    said: Said, contradiction: Contradiction
) -> None:
    ended = ending_of(said, MUCH_LATER)
    assert ended.ending is Ending.CONTRADICTED
    assert ended.contradictions == (contradiction,)


def test_thanks_for_what_the_human_did_are_no_contradiction() -> None:
    thanked = replace(QUIET, outcome=Outcome.SOLVED, outcome_at=MUCH_LATER, humans=(human(),))
    assert ending_of(thanked, MUCH_LATER).ending is Ending.SOLVED_BY_HUMAN


@given(st.integers(min_value=0, max_value=400 * 24))
def test_silence_is_never_a_success_nor_a_failure(hours: int) -> None:
    ended = ending_of(QUIET, NOON + timedelta(hours=hours))
    is_over = timedelta(hours=hours) >= ABANDONED_AFTER
    assert ended.ending is (Ending.ABANDONED if is_over else Ending.OPEN)
    assert not ended.contradictions
