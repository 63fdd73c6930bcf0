"""Levels, each by a source of its own, and the members of a user group."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

from bot.adapters.oncall.rota import RotaSource
from bot.adapters.oncall.source import Source
from bot.adapters.oncall.sources import LeveledOnCall
from bot.adapters.oncall.user_group import UserGroupSource
from bot.domain.checks import CheckStatus
from bot.domain.errors import OnCallError
from bot.domain.oncall import Page, PageState, PageStatus, Responder
from bot.services.on_call_port import OnCall
from tests.adapters.oncall.rotas import DANA, KIM, utc
from tests.adapters.oncall.test_pagerduty import LEE, server, source
from tests.adapters.oncall.test_rota_file import ROTA

NOON = utc("2026-11-23 12:00")
TWO_LEVELS = ROTA.replace(
    "overrides:",
    "  - layers: [{people: [dana], handover: monday 09:00, start: 2026-01-05}]\noverrides:",
)


def clock() -> datetime:
    return NOON


@dataclass
class Group:
    """Members as Slack says them, or its refusal; and a clock."""

    members: tuple[Responder, ...] = (DANA, KIM)
    fault: str = ""
    now: datetime = NOON
    asked: list[str] = field(default_factory=list)

    async def look(self, group: str) -> Sequence[Responder]:
        self.asked.append(group)
        if self.fault:
            raise OnCallError(self.fault)
        return self.members

    def source(self) -> UserGroupSource:
        return UserGroupSource("S0GROUP01", self.look, lambda: self.now)


def rota(tmp_path: Path, text: str = TWO_LEVELS) -> RotaSource:
    path = tmp_path / "rota.yaml"
    path.write_text(text)
    return RotaSource(path, None, lambda: NOON)


async def names(on_call: OnCall, level: int) -> list[str]:
    now = await on_call.on_call(level, NOON)
    assert now.level == level
    return [one.name for one in now.responders]


async def test_levels_may_be_kept_in_different_places(tmp_path: Path) -> None:
    async with server() as fake, source(fake) as pager:
        sources: dict[str, Source] = {
            "pagerduty": pager,
            "rota": rota(tmp_path),
            "user_group": Group().source(),
        }
        on_call = LeveledOnCall(sources, clock, (("rota", 2), ("pagerduty", 2), ("user_group", 1)))
        assert on_call.levels == 3
        assert await names(on_call, 1) == ["Dana D."]
        assert await names(on_call, 2) == ["Lee"]
        assert await names(on_call, 3) == ["Dana", "Kim"]
        page = Page("k", 1, "title")
        outcomes = [await on_call.page(replace(page, level=level)) for level in (1, 2, 3)]
        seen = [(await on_call.seen(level, "k")).state for level in (1, 2, 3)]
        told = await on_call.tell(2, "k", PageState.RESOLVED, None)
    assert [one.status for one in outcomes] == [
        PageStatus.NAMED,
        PageStatus.PAGED,
        PageStatus.NAMED,
    ]
    assert seen == [PageState.UNKNOWN, PageState.OPEN, PageState.UNKNOWN]
    assert told.status is PageStatus.PAGED
    assert fake.called == ["PDANA", LEE.id]


async def test_without_levels_of_the_settings_all_that_the_sources_have_count(
    tmp_path: Path,
) -> None:
    source = rota(tmp_path)
    on_call = LeveledOnCall({"user_group": Group().source(), "rota": source}, clock)
    assert [await names(on_call, level) for level in (1, 2, 3)] == [
        ["kim"],
        ["Dana D."],
        ["Dana", "Kim"],
    ]
    (tmp_path / "rota.yaml").write_text(ROTA)
    assert on_call.levels == 2
    assert await names(on_call, 2) == ["Dana", "Kim"]


async def test_a_level_that_there_is_not_is_said_to_be_none(tmp_path: Path) -> None:
    on_call = LeveledOnCall({"rota": rota(tmp_path)}, clock)
    assert "only 2" in (await on_call.on_call(3, NOON)).fault
    assert "only 2" in (await on_call.page(Page("k", 0, "title"))).reason
    assert (await on_call.page(Page("k", 3, "title"))).status is PageStatus.FAILED
    assert (await on_call.tell(3, "k", PageState.RESOLVED)).status is PageStatus.FAILED
    assert (await on_call.seen(3, "k")).state is PageState.UNKNOWN


async def test_without_any_source_it_is_said_where_to_name_one() -> None:
    on_call = LeveledOnCall({}, clock)
    assert on_call.levels == 0
    assert "under on_call in the settings" in (await on_call.on_call(1, NOON)).fault
    assert await on_call.doctor() == []


async def test_the_doctor_says_who_would_be_called_now(tmp_path: Path) -> None:
    async with server(shifts=[]) as fake, source(fake) as pager:
        sources: dict[str, Source] = {"rota": rota(tmp_path), "pagerduty": pager}
        on_call = LeveledOnCall(sources, clock, (("rota", 1), ("rota", 3), ("pagerduty", 1)))
        checks = [one for one in await on_call.doctor() if one.part == "on call"]
    assert [(one.name, one.status) for one in checks] == [
        ("level 1", CheckStatus.OK),
        ("level 2", CheckStatus.FAILED),
        ("level 3", CheckStatus.WARNING),
    ]
    assert checks[0].detail == "kim, by rota.yaml"
    assert "no level 3" in checks[1].detail
    assert checks[2].detail == "nobody is on call now"


async def test_a_user_group_is_asked_for_once_a_minute() -> None:
    group = Group()
    source = group.source()
    for _ in range(3):
        await source.on_call(1, NOON)
    group.now += timedelta(minutes=1)
    group.members = (KIM,)
    assert (await source.on_call(1, NOON)).responders == (KIM,)
    assert group.asked == ["S0GROUP01"] * 2


async def test_where_slack_does_not_answer_the_last_members_stand_with_a_warning() -> None:
    group = Group()
    source = group.source()
    await source.on_call(1, NOON)
    group.now += timedelta(minutes=5)
    group.fault = "Slack does not answer."
    now = await source.on_call(1, NOON)
    assert now.responders == (DANA, KIM)
    assert now.warning == "Slack does not answer. These were its members at 2026-11-23 12:00 UTC."


async def test_a_group_never_seen_is_a_fault_with_the_remedy() -> None:
    group = Group(fault="Give the app usergroups:read.")
    now = await group.source().on_call(1, NOON)
    assert (now.responders, now.fault) == ((), "Give the app usergroups:read.")
    [check] = await group.source().doctor()
    assert (check.status, check.detail) == (CheckStatus.FAILED, "Give the app usergroups:read.")


async def test_the_doctor_finds_an_empty_group() -> None:
    [check] = await Group(members=()).source().doctor()
    assert check.status is CheckStatus.FAILED
    [check] = await Group().source().doctor()
    assert (check.status, check.detail) == (CheckStatus.OK, "Dana, Kim")


async def test_a_user_group_cannot_look_ahead() -> None:
    on_call = LeveledOnCall({"user_group": Group().source()}, clock)
    assert await on_call.turns(1, NOON, timedelta(days=7)) == ()
