"""A rota file as a source: it is followed as it changes, and a broken one leaves the last good."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from bot.adapters.oncall.rota import RotaSource
from bot.domain.checks import CheckStatus
from bot.domain.errors import OnCallError
from bot.domain.oncall import Page, PageState, PageStatus
from tests.adapters.oncall.rotas import utc
from tests.adapters.oncall.test_rota_file import ROTA

NOON = utc("2026-11-23 12:00")  # a Monday, in office hours; the week of dana


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "rota.yaml"
    path.write_text(ROTA)
    return path


def source(path: Path, keep: Path | None = None) -> RotaSource:
    return RotaSource(path, keep, lambda: NOON)


async def who(rota: RotaSource, at: datetime = NOON) -> str:
    return " ".join(one.user_id for one in (await rota.on_call(1, at)).responders)


async def test_it_says_who_is_on_call_and_until_when(path: Path) -> None:
    now = await source(path).on_call(1, NOON)
    assert [one.name for one in now.responders] == ["kim"]
    assert now.until == utc("2026-11-23 16:00")
    assert (now.source, now.fault, now.warning) == ("rota.yaml", "", "")


async def test_who_is_always_on_call_has_no_end(path: Path) -> None:
    path.write_text(ROTA.replace("[dana, kim]", "[kim]"))
    assert (await source(path).on_call(1, NOON)).until is None


async def test_a_change_of_the_file_counts_at_once(path: Path) -> None:
    rota = source(path)
    assert await who(rota) == "U0KIM0002"
    path.write_text(ROTA.replace("[kim]", "[dana]"))
    assert await who(rota) == "U0DANA001"


async def test_a_file_put_in_its_place_counts_at_once(path: Path, tmp_path: Path) -> None:
    """As Kubernetes does with a mounted configuration: another file behind the same name."""
    first, second, mounted = tmp_path / "first", tmp_path / "second", tmp_path / "mounted.yaml"
    first.write_text(ROTA)
    second.write_text(ROTA.replace("[kim]", "[dana]"))
    mounted.symlink_to(first)
    rota = source(mounted)
    assert await who(rota) == "U0KIM0002"
    mounted.unlink()
    mounted.symlink_to(second)
    assert await who(rota) == "U0DANA001"


async def test_a_broken_change_leaves_the_last_good_rota_with_a_warning(path: Path) -> None:
    rota = source(path)
    assert await who(rota) == "U0KIM0002"
    path.write_text(ROTA.replace("[kim]", "[kimm]").replace("1 day", "1 dya"))
    now = await rota.on_call(1, NOON)
    assert [one.name for one in now.responders] == ["kim"]
    assert "the rota before it is in force" in now.warning
    assert "Did you mean kim?" in now.warning
    assert "and 1 more" in now.warning
    [file, *_] = await rota.doctor()
    assert file.status is CheckStatus.WARNING
    assert "1 dya" in file.detail
    path.write_text(ROTA.replace("[kim]", "[dana]"))
    assert (await rota.on_call(1, NOON)).warning == ""
    assert await who(rota) == "U0DANA001"


async def test_a_file_that_is_gone_leaves_what_was_read_of_it(path: Path) -> None:
    rota = source(path)
    assert await who(rota) == "U0KIM0002"
    path.unlink()
    now = await rota.on_call(1, NOON)
    assert now.responders
    assert "does not exist" in now.warning


async def test_a_restart_with_a_broken_file_goes_on_with_the_last_good_one(
    path: Path, tmp_path: Path
) -> None:
    keep = tmp_path / "kept.yaml"
    assert await who(source(path, keep)) == "U0KIM0002"
    path.write_text("levels: [")
    now = await source(path, keep).on_call(1, NOON)
    assert [one.name for one in now.responders] == ["kim"]
    assert "is refused" in now.warning


async def test_without_any_good_rota_it_is_said_why_nobody_is_known(path: Path) -> None:
    path.write_text(ROTA.replace("1 day", "1 dya"))
    rota = source(path)
    now = await rota.on_call(1, NOON)
    assert now.responders == ()
    assert "1 dya" in now.fault
    assert rota.levels == 1
    [file] = await rota.doctor()
    assert file.status is CheckStatus.FAILED
    with pytest.raises(OnCallError, match="1 dya"):
        await rota.turns(1, NOON, timedelta(days=1))


async def test_a_level_that_the_file_does_not_have_is_named(path: Path) -> None:
    now = await source(path).on_call(2, NOON)
    assert "rota.yaml has no level 2" in now.fault


async def test_the_doctor_finds_the_time_that_nobody_covers(path: Path) -> None:
    text = ROTA.replace("handover: monday 09:00", "handover: monday 09:00\n        only: mon-fri")
    path.write_text(text)
    _, level = await source(path).doctor()
    assert level.status is CheckStatus.WARNING
    assert level.detail == "nobody is on call from 2026-11-27 23:00 to 2026-11-29 23:00 UTC"


async def test_a_rota_names_people_and_calls_none(path: Path) -> None:
    rota = source(path)
    assert (await rota.page(1, Page("k", 1, "title"))).status is PageStatus.NAMED
    assert (await rota.tell(1, "k", PageState.RESOLVED, None)).status is PageStatus.NAMED
    assert (await rota.seen(1, "k")).state is PageState.UNKNOWN
