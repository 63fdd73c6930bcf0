"""What is a word to the bot about its own conduct, and what is a question."""

from __future__ import annotations

import pytest

from bot.questions.keeping_out import asks_to_keep_out, asks_to_stop


@pytest.mark.parametrize(
    "said",
    [
        "stop",
        "Stop!",
        "STOP IT",
        "please stop",
        "stop please :pray:",
        "ok, stop now",
        "cancel",
        "cancel that",
        "cancel my last question",
        "abort",
        "never mind",
        "nevermind, thanks",
        "nvm",
        "forget it",
        "don\u2019t bother",
        "can you stop?",
        "stop looking",
        "that's enough",
        "stopp",
        "Stopp bitte!",
        "halt",
        "abbrechen",
        "bitte abbrechen",
        "Abbruch",
        "brich das ab",
        "hör auf",
        "Hör bitte auf!",
        "vergiss es",
        "lass gut sein",
        "schon gut, danke",
        "es reicht",
    ],
)
def test_a_word_to_stop_is_understood(said: str) -> None:
    assert asks_to_stop(said)


@pytest.mark.parametrize(
    "said",
    [
        "",
        "no",
        "ok",
        "stop orders_daily",
        "stop the Dag",
        "how do I stop a run?",
        "cancel the run of billing",
        "why did it stop?",
        "stop 5",
        "the task was cancelled",
        "Dag stoppen?",
        "warum wurde das abgebrochen?",
        "halt mal, warum ist orders_daily rot?",
        "enough slots?",
    ],
)
def test_what_says_more_than_that_is_a_question(said: str) -> None:
    assert not asks_to_stop(said)


def test_who_wants_no_more_answers_is_not_taken_for_polite() -> None:
    assert asks_to_keep_out("no more answers here", called=False)
    assert not asks_to_keep_out("no more slots here?", called=True)
