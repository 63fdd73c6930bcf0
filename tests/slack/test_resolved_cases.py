"""What those on call write becomes a case that a person approves, edits or rejects, in Slack."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from bot.adapters.sql.store import SqlConversationStore
from bot.domain.answers import SolvedBefore
from bot.domain.audit import AuditQuery, Outcome
from bot.domain.resolved_cases import CaseQuery, CaseState, KnownCase
from bot.domain.verdicts import VerdictKind
from bot.playground.workspace import LocalWorkspace, Message
from bot.playground.workspace.values import View
from bot.playground.workspace.world import AUTHOR, ONCALL, PLATFORM
from bot.slack.config import SlackConfig
from tests.slack.asking import mention
from tests.slack.casing import CasingBot, called, casing, resolve
from tests.slack.doubles import MemoryRecords, always
from tests.slack.driver import words
from tests.slack.escalating import action, card_of
from tests.slack.replies import CODE, UNKNOWN
from tests.waiting import until

FIX = "Restarted worker-3 and raised its disk to 50 GB."


@pytest.fixture
async def bot(
    ws: LocalWorkspace, config: SlackConfig, records: MemoryRecords, sqlite_url: str
) -> AsyncIterator[CasingBot]:
    async with casing(ws, config, records, sqlite_url) as bot:
        yield bot


def offers_of(ws: LocalWorkspace) -> list[Message]:
    said = [one for one in ws.replies(card_of(ws)) if one.bot_id]
    return [one for one in said if "Case " in words(one) and "What fixed it" in words(one)]


async def only(bot: CasingBot) -> KnownCase:
    (known,) = (await bot.cases.page(CaseQuery())).cases
    return known


async def press(ws: LocalWorkspace, bot: CasingBot, name: str, user: str) -> None:
    offer = offers_of(ws)[-1]
    await ws.press(offer, action(offer, f"case_{name}"), user)
    await bot.idle()


async def say_in_thread(
    ws: LocalWorkspace, bot: CasingBot, text: str, user: str = ONCALL.id
) -> Message:
    card = card_of(ws)
    said = await ws.say(card.channel, user, text, card.ts)
    await bot.idle()
    return said


async def test_the_responders_words_become_a_draft_and_nobody_elses(
    ws: LocalWorkspace, bot: CasingBot
) -> None:
    await called(ws, bot)
    await say_in_thread(ws, bot, "df shows 100 percent on worker-3, password hunter2")
    await say_in_thread(ws, bot, "I asked this, and these words are mine", AUTHOR.id)
    await resolve(ws, bot)

    known = await only(bot)
    case = known.case
    assert case.state is CaseState.DRAFT
    assert (case.confirmed_by, case.kind) == (ONCALL.id, VerdictKind.UNKNOWN)
    assert FIX in case.fix
    assert "df shows 100 percent on worker-3, password ****" in case.fix
    for not_theirs in ("magic word", "these words are mine", "hunter2"):
        assert not_theirs not in case.fix + case.problem
    assert case.permalink
    (offer,) = offers_of(ws)
    assert FIX in words(offer)
    users = {one.user_id for one in await bot.cases.sources(case.id)}
    assert users == {ONCALL.id, AUTHOR.id}


async def test_a_model_words_the_remarks_and_the_form_stays_as_it_was_written(
    ws: LocalWorkspace, bot: CasingBot
) -> None:
    bot.condensed = "The disk of worker-3 was full; it was enlarged."
    await called(ws, bot)
    await say_in_thread(ws, bot, "df shows 100 percent on worker-3, uff")
    await resolve(ws, bot)
    fix = (await only(bot)).case.fix
    assert FIX in fix
    assert bot.condensed in fix
    assert "uff" not in fix
    assert any("uff" in one for one in bot.heard[0])


async def test_a_manager_approves_it_once(ws: LocalWorkspace, bot: CasingBot) -> None:
    await called(ws, bot)
    await resolve(ws, bot)
    await press(ws, bot, "approve", PLATFORM.id)
    case = (await only(bot)).case
    assert (case.state, case.approved_by) == (CaseState.APPROVED, PLATFORM.id)
    (offer,) = offers_of(ws)
    assert "has approved it" in words(offer)
    (entry,) = await bot.audit.entries(AuditQuery(action="case"))
    assert (entry.user_id, entry.outcome) == (PLATFORM.id, Outcome.ALLOWED)


async def test_whoever_has_no_right_is_told_so_and_the_audit_learns_it(
    ws: LocalWorkspace, bot: CasingBot
) -> None:
    await called(ws, bot)
    await resolve(ws, bot)
    await press(ws, bot, "approve", AUTHOR.id)
    assert (await only(bot)).case.state is CaseState.DRAFT
    (told,) = ws.ephemerals(AUTHOR.id)
    assert "You may not decide about cases here" in words(told)
    (entry,) = await bot.audit.entries(AuditQuery(action="case"))
    assert entry.outcome is Outcome.DENIED


async def test_whoever_is_on_call_does_not_approve_their_own_words(
    ws: LocalWorkspace, bot: CasingBot
) -> None:
    await called(ws, bot)
    await resolve(ws, bot)
    await press(ws, bot, "approve", ONCALL.id)
    (told,) = ws.ephemerals(ONCALL.id)
    assert "You wrote this yourself" in words(told)
    assert (await only(bot)).case.state is CaseState.DRAFT
    await press(ws, bot, "reject", ONCALL.id)
    assert (await only(bot)).case.state is CaseState.REJECTED


async def test_it_is_approved_in_other_words(ws: LocalWorkspace, bot: CasingBot) -> None:
    await called(ws, bot)
    await resolve(ws, bot)
    await press(ws, bot, "edit", PLATFORM.id)
    form = ws.modals(PLATFORM.id)[-1]
    assert FIX in str(form.definition["blocks"])
    said = {"fix": {"fix": "Enlarge the disk. It was hunter2"}, "cause": {"cause": "disk_full"}}
    await ws.submit(form, said)
    await bot.idle()
    case = (await only(bot)).case
    assert (case.state, case.cause) == (CaseState.APPROVED, "disk_full")
    assert case.fix == "Enlarge the disk. It was ****"
    (offer,) = offers_of(ws)
    assert "Enlarge the disk" in words(offer)


async def test_of_a_corrected_truth_only_the_newer_words_can_be_approved(
    ws: LocalWorkspace, bot: CasingBot
) -> None:
    await called(ws, bot)
    await resolve(ws, bot)
    await resolve(ws, bot, "Replaced worker-3 altogether.", name="correct")
    first, second = offers_of(ws)
    await ws.press(first, action(first, "case_approve"), PLATFORM.id)
    await bot.idle()
    (told,) = ws.ephemerals(PLATFORM.id)
    assert "newer text" in words(told)
    await press(ws, bot, "approve", PLATFORM.id)
    case = (await only(bot)).case
    assert "Replaced worker-3" in case.fix
    assert case.state is CaseState.APPROVED
    assert "Replaced worker-3" in words(second)


async def test_nothing_is_drafted_of_who_wants_nothing_kept(
    ws: LocalWorkspace, bot: CasingBot
) -> None:
    await called(ws, bot)
    await bot.preferences.set_keeping(ws.team_id, ONCALL.id, False)
    await resolve(ws, bot)
    assert not (await bot.cases.page(CaseQuery())).cases
    assert not offers_of(ws)


async def test_a_deleted_remark_takes_the_case_with_it(ws: LocalWorkspace, bot: CasingBot) -> None:
    await called(ws, bot)
    remark = await say_in_thread(ws, bot, "df shows 100 percent on worker-3, see there")
    await resolve(ws, bot)
    await press(ws, bot, "approve", PLATFORM.id)
    assert (await only(bot)).case.state is CaseState.APPROVED
    ws.actors.delete(remark.channel, remark.ts, ONCALL.id)

    async def is_gone() -> bool:
        await bot.idle()
        return not (await bot.cases.page(CaseQuery())).cases

    await until(is_gone, "the end of the case")


async def told_to_others(ws: LocalWorkspace, bot: CasingBot, records: MemoryRecords) -> Message:
    """The answer in which the case is shown."""
    case = (await only(bot)).case
    told = SolvedBefore(case.id, case.confirmed_at, "Erin", case.problem, FIX, case.kind)
    bot.calling_answers.script = always(replace(CODE, solved=(told,)))
    question = await mention(ws, "why did it fail again?")
    answer = await ws.wait_for_reply(question)
    await bot.idle()
    assert FIX in words(ws.current(answer))
    turn = next(one for one in records.turns.values() if one.reply != UNKNOWN)
    await SqlConversationStore(bot.database).add_turn(turn)
    records.add(replace(turn, reply=CODE))  # as the database has it by then
    return answer


async def want_nothing_kept(ws: LocalWorkspace, bot: CasingBot) -> None:
    ws.actors.open_app_home(ONCALL.id)

    def filled() -> View | None:
        home = ws.home(ONCALL.id)
        return home if home is not None and "keeping" in str(home.definition) else None

    home = await ws.wait_for(filled)
    await ws.actors.act_in_view(home.id, "keeping")
    await bot.idle()


async def test_who_wants_nothing_kept_any_more_takes_their_cases_along(
    ws: LocalWorkspace, bot: CasingBot
) -> None:
    await called(ws, bot)
    await resolve(ws, bot)
    await want_nothing_kept(ws, bot)
    assert not (await bot.cases.page(CaseQuery())).cases


async def test_their_words_go_out_of_what_others_were_told_too(
    ws: LocalWorkspace, bot: CasingBot, records: MemoryRecords
) -> None:
    await called(ws, bot)
    await resolve(ws, bot)
    await press(ws, bot, "approve", PLATFORM.id)
    answer = await told_to_others(ws, bot, records)
    await want_nothing_kept(ws, bot)

    async def is_gone() -> bool:
        await bot.idle()
        return FIX not in words(ws.current(answer))

    await until(is_gone, "the end of the words")


async def test_what_is_opened_again_was_not_fixed(ws: LocalWorkspace, bot: CasingBot) -> None:
    await called(ws, bot)
    await resolve(ws, bot)
    await press(ws, bot, "approve", PLATFORM.id)
    card = card_of(ws)
    await ws.press(card, action(card, "escalation_reopen"), ONCALL.id)
    await bot.idle()
    case = (await only(bot)).case
    assert (case.state, case.note) == (CaseState.DISPUTED, "opened again")


async def test_the_words_of_a_case_that_is_gone_go_out_of_the_answers_to_others(
    ws: LocalWorkspace, bot: CasingBot, records: MemoryRecords
) -> None:
    await called(ws, bot)
    remark = await say_in_thread(ws, bot, "df shows 100 percent on worker-3, see there")
    await resolve(ws, bot)
    await press(ws, bot, "approve", PLATFORM.id)
    answer = await told_to_others(ws, bot, records)
    ws.actors.delete(remark.channel, remark.ts, ONCALL.id)

    async def is_gone() -> bool:
        await bot.idle()
        return FIX not in words(ws.current(answer))

    await until(is_gone, "the end of the words")
    turn = next(one for one in records.turns.values() if one.reply == CODE)
    kept = await SqlConversationStore(bot.database).turn(turn.id)
    assert kept is not None
    assert FIX not in str(kept)
