"""What people say in the thread of the asker and in that of those on call, on the other side."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta

import pytest

from bot.domain.escalations import Deed, Kind, State
from bot.domain.questions import ThreadKey
from bot.playground.workspace import LocalWorkspace, Message, View
from bot.playground.workspace.faults import Fault, FaultKind
from bot.playground.workspace.world import AUTHOR, ONCALL, ONCALL_CHANNEL, PLATFORM
from bot.slack.config import SlackConfig
from bot.slack.refusals import SlackUnavailable
from tests.slack.asking import mention
from tests.slack.doubles import MemoryRecords, always
from tests.slack.driver import words
from tests.slack.escalating import CallingBot, card_of, running
from tests.slack.replies import CODE
from tests.waiting import until


@pytest.fixture
async def bot(
    ws: LocalWorkspace, config: SlackConfig, records: MemoryRecords
) -> AsyncIterator[CallingBot]:
    async with running(ws, config, records) as bot:
        yield bot


@dataclass
class Sides:
    """The asker's thread and the card's, as they stand."""

    ws: LocalWorkspace
    bot: CallingBot
    question: Message

    @property
    def card(self) -> Message:
        return card_of(self.ws)

    def carried(self, to: Message) -> list[str]:
        return [words(one) for one in self.ws.replies(to) if "💬" in words(one)]

    async def ask(self, text: str) -> Message:
        """By the asker, in the thread."""
        return await self.say(self.question, AUTHOR.id, text)

    async def reply(self, text: str) -> Message:
        """By somebody on call, in the card's thread."""
        return await self.say(self.card, ONCALL.id, text)

    async def say(self, root: Message, user: str, text: str) -> Message:
        said = await self.ws.say(root.channel, user, text, root.ts)
        await self.quiet()
        return said

    async def quiet(self) -> None:
        async def has_arrived() -> bool:
            return self.ws.dispatcher.under_way == 0

        await until(has_arrived, "the end of all deliveries")
        await self.bot.idle()


@pytest.fixture
async def sides(ws: LocalWorkspace, bot: CallingBot) -> Sides:
    question = await mention(ws, "why did it fail?")
    await ws.wait_for_reply(question)
    await bot.engine.pass_time(0)
    return Sides(ws, bot, question)


async def test_an_edit_is_carried_in_place_both_ways(sides: Sides) -> None:
    asked = await sides.ask("it is the orders dag")
    answered = await sides.reply("which day?")
    sides.ws.actors.edit(asked.channel, asked.ts, AUTHOR.id, "it is the returns dag")
    sides.ws.actors.edit(answered.channel, answered.ts, ONCALL.id, "which hour, hunter2?")
    await sides.quiet()

    (on_card,) = sides.carried(sides.card)
    assert "the returns dag" in on_card
    (at_asker,) = sides.carried(sides.question)
    assert "which hour, ****?" in at_asker
    assert "which day" not in at_asker


async def test_what_is_deleted_is_gone_on_the_other_side(sides: Sides) -> None:
    asked, kept = await sides.ask("wrong thread, sorry"), await sides.ask("about orders")
    answered = await sides.reply("let us see")
    sides.ws.actors.delete(asked.channel, asked.ts, AUTHOR.id)
    sides.ws.actors.delete(answered.channel, answered.ts, ONCALL.id)
    await sides.quiet()

    assert [kept.text in one for one in sides.carried(sides.card)] == [True]
    assert sides.carried(sides.question) == []


async def test_a_question_that_is_deleted_is_gone_from_the_card_and_the_course_goes_on(
    sides: Sides,
) -> None:
    assert "why did it fail?" in words(sides.card)
    sides.ws.actors.delete(sides.question.channel, sides.question.ts, AUTHOR.id)
    await sides.quiet()

    assert "why did it fail?" not in words(sides.card)
    (kept,) = await sides.bot.escalations.list()
    assert (kept.subject.question, kept.state) == ("", State.OPEN)
    await sides.bot.engine.pass_time(10)
    assert (await sides.bot.only()).level == 2


async def test_who_wants_nothing_kept_is_quoted_on_no_card_any_more(sides: Sides) -> None:
    assert "why did it fail?" in words(sides.card)
    sides.ws.actors.open_app_home(AUTHOR.id)
    home = await sides.ws.wait_for(lambda: shown_home(sides.ws))
    await sides.ws.actors.act_in_view(home.id, "keeping")
    await sides.quiet()

    assert "why did it fail?" not in words(sides.card)
    (kept,) = await sides.bot.escalations.list()
    assert (kept.subject.question, kept.state) == ("", State.OPEN)


def shown_home(ws: LocalWorkspace) -> View | None:
    """The author's tab, once all is on it."""
    home = ws.home(AUTHOR.id)
    return home if home is not None and "keeping" in str(home.definition) else None


async def test_who_is_mentioned_is_named_and_not_called(sides: Sides) -> None:
    text = f"<@{PLATFORM.id}> and <!channel>, see <#{ONCALL_CHANNEL}|airflow-oncall>"
    await sides.ws.say(ONCALL_CHANNEL, ONCALL.id, text, sides.card.ts, raw=True)
    await sides.quiet()

    (carried,) = sides.carried(sides.question)
    assert f"@{PLATFORM.real_name} and everyone, see #airflow-oncall" in carried
    assert PLATFORM.id not in carried
    assert '"type": "user"' not in carried
    assert '"type": "broadcast"' not in carried


async def test_where_slack_tells_no_names_nobody_is_called_either(sides: Sides) -> None:
    sides.ws.faults.add(Fault(FaultKind.REFUSE, "users.info", None, error="missing_scope"))
    await sides.reply(f"<@{PLATFORM.id}> knows")

    (carried,) = sides.carried(sides.question)
    assert "@somebody knows" in carried
    assert ONCALL.id not in carried


async def test_what_is_said_to_others_elsewhere_is_none_of_our_business(
    ws: LocalWorkspace, sides: Sides
) -> None:
    sides.bot.calling_answers.script = always(CODE)
    other = await mention(ws, "help")
    await sides.quiet()
    said = await sides.say(other, AUTHOR.id, f"<@{PLATFORM.id}> please look")

    assert [bool(one.bot_id) for one in ws.replies(other)] == [True, False]
    assert not [key for key in sides.bot.engine.jobs if f":{said.ts}:" in key]


async def test_two_people_of_one_thread_and_two_threads_hear_and_are_heard(
    ws: LocalWorkspace, sides: Sides
) -> None:
    second = await mention(ws, "why is it red?")
    await ws.wait_for_reply(second)
    await sides.bot.engine.pass_time(0)
    await sides.say(sides.question, PLATFORM.id, "same here")
    await sides.say(second, AUTHOR.id, "and here")
    await sides.reply("on it")

    on_card = sides.carried(sides.card)
    assert [PLATFORM.real_name in on_card[0], AUTHOR.real_name in on_card[1]] == [True, True]
    for asker in (sides.question, second):
        assert ["on it" in one for one in sides.carried(asker)] == [True]


async def test_order_is_kept_while_slack_is_in_trouble(sides: Sides) -> None:
    sides.ws.faults.add(Fault(FaultKind.SERVER_ERROR, "chat.postMessage", times=3))
    said = [f"line {number}" for number in range(8)]
    for text in said:
        await sides.ws.say(sides.card.channel, ONCALL.id, text, sides.card.ts)
    await sides.quiet()

    carried = sides.carried(sides.question)
    assert [next(text for text in said if text in one) for one in carried] == said


async def test_what_was_written_while_the_bot_was_down_is_carried_once_it_is_back(
    ws: LocalWorkspace, sides: Sides
) -> None:
    before = await sides.ask("before")
    await sides.bot.slack.stop_taking()
    count = 205  # on a second page
    for number in range(count):
        await ws.say(sides.card.channel, ONCALL.id, f"line {number:03}", sides.card.ts)
    ws.actors.edit(before.channel, before.ts, AUTHOR.id, "before, corrected")
    for _ in range(2):
        await sides.bot.start()
        await sides.bot.slack.catch_up()
        await sides.bot.idle()

    carried = sides.carried(sides.question)
    assert len(carried) == count
    assert all(f"line {number:03}" in one for number, one in enumerate(carried))
    (on_card,) = sides.carried(sides.card)
    assert "before, corrected" in on_card


async def test_where_slack_wants_to_be_left_alone_the_next_look_goes_on_with_what_is_left(
    ws: LocalWorkspace, sides: Sides
) -> None:
    await sides.bot.slack.stop_taking()
    await ws.say(sides.card.channel, ONCALL.id, "on the card", sides.card.ts)
    await ws.say(sides.question.channel, AUTHOR.id, "in the thread", sides.question.ts)
    ws.faults.add(Fault(FaultKind.RATE_LIMITED, "conversations.replies", times=4))
    await sides.bot.start()
    with pytest.raises(SlackUnavailable):
        await sides.bot.slack.catch_up()
    ws.faults.clear()
    for _ in range(2):
        await sides.bot.slack.catch_up()
        await sides.bot.idle()

    assert ["on the card" in one for one in sides.carried(sides.question)] == [True]
    assert ["in the thread" in one for one in sides.carried(sides.card)] == [True]


async def test_what_arrives_after_it_was_caught_up_is_carried_no_second_time(
    ws: LocalWorkspace, sides: Sides
) -> None:
    await sides.reply("I see")
    await sides.bot.slack.catch_up()
    await sides.bot.idle()

    assert len(sides.carried(sides.question)) == 1


async def test_a_thread_that_sent_the_bot_away_is_left_alone(sides: Sides) -> None:
    thread = ThreadKey(sides.ws.team_id, sides.question.channel, sides.question.ts)
    await sides.bot.talk.keep_out(thread, "9999999999.0")
    await sides.ask("between us")
    await sides.bot.slack.catch_up()
    await sides.bot.idle()

    assert sides.carried(sides.card) == []


async def later(sides: Sides) -> None:
    """A process that was away for a while is back."""
    sides.bot.engine.passed += timedelta(minutes=90)
    sides.bot.sees_time_pass = True
    await sides.bot.start()


async def resolved(sides: Sides) -> None:
    """By somebody on call, in few words."""
    deed = Deed("resolved", Kind.RESOLVED, sides.bot.engine.now(), by=ONCALL.id)
    escalation = await sides.bot.only()
    await sides.bot.escalator.do(escalation.id, deed)
    await sides.quiet()


async def test_what_is_deleted_while_the_bot_is_down_is_gone_once_it_is_back(
    sides: Sides,
) -> None:
    asked, kept = await sides.ask("wrong thread, sorry"), await sides.ask("about orders")
    answered = await sides.reply("let us see")
    await sides.bot.slack.catch_up()
    await sides.bot.slack.stop_taking()
    sides.ws.actors.delete(asked.channel, asked.ts, AUTHOR.id)
    sides.ws.actors.delete(answered.channel, answered.ts, ONCALL.id)
    await later(sides)
    for _ in range(2):
        await sides.bot.slack.catch_up()
        await sides.bot.idle()

    assert [kept.text in one for one in sides.carried(sides.card)] == [True]
    assert sides.carried(sides.question) == []
    assert len(sides.ws.replies(sides.question)) > 0


async def test_a_thread_that_may_not_be_read_is_not_taken_for_an_empty_one(sides: Sides) -> None:
    await sides.ask("about orders")
    await later(sides)
    refused = Fault(FaultKind.REFUSE, "conversations.replies", None, error="missing_scope")
    sides.ws.faults.add(refused)
    await sides.bot.slack.catch_up()
    await sides.bot.idle()
    assert len(sides.carried(sides.card)) == 1


async def test_after_the_end_what_was_carried_changes_and_goes_with_theirs(sides: Sides) -> None:
    asked, answered = await sides.ask("it is orders"), await sides.reply("which day?")
    gone = await sides.reply("ignore this")
    await resolved(sides)
    before = len(sides.ws.replies(sides.question))
    sides.ws.actors.edit(asked.channel, asked.ts, AUTHOR.id, "it is returns")
    sides.ws.actors.edit(answered.channel, answered.ts, ONCALL.id, "which hour?")
    sides.ws.actors.delete(gone.channel, gone.ts, ONCALL.id)
    await sides.quiet()

    (on_card,) = sides.carried(sides.card)
    assert "it is returns" in on_card
    (at_asker,) = sides.carried(sides.question)
    assert "which hour?" in at_asker
    assert len(sides.ws.replies(sides.question)) == before - 1


async def test_after_the_end_nothing_more_is_carried_and_those_on_call_talk_undisturbed(
    sides: Sides,
) -> None:
    await sides.reply("which day?")
    await resolved(sides)
    card = len(sides.ws.replies(sides.card))
    said = await sides.reply("that was a long one")
    sides.ws.actors.edit(said.channel, said.ts, ONCALL.id, "that was a short one")
    await sides.quiet()

    assert len(sides.carried(sides.question)) == 1
    assert len(sides.ws.replies(sides.card)) == card + 1


async def test_what_was_edited_and_deleted_after_the_end_while_the_bot_was_down_follows_too(
    sides: Sides,
) -> None:
    first, second = await sides.reply("which day?"), await sides.reply("ignore this")
    await resolved(sides)
    await sides.bot.slack.stop_taking()
    sides.ws.actors.edit(first.channel, first.ts, ONCALL.id, "which hour?")
    sides.ws.actors.delete(second.channel, second.ts, ONCALL.id)
    await sides.ws.say(sides.card.channel, ONCALL.id, "between us", sides.card.ts)
    await later(sides)
    await sides.bot.slack.catch_up()
    await sides.bot.idle()

    (at_asker,) = sides.carried(sides.question)
    assert "which hour?" in at_asker
