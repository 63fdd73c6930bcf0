"""What is posted of cases is what the store kept of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from bot.answering.told_cases import cases_in, without_cases
from bot.domain.answers import Reply
from bot.domain.conversations import Turn
from bot.services.no_meter import NoMeter
from bot.services.plain_steps import PLAIN
from bot.services.publish import Publisher
from bot.services.silent import SilentChannel
from tests.contract.serving import TOLD
from tests.fakes.cases import CASE
from tests.fakes.conversation_store import FakeConversationStore
from tests.fakes.turns import NOON, turn

WITHOUT = without_cases(TOLD, [CASE.id])


@dataclass
class EndingStore(FakeConversationStore):
    """Leaves the case out from the given write on."""

    ends_at: int = 0
    writes: int = 0

    async def add_turn(self, turn: Turn) -> Sequence[str]:
        await super().add_turn(turn)
        return self._left_out(turn.reply)

    async def set_reply(self, turn_id: str, reply: Reply, reply_ts: str | None) -> Sequence[str]:
        await super().set_reply(turn_id, reply, reply_ts)
        return self._left_out(reply)

    def _left_out(self, reply: Reply) -> Sequence[str]:
        self.writes += 1
        return cases_in(reply) if self.writes > self.ends_at else ()


@dataclass
class Thread(SilentChannel):
    said: list[Reply] = field(default_factory=list)

    async def post(self, reply: Reply, turn_id: str) -> str | None:
        self.said.append(reply)
        return "1.2"


def publisher(store: FakeConversationStore, thread: Thread) -> Publisher:
    return Publisher(store, NoMeter(), lambda: NOON, thread, PLAIN)


async def test_a_case_that_the_store_left_out_is_not_posted() -> None:
    thread = Thread()
    stood = await publisher(EndingStore(), thread).publish(turn(reply=TOLD), stands=True)
    assert thread.said == [WITHOUT]
    assert stood.reply == WITHOUT


async def test_a_case_that_ended_while_it_was_posted_is_taken_back_at_once() -> None:
    thread = Thread()
    stood = await publisher(EndingStore(ends_at=1), thread).publish(turn(reply=TOLD), stands=True)
    assert thread.said == [TOLD, WITHOUT]
    assert stood.reply == WITHOUT


async def test_words_of_a_model_about_a_case_that_ended_are_not_posted() -> None:
    thread, store = Thread(), EndingStore(ends_at=2)
    to_thread = publisher(store, thread)
    shown = await to_thread.publish(turn(reply=TOLD), stands=True)
    assert shown.reply == TOLD
    assert (await to_thread.refine(shown)).reply == WITHOUT
    assert thread.said == [TOLD, WITHOUT]


async def test_a_case_is_not_shown_where_nothing_can_be_kept() -> None:
    thread = Thread()
    store = FakeConversationStore(down=True)
    await publisher(store, thread).publish(turn(reply=TOLD), stands=True)
    assert thread.said == [WITHOUT]
