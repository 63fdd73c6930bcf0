"""Drafts of runbooks, offered and decided about in the local workspace."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from bot.adapters.runbook_shelf import FolderShelf
from bot.bootstrap import kept_types
from bot.domain.access import Rules
from bot.domain.questions import Origin
from bot.domain.runbook_drafts import DraftState, RunbookDraft, offered_job
from bot.domain.work import Delivery
from bot.playground.workspace import LocalWorkspace, Message
from bot.playground.workspace.world import AUTHOR, ONCALL_CHANNEL, PLATFORM
from bot.services.access import Access
from bot.services.channel_managers import ChannelManagers
from bot.services.runbook_growth import RunbookGrowth
from bot.slack.app import Services
from bot.slack.belonging import SlackBelonging
from bot.slack.blocks.growth import offer_message
from bot.slack.config import SlackConfig
from bot.slack.growth_desk import Growing
from bot.slack.growth_values import DraftAct, RunbookOffer
from bot.slack.side import Handler
from bot.words import speaking
from bot.workflows.serializer import TypedJson
from tests.fakes.drafts import DRAFT, NOON, MemoryDrafts, real_draft
from tests.slack.doubles import MemoryRecords, ScriptedAnswers
from tests.slack.driver import by_bot, words
from tests.slack.running import RunningBot


@dataclass
class GrowingBot(RunningBot):
    folder: Path | None = None
    drafts: MemoryDrafts = field(default_factory=MemoryDrafts)

    @property
    def services(self) -> Services:
        plain = super().services
        access = Access(Rules(), {}, now=lambda: NOON, audit=self.policies.audit)
        managers = ChannelManagers(access, SlackBelonging(self.config), [PLATFORM.id])
        growth = RunbookGrowth(
            self.drafts,
            None,  # type: ignore[arg-type]
            None,  # type: ignore[arg-type]
            lambda: [],
            lambda: NOON,
            FolderShelf(self.folder),
        )
        growing = Growing(growth, managers, access, ONCALL_CHANNEL)
        assert plain.working is not None
        return replace(plain, working=replace(plain.working, growing=growing))

    async def start(self) -> Mapping[str, Handler]:
        handlers = await super().start()
        await self.slack.connect()
        return handlers

    async def offer(self, draft: RunbookDraft) -> None:
        self.drafts.kept[draft.id] = draft
        await self.engine.take(offered_job(draft), Delivery(Origin.SLACK))
        await self.engine.idle()


@pytest.fixture
async def bot(
    ws: LocalWorkspace,
    config: SlackConfig,
    answers: ScriptedAnswers,
    records: MemoryRecords,
    tmp_path: Path,
) -> AsyncIterator[GrowingBot]:
    bot = GrowingBot(config, answers, records, folder=tmp_path)
    await bot.start()
    await ws.wait_for_app()
    yield bot
    await bot.engine.stop()
    await bot.stop()


def offered(ws: LocalWorkspace) -> Message:
    return by_bot(ws, ONCALL_CHANNEL)[0]


async def press(
    ws: LocalWorkspace, bot: GrowingBot, act: DraftAct, user: str, value: str | None = None
) -> None:
    message = offered(ws)
    action = f"{act.value}:{DRAFT.id}:1"
    await ws.press(message, action, user, value)
    await bot.idle()


async def test_a_draft_is_offered_with_what_tells_it_and_what_decides_about_it(
    ws: LocalWorkspace, bot: GrowingBot
) -> None:
    await bot.offer(real_draft())
    await bot.offer(real_draft())
    (message,) = by_bot(ws, ONCALL_CHANNEL)
    said = words(message)
    assert "It failed so on 3 runs, without a runbook." in said
    assert "is locked by job" in said
    assert "Approve as…" in said


async def test_an_approved_draft_becomes_a_file_and_the_offer_says_so(
    ws: LocalWorkspace, bot: GrowingBot, tmp_path: Path
) -> None:
    await bot.offer(real_draft())
    await press(ws, bot, DraftAct.APPROVE, PLATFORM.id, "dependency")

    assert "verdict: dependency\n" in (tmp_path / "seen_locked.md").read_text()
    said = words(offered(ws))
    assert "Runbook approved" in said
    assert PLATFORM.id in said
    assert "Approve as…" not in said
    assert len(by_bot(ws, ONCALL_CHANNEL)) == 1


async def test_whoever_may_not_is_told_so_and_nothing_changes(
    ws: LocalWorkspace, bot: GrowingBot, tmp_path: Path
) -> None:
    await bot.offer(real_draft())
    await press(ws, bot, DraftAct.APPROVE, AUTHOR.id, "code")

    assert list(tmp_path.iterdir()) == []
    assert bot.drafts.kept[DRAFT.id].state is DraftState.PROPOSED
    whispers = [one for one in ws.messages(ONCALL_CHANNEL) if one.ephemeral_to == AUTHOR.id]
    assert ["may not decide" in one.text for one in whispers] == [True]
    assert [entry.action for entry in bot.policies.audit.kept.values()] == ["runbook"]


async def test_the_patch_comes_as_a_file_in_the_thread(ws: LocalWorkspace, bot: GrowingBot) -> None:
    await bot.offer(real_draft())
    await press(ws, bot, DraftAct.SHOW, PLATFORM.id)
    (file,) = ws.files()
    assert file.name == "seen_locked.patch"


async def test_a_rejected_draft_says_by_whom(ws: LocalWorkspace, bot: GrowingBot) -> None:
    await bot.offer(real_draft())
    await press(ws, bot, DraftAct.REJECT, PLATFORM.id)
    assert "Runbook rejected" in words(offered(ws))
    assert DraftAct.REJECT.value not in words(offered(ws))
    assert bot.drafts.kept[DRAFT.id].decided_by == PLATFORM.id


def test_an_offer_goes_through_the_database() -> None:
    store = TypedJson(kept_types())
    offer = RunbookOffer(real_draft())
    assert store.deserialize(store.serialize(offer)) == offer


def test_an_offer_is_in_german_where_that_is_spoken() -> None:
    with speaking("de"):
        said = str(offer_message(RunbookOffer(real_draft())).blocks)
    assert "Freigeben" in said
