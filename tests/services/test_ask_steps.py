"""A question that is taken up again after a crash: each step once, each post once, same answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest

from bot.diagnosis.logs import read_log_text
from bot.domain.answers import Claim, Diagnosis, Explanation, ModelOutcome, Reply
from bot.domain.conversations import Turn
from bot.domain.errors import StoreError
from bot.domain.questions import Author, EarlierMessage
from bot.domain.runbooks import Passage
from bot.knowledge.catalogue import Catalogue
from bot.services.diagnose import Diagnoser
from bot.services.ports import DurableSteps
from tests.fakes.cluster import FakeCluster
from tests.fakes.conversation_store import FakeConversationStore
from tests.fakes.work import Journal, Killed, ReplaySteps
from tests.services.bench import FAILED_RUN, NOW, Bench, DurableChannel, bench, blind, orders
from tests.services.bench import question as asked

LATER = NOW + timedelta(hours=1)
SAID = Explanation(ModelOutcome.USED, (Claim("It ran out of memory.", ("M1",)),), model="m")
PASSAGE = Passage("R1", "Clearing a task", "Open the run and clear it.", "runbook")
HUGE = read_log_text("Traceback (most recent call last):\nMemoryError\n")
WHY = "why did `orders` fail?"

# Every step of the longest road: a late log, and a model.
LONGEST = [
    *("gather", "classify", "retrieve", "record", "call T:C:1:1", "record"),
    *("late_log", "classify", "retrieve", "record", "call T:C:1:2", "record"),
    *("answer", "call T:C:1:3", "record"),
]


@dataclass
class Thread:
    """What stands in Slack, and the store: both outlive every process."""

    posted: list[Reply] = field(default_factory=list)
    store: FakeConversationStore = field(default_factory=FakeConversationStore)
    journal: Journal = field(default_factory=Journal)

    async def post(self, reply: Any, steps: DurableSteps) -> str:
        self.posted.append(reply)
        return "100.1"

    def bench(self, **fields: Any) -> Bench:
        """One process."""
        fields.setdefault("cluster", slow_log())
        fields.setdefault("explanation", SAID)
        return bench(passages=(PASSAGE,), store=self.store, **fields)

    async def live(
        self, at_work: Bench, text: str = WHY, picks: int | None = None, **life: Any
    ) -> Turn | None:
        """Answers the question in one process, to the end or until it is killed."""
        steps = ReplaySteps(self.journal, handlers={"post": self.post}, **life)
        channel = DurableChannel(steps=steps)
        if picks is not None:
            again = asked("", id="T:C:2", message_ts="2")
            return await at_work.service.pick("T:C:1", picks, again, channel, steps)
        addressed = not text.endswith("…")
        earlier = () if addressed else (EarlierMessage(Author.BOT, "an answer", "0"),)
        question = asked(text, earlier=earlier, is_addressed=addressed)
        return await at_work.service.handle(question, channel, steps)

    @property
    def road(self) -> list[str]:
        return [name for name, _ in self.journal.kept]


def slow_log() -> FakeCluster:
    return orders(evidence={"orders": blind()}, logs={"load": HUGE})


async def undisturbed(text: str = WHY) -> tuple[Thread, Turn | None]:
    thread = Thread()
    return thread, await thread.live(thread.bench(), text)


async def test_the_longest_road_is_walked_in_this_order() -> None:
    thread, _ = await undisturbed()
    assert thread.road == LONGEST


@pytest.mark.parametrize("last", range(1, len(LONGEST) + 1))
async def test_after_a_crash_no_step_is_run_and_nothing_is_posted_again(last: int) -> None:
    whole, expected = await undisturbed()
    thread = Thread()
    with pytest.raises(Killed):
        await thread.live(thread.bench(), dies_after=last)
    assert await thread.live(thread.bench()) == expected
    assert thread.journal.begun == whole.journal.begun
    assert thread.posted == whole.posted
    assert thread.store.kept == whole.store.kept


@pytest.mark.parametrize("last", range(1, len(LONGEST) + 1))
async def test_a_step_that_was_cut_short_is_run_again_and_its_post_is_not(last: int) -> None:
    whole, expected = await undisturbed()
    thread = Thread()
    with pytest.raises(Killed):
        await thread.live(thread.bench(), dies_after=last, keeps_last=False)
    assert await thread.live(thread.bench()) == expected
    twice = Counter(thread.journal.begun) - Counter(whole.journal.begun)
    assert twice == Counter([LONGEST[last - 1]] if "call" not in LONGEST[last - 1] else [])
    assert thread.posted == whole.posted
    assert thread.store.kept == whole.store.kept


async def test_a_process_that_dies_at_every_step_still_answers_once() -> None:
    whole, expected = await undisturbed()
    thread = Thread()
    for _ in LONGEST:
        with pytest.raises(Killed):
            await thread.live(thread.bench(), dies_after=1)
    assert await thread.live(thread.bench()) == expected
    assert thread.journal.begun == whole.journal.begun
    assert thread.posted == whole.posted


@pytest.mark.parametrize("last", range(1, len(LONGEST)))
async def test_a_process_with_other_runbooks_and_settings_takes_the_same_road(last: int) -> None:
    """No runbooks, no model, other Dags, another hour: what was found out already still counts."""
    whole, expected = await undisturbed()
    thread = Thread()
    with pytest.raises(Killed):
        await thread.live(thread.bench(), dies_after=last)
    other = thread.bench(
        cluster=FakeCluster(dags={"invoices": [FAILED_RUN]}),
        judge=Diagnoser(lambda: Catalogue(())),
        explanation=Explanation(ModelOutcome.NOT_CONFIGURED),
        now=LATER,
    )
    turn = await thread.live(other)
    assert turn is not None
    assert expected is not None
    assert LONGEST[: len(thread.road)] == thread.road
    assert len(thread.posted) == len([name for name in thread.road if "call" in name])
    posted_by_then = len([name for name in LONGEST[:last] if "call" in name])
    assert thread.posted[:posted_by_then] == whole.posted[:posted_by_then]
    assert turn.answered_at == (NOW if last >= LONGEST.index("retrieve") + 1 else LATER)
    if last > LONGEST.index("answer"):
        assert turn == expected


@pytest.mark.parametrize(
    "text",
    [
        "status of `orders`",
        "show me the logs of `orders`",
        "is airflow down?",
        "help",
        "please retry `orders`",
        "why did zzz_nothing fail?",
        "how do I clear a task?",
        "thanks …",
    ],
)
async def test_every_kind_of_question_survives_a_crash_at_each_of_its_steps(text: str) -> None:
    whole, expected = await undisturbed(text)
    thread = Thread()
    for _ in whole.road:
        with pytest.raises(Killed):
            await thread.live(thread.bench(), text, dies_after=1)
    assert await thread.live(thread.bench(), text) == expected
    assert thread.journal.begun == whole.journal.begun
    assert thread.posted == whole.posted


async def test_a_choice_by_button_survives_a_crash_at_each_of_its_steps() -> None:
    both = orders(dags={"orders_a": [FAILED_RUN], "orders_b": [FAILED_RUN]})
    thread = Thread()
    await thread.live(thread.bench(cluster=both))
    thread.journal = picking = Journal()
    turn = None
    for _ in range(20):
        try:
            turn = await thread.live(thread.bench(cluster=both), picks=1, dies_after=1)
        except Killed:
            continue
        break
    assert turn is not None
    assert isinstance(turn.reply, Diagnosis)
    assert turn.reply.target.dag_id == "orders_b"
    assert [name for name, _ in picking.kept][:2] == ["pick", "gather"]
    assert Counter(picking.begun)["gather"] == 1


async def test_the_reference_is_the_same_in_every_process() -> None:
    thread = Thread()
    with pytest.raises(Killed):
        await thread.live(thread.bench(), dies_after=LONGEST.index("late_log"))
    await thread.live(thread.bench())
    assert len({reply.reference for reply in thread.posted}) == 1


class Refusing(FakeConversationStore):
    """Refuses the first `times` turns."""

    times = 0

    async def add_turn(self, turn: Turn) -> Sequence[str]:
        if self.times:
            self.times -= 1
            raise StoreError("the database restarts")
        return await super().add_turn(turn)


def refusing(times: int) -> Thread:
    store = Refusing()
    store.times = times
    return Thread(store=store)


async def test_a_store_that_refuses_is_asked_again_after_growing_pauses() -> None:
    thread = refusing(2)
    await thread.live(thread.bench())
    assert thread.journal.pauses == [0.5, 1.0]
    assert thread.store.kept["T:C:1"].reply_ts == "100.1"


@pytest.mark.parametrize("last", range(1, 8))
async def test_a_store_that_stays_away_costs_no_answer_before_or_after_a_crash(last: int) -> None:
    whole, thread = refusing(10_000), refusing(10_000)
    expected = await whole.live(whole.bench())
    with pytest.raises(Killed):
        await thread.live(thread.bench(), dies_after=last)
    assert await thread.live(thread.bench()) == expected
    assert thread.posted == whole.posted
    assert len(thread.posted) == 3


async def test_a_turn_that_was_refused_is_stored_once_the_store_takes_it() -> None:
    thread = refusing(4)
    turn = await thread.live(thread.bench())
    assert turn is not None
    assert thread.store.kept["T:C:1"] == turn


async def test_an_answer_is_counted_once_however_often_the_store_is_asked() -> None:
    thread = refusing(9)
    at_work = thread.bench(cluster=replace(orders()))
    await thread.live(at_work)
    assert len(at_work.meter.answers) == 1
