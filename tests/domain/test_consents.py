"""What a consent covers, and for how long."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.consents import (
    Basis,
    Consent,
    Permission,
    covering,
    no_longer,
    refusal,
)
from bot.domain.questions import Origin

NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)
DAY = timedelta(days=1)
BOTH = Permission("Slack's letter of 3 Nov", "works council, 5 Nov")
OPT_IN = Consent("c1", "T1", Basis.OPT_IN, Permission(), "admin", NOW, NOW + DAY)
WRITTEN = replace(OPT_IN, id="c2", basis=Basis.LEGITIMATE_INTERESTS, permission=BOTH)

OWN = [Origin.CLI, Origin.PLAYGROUND, Origin.WEBHOOK]


@pytest.mark.parametrize("basis", Basis)
def test_every_basis_is_explained(basis: Basis) -> None:
    assert "Art. 6(1)" in basis.meaning


@pytest.mark.parametrize("basis", Basis)
@pytest.mark.parametrize(
    "permission", [Permission(), Permission("a"), Permission("", "b"), Permission("a", "  ")]
)
def test_rows_from_slack_are_covered_by_no_basis_without_both_permissions(
    basis: Basis, permission: Permission
) -> None:
    consent = replace(WRITTEN, basis=basis, permission=permission)
    assert covering([consent], "T1", Origin.SLACK, NOW) is None


def test_rows_from_slack_are_covered_by_both_permissions() -> None:
    assert covering([OPT_IN, WRITTEN], "T1", Origin.SLACK, NOW) == WRITTEN


@pytest.mark.parametrize("origin", OWN)
def test_what_people_say_to_the_product_itself_needs_their_opt_in(origin: Origin) -> None:
    assert covering([WRITTEN], "T1", origin, NOW) is None
    assert covering([WRITTEN, OPT_IN], "T1", origin, NOW) == OPT_IN


@given(
    origin=st.sampled_from(Origin),
    workspace=st.sampled_from(["T1", "T2"]),
    hours=st.integers(-48, 48),
    withdrawn=st.none() | st.integers(0, 48),
)
def test_nothing_is_covered_elsewhere_before_after_or_once_withdrawn(
    origin: Origin, workspace: str, hours: int, withdrawn: int | None
) -> None:
    at = NOW + timedelta(hours=hours)
    ended = None if withdrawn is None else NOW + timedelta(hours=withdrawn)
    consents = [replace(one, withdrawn_at=ended) for one in (OPT_IN, WRITTEN)]
    within = workspace == "T1" and 0 <= hours < min(24, 48 if withdrawn is None else withdrawn)
    assert (covering(consents, workspace, origin, at) is not None) is within


def test_of_several_the_one_that_lasts_longest_counts() -> None:
    longer = replace(OPT_IN, id="c0", until=NOW + 2 * DAY)
    assert covering([longer, OPT_IN], "T1", Origin.CLI, NOW) == longer


def test_consents_that_ended_or_are_unknown_hold_no_longer() -> None:
    ended = replace(WRITTEN, withdrawn_at=NOW)
    assert no_longer([OPT_IN, ended], ["c1", "c2", "c3"], NOW) == ("c2", "c3")
    assert no_longer([OPT_IN], ["c1"], NOW) == ()
    assert no_longer([OPT_IN], ["c1"], NOW + DAY) == ("c1",)


@pytest.mark.parametrize("origin", Origin)
def test_a_refusal_says_what_to_do(origin: Origin) -> None:
    said = refusal("T1", origin)
    assert "airflow-bot consent record T1" in said
    assert ("--slack-permission" in said) is (origin is Origin.SLACK)
