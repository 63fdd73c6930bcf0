"""What somebody wants, from the words."""

from __future__ import annotations

import pytest

from bot.domain.questions import Intent
from bot.questions.intents import intent_of, wants_unfinished


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("why did orders_daily fail?", Intent.DIAGNOSE),
        ("orders_daily failed again last night", Intent.DIAGNOSE),
        ("what went wrong with load in orders_daily", Intent.DIAGNOSE),
        ("is it my code or you?", Intent.DIAGNOSE),
        ("load_orders is stuck in queued", Intent.DIAGNOSE),
        ("how do I retry a failed task?", Intent.HOW_TO),
        ("what does upstream_failed mean?", Intent.HOW_TO),
        ("is airflow down?", Intent.HEALTH),
        ("health", Intent.HEALTH),
        ("what is failing right now?", Intent.INCIDENTS),
        ("what's failing", Intent.INCIDENTS),
        ("which dags are broken at the moment?", Intent.INCIDENTS),
        ("is anything failing on prod?", Intent.INCIDENTS),
        ("incidents", Intent.INCIDENTS),
        ("are there open incidents?", Intent.INCIDENTS),
        ("what is failing in orders_daily?", Intent.DIAGNOSE),
        ("what failed last night?", Intent.DIAGNOSE),
        ("did others have this?", Intent.ALIKE),
        ("has anyone else seen this?", Intent.ALIKE),
        ("do other teams have the same problem", Intent.ALIKE),
        ("are other dags affected?", Intent.ALIKE),
        ("is it just me?", Intent.ALIKE),
        ("has this happened before?", Intent.ALIKE),
        ("who else?", Intent.ALIKE),
        ("did someone pause it?", Intent.UNCLEAR),
        ("how is the platform doing?", Intent.HEALTH),
        ("how is orders_daily doing?", Intent.STATUS),
        ("and the health?", Intent.HEALTH),
        ("show me the logs of orders_daily", Intent.LOGS),
        ("logs orders_daily", Intent.LOGS),
        ("status of orders_daily", Intent.STATUS),
        ("did orders_daily finish last night?", Intent.STATUS),
        ("please retry orders_daily", Intent.RETRY),
        ("backfill orders_daily for last week", Intent.BACKFILL),
        ("why did the backfill of orders fail", Intent.DIAGNOSE),
        ("page the on-call", Intent.ESCALATE),
        ("I need a human", Intent.ESCALATE),
        ("thanks!", Intent.SMALL_TALK),
        ("hi there", Intent.SMALL_TALK),
        ("help", Intent.HELP),
        ("", Intent.HELP),
        ("the weather is nice", Intent.UNCLEAR),
    ],
)
def test_the_words_tell_the_intent(text: str, intent: Intent) -> None:
    assert intent_of(text, names_something=False, in_diagnosed_thread=False) is intent


def test_a_bare_link_asks_for_a_diagnosis() -> None:
    assert intent_of("this one", names_something=True, in_diagnosed_thread=False) is Intent.DIAGNOSE


def test_a_short_follow_up_stays_with_the_diagnosis() -> None:
    assert intent_of("and try 1?", names_something=False, in_diagnosed_thread=True) is (
        Intent.DIAGNOSE
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("why is orders still running", True),
        ("orders has not started", True),
        ("why isn't orders running?", True),
        ("orders never got scheduled", True),
        ("why did orders fail", False),
    ],
)
def test_work_that_does_not_move_is_recognised(text: str, expected: bool) -> None:
    assert wants_unfinished(text) is expected
