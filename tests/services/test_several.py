"""A message that names several failures is answered with a question."""

from __future__ import annotations

from datetime import UTC, datetime

from bot.domain.questions import Asker, Author, EarlierMessage, Origin, Question, ThreadKey
from bot.domain.targets import Ambiguous, Found, Target
from bot.questions.hints import hints_of
from bot.services.resolve import Resolver
from bot.services.several import MOST_NAMED, which_of

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
ALERT = "Task: load\nDag: orders\nRun ID: manual__1\nTask: push\nDag: billing\nRun ID: manual__2"


def question(text: str) -> Question:
    alert = EarlierMessage(Author.APP, ALERT, "1700000000.000002")
    thread = ThreadKey("T", "C", "1700000000.000002")
    return Question("q", Origin.SLACK, Asker("U"), thread, "x", text, NOW, earlier=(alert,))


async def test_each_failure_of_the_message_is_offered_without_asking_airflow() -> None:
    resolved = await Resolver({}, {}).resolve(hints_of(question(""), ()), NOW)
    assert isinstance(resolved, Ambiguous)
    assert "names 2 failures" in resolved.question
    assert [option.target for option in resolved.options] == [
        Target("", "orders", "manual__1", "load"),
        Target("", "billing", "manual__2", "push"),
    ]
    assert resolved.options[0].label == "orders.load · run manual__1"


def test_a_name_in_the_question_itself_wins() -> None:
    assert hints_of(question("why did billing_push fail?"), ()).several == ()


def test_of_very_many_only_some_are_offered_and_that_is_said() -> None:
    asked = which_of([Target("", f"dag_{n}") for n in range(MOST_NAMED + 3)], single="")
    assert len(asked.options) == MOST_NAMED
    assert "3 more" in asked.question


async def test_the_cluster_is_not_named_where_there_is_but_one() -> None:
    asked = which_of([Target("prod", "a"), Target("test", "b")], single="prod")
    assert [option.label for option in asked.options] == ["a", "b · on test"]
    assert not isinstance(asked, Found)
