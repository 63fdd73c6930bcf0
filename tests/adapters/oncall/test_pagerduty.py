"""PagerDuty over real HTTP: who is on call, one incident a key, and every way it can fail."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.adapters.oncall.pagerduty import PagerDutySource
from bot.adapters.oncall.pagerduty_api import PagerDutyConfig
from bot.domain.checks import CheckStatus
from bot.domain.errors import OnCallError
from bot.domain.oncall import Page, PageState, PageStatus, Responder, Urgency
from tests.adapters.oncall.rotas import utc
from tests.fakes.pagerduty import (
    BOT,
    POLICY,
    READ_ONLY,
    SERVICE,
    TOKEN,
    PagerDutyFake,
    Shift,
    Trouble,
    User,
)

DANA = User("PDANA", "Dana", "dana@example.com")
KIM = User("PKIM", "Kim", "Kim@Example.com")
LEE = User("PLEE", "Lee", "lee@example.com")
SENDER = User("PBOT", "Airflow Support", BOT)
NOON = utc("2026-11-23 12:00")
PAGE = Page("escalation:7", 1, "12 Dags wait for a pool", "Evidence", link="https://example.com/t")
SLACK_IDS = {"dana@example.com": "U0DANA001", "lee@example.com": "U0LEE0003"}


class Slack:
    """Knows some people by their e-mail."""

    async def id_of(self, email: str) -> str:
        return SLACK_IDS.get(email, "")

    async def email_of(self, user_id: str) -> str:
        return next((email for email, known in SLACK_IDS.items() if known == user_id), "")


def server(**given: Any) -> PagerDutyFake:
    shifts = [Shift(DANA), Shift(LEE, level=2)]
    return PagerDutyFake(**{"users": [DANA, KIM, LEE, SENDER], "shifts": shifts, **given})


@asynccontextmanager
async def source(fake: PagerDutyFake, **given: Any) -> AsyncIterator[PagerDutySource]:
    config = PagerDutyConfig(TOKEN, BOT, SERVICE, POLICY, fake.api_url, seconds=2.0)
    made = PagerDutySource(replace(config, **given), Slack())
    try:
        yield made
    finally:
        await made.close()


async def test_who_is_on_call_is_found_through_all_pages_and_known_to_slack() -> None:
    others = [Shift(KIM, level=3) for _ in range(5)]
    shifts = [
        *others,
        Shift(DANA, 1, "2026-11-23T09:00:00+01:00", "2026-11-24T09:00:00+01:00"),
        Shift(LEE, 1),
    ]
    async with server(shifts=shifts, page_size=2) as fake, source(fake) as pager:
        now = await pager.on_call(1, NOON)
    assert now.responders == (
        Responder("Dana", "U0DANA001", "dana@example.com"),
        Responder("Lee", "U0LEE0003", "lee@example.com"),
    )
    assert (now.until, now.fault, now.warning) == (utc("2026-11-24 08:00"), "", "")
    assert fake.requests == [("GET", "/oncalls")] * 4


async def test_at_a_handover_only_who_takes_over_is_on_call() -> None:
    shifts = [
        Shift(DANA, 1, "2026-11-16T12:00:00Z", "2026-11-23T12:00:00Z"),
        Shift(LEE, 1, "2026-11-23T12:00:00Z", "2026-11-30T12:00:00Z"),
    ]
    async with server(shifts=shifts) as fake, source(fake) as pager:
        assert [one.name for one in (await pager.on_call(1, NOON)).responders] == ["Lee"]


async def test_whom_slack_does_not_know_is_named_with_the_remedy() -> None:
    async with server(shifts=[Shift(KIM)]) as fake, source(fake) as pager:
        now = await pager.on_call(1, NOON)
    assert now.responders == (Responder("Kim", "", "kim@example.com"),)
    assert "Slack does not know Kim" in now.warning
    assert "on_call.pagerduty.slack_users" in now.warning


async def test_slack_ids_of_the_settings_come_first() -> None:
    given = {"kim@example.com": "U0MAPPED1", "dana@example.com": "U0MAPPED2"}
    shifts = [Shift(KIM), Shift(DANA)]
    async with server(shifts=shifts) as fake, source(fake, slack_users=given) as pager:
        now = await pager.on_call(1, NOON)
    assert [one.user_id for one in now.responders] == ["U0MAPPED1", "U0MAPPED2"]


async def test_coming_turns_have_no_gaps_even_where_nobody_is_on_call() -> None:
    shifts = [
        Shift(DANA, 1, "2026-11-16T12:00:00Z", "2026-11-24T12:00:00Z"),
        Shift(LEE, 1, "2026-11-25T12:00:00Z", "2026-11-30T12:00:00Z"),
        Shift(DANA, 1, "2026-11-30T12:00:00Z", None),
    ]
    async with server(shifts=shifts) as fake, source(fake) as pager:
        turns = await pager.turns(1, NOON, timedelta(days=14))
    assert [(turn.end.day, [one.name for one in turn.responders]) for turn in turns] == [
        (24, ["Dana"]),
        (25, []),
        (30, ["Lee"]),
        (7, ["Dana"]),
    ]


async def test_a_page_becomes_an_incident_of_the_service() -> None:
    async with server() as fake, source(fake) as pager:
        outcome = await pager.page(1, replace(PAGE, urgency=Urgency.LOW))
    [incident] = fake.incidents.values()
    assert (outcome.status, outcome.reference) == (PageStatus.PAGED, incident["id"])
    assert outcome.link == "https://example.pagerduty.com/incidents/Q000001"
    assert incident["title"] == PAGE.title
    assert incident["body"]["details"] == "Evidence\n\nhttps://example.com/t"
    assert (incident["incident_key"], incident["urgency"]) == (PAGE.key, "low")
    assert fake.called == ["PDANA"]


async def test_the_same_key_calls_nobody_a_second_time() -> None:
    async with server() as fake, source(fake) as pager:
        first, second = await pager.page(1, PAGE), await pager.page(1, PAGE)
    assert first == second
    assert fake.called == ["PDANA"]


async def test_the_same_key_calls_nobody_after_it_was_resolved() -> None:
    async with server() as fake, source(fake) as pager:
        await pager.page(1, PAGE)
        await pager.tell(1, PAGE.key, PageState.RESOLVED, None)
        assert (await pager.page(1, PAGE)).status is PageStatus.PAGED
    assert fake.called == ["PDANA"]


async def test_who_pages_at_the_same_time_finds_the_incident_of_the_other() -> None:
    async with server() as fake, source(fake) as pager:
        first = await pager.page(1, PAGE)
        fake.blind = 1  # looked for before the other had made it
        assert await pager.page(1, PAGE) == first
    assert fake.called == ["PDANA"]


async def test_the_next_level_is_called_by_the_same_incident_and_once() -> None:
    async with server() as fake, source(fake) as pager:
        await pager.page(1, PAGE)
        first = await pager.page(2, replace(PAGE, level=2))
        again = await pager.page(2, replace(PAGE, level=2))
    assert first == again
    assert len(fake.incidents) == 1
    assert fake.called == ["PDANA", "PLEE"]


async def test_a_level_of_its_own_is_called_where_the_first_was_elsewhere() -> None:
    async with server() as fake, source(fake) as pager:
        outcome = await pager.page(2, PAGE)
    assert outcome.status is PageStatus.PAGED
    assert fake.called == ["PDANA", "PLEE"]


@pytest.mark.parametrize("is_done_first", [True, False])
async def test_a_page_whose_line_is_cut_calls_once_in_the_end(is_done_first: bool) -> None:
    async with server() as fake, source(fake) as pager:
        fake.troubles = [Trouble("POST", is_done_first=is_done_first)]
        first = await pager.page(1, PAGE)
        second = await pager.page(1, PAGE)
    assert first.status is (PageStatus.PAGED if is_done_first else PageStatus.UNCERTAIN)
    assert (first.retry_in is None) is is_done_first
    assert second.status is PageStatus.PAGED
    assert fake.called == ["PDANA"]


async def test_a_page_that_nobody_can_tell_the_end_of_is_uncertain() -> None:
    async with server() as fake, source(fake) as pager:
        fake.troubles = [Trouble("POST", is_done_first=True), Trouble("GET", 500, spared=1)]
        first = await pager.page(1, PAGE)
        second = await pager.page(1, PAGE)
    assert (first.status, second.status) == (PageStatus.UNCERTAIN, PageStatus.PAGED)
    assert first.retry_in
    assert fake.called == ["PDANA"]


async def test_a_page_that_pagerduty_lists_late_is_found_by_the_next_try() -> None:
    async with server() as fake, source(fake) as pager:
        fake.troubles, fake.blind = [Trouble("POST", 502, is_done_first=True)], 2
        assert (await pager.page(1, PAGE)).status is PageStatus.UNCERTAIN
        assert (await pager.page(1, PAGE)).status is PageStatus.PAGED


async def test_the_rate_limit_says_when_to_try_again() -> None:
    async with server() as fake, source(fake) as pager:
        fake.troubles = [
            Trouble("GET", 429, {"ratelimit-limit": "960", "ratelimit-reset": "17"}),
            Trouble("POST", 429, {"Retry-After": "9"}),
            Trouble("POST", 429),
        ]
        outcomes = [await pager.page(1, PAGE) for _ in range(3)]
    assert [(one.status, one.retry_in) for one in outcomes] == [
        (PageStatus.FAILED, 17.0),
        (PageStatus.FAILED, 9.0),
        (PageStatus.FAILED, 30.0),
    ]
    assert "rate limit is used up, for 17 s more" in outcomes[0].reason
    assert fake.called == []


async def test_trouble_at_pagerduty_while_reading_is_certain_and_passes() -> None:
    async with server() as fake, source(fake) as pager:
        fake.troubles = [Trouble("GET", 500), Trouble("GET")]
        failed = [await pager.page(1, PAGE), await pager.page(1, PAGE)]
        assert (await pager.page(1, PAGE)).status is PageStatus.PAGED
    assert [one.status for one in failed] == [PageStatus.FAILED] * 2
    assert all(one.retry_in for one in failed)


async def test_a_server_that_hangs_is_given_up_and_asked_again() -> None:
    async with server() as fake, source(fake, seconds=0.3) as pager:
        fake.troubles = [Trouble("GET", hangs=True)]
        assert "does not answer" in (await pager.on_call(1, NOON)).fault
        fake.troubles = [Trouble("POST", hangs=True, is_done_first=True)]
        assert (await pager.page(1, PAGE)).status is PageStatus.PAGED
    assert fake.called == ["PDANA"]


async def test_a_server_that_is_not_there_is_certain() -> None:
    async with server() as fake:
        pass
    async with source(fake) as pager:
        outcome = await pager.page(1, PAGE)
        now = await pager.on_call(1, NOON)
    assert (outcome.status, outcome.retry_in) == (PageStatus.FAILED, 30.0)
    assert "does not answer" in now.fault


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"token": "wrong"}, "Set on_call.pagerduty.token to a REST API key"),
        ({"token": READ_ONLY}, "Use a key that is not read-only"),
        ({"from_email": "nobody@example.com"}, "HTTP 400: Requester User Not Found"),
        ({"service": "PWRONG"}, "Service not found"),
    ],
)
async def test_a_page_that_is_refused_names_the_remedy_and_is_not_tried_again(
    given: dict[str, str], says: str
) -> None:
    async with server() as fake, source(fake, **given) as pager:
        outcome = await pager.page(1, PAGE)
    assert (outcome.status, outcome.retry_in) == (PageStatus.FAILED, None)
    assert says in outcome.reason
    assert fake.called == []


async def test_the_token_is_in_no_text() -> None:
    async with server() as fake, source(fake, token="secret-token") as pager:
        outcome, now = await pager.page(1, PAGE), await pager.on_call(1, NOON)
        checks = await pager.doctor()
    config = PagerDutyConfig("secret-token", BOT, SERVICE, POLICY)
    assert "secret-token" not in f"{outcome} {now} {checks} {config}"


async def test_who_acknowledges_in_slack_does_so_in_pagerduty() -> None:
    lee = Responder("Lee", "U0LEE0003", "lee@example.com")
    async with server() as fake, source(fake) as pager:
        await pager.page(1, PAGE)
        outcome = await pager.tell(1, PAGE.key, PageState.ACKNOWLEDGED, lee)
        seen = await pager.seen(1, PAGE.key)
    assert outcome.status is PageStatus.PAGED
    assert fake.incidents["Q000001"]["assignments"] == [LEE]
    assert (seen.state, seen.by) == (PageState.ACKNOWLEDGED, lee)


async def test_who_is_known_by_the_slack_id_alone_acts_in_their_own_name() -> None:
    async with server() as fake, source(fake) as pager:
        await pager.page(1, PAGE)
        await pager.tell(1, PAGE.key, PageState.ACKNOWLEDGED, Responder("Lee", "U0LEE0003"))
    assert fake.incidents["Q000001"]["assignments"] == [LEE]


async def test_slack_ids_of_the_settings_say_in_whose_name_it_is_done() -> None:
    given = {"kim@example.com": "U0DANA001"}  # an address of another person in Slack
    async with server() as fake, source(fake, slack_users=given) as pager:
        fake.users[1] = replace(KIM, email="kim@example.com")
        await pager.page(1, PAGE)
        await pager.tell(1, PAGE.key, PageState.ACKNOWLEDGED, Responder("K", "U0DANA001"))
    assert [one.id for one in fake.incidents["Q000001"]["assignments"]] == [KIM.id]


async def test_who_is_no_user_of_pagerduty_acts_in_our_name() -> None:
    guest = Responder("Guest", "U0GUEST001", "guest@example.com")
    async with server() as fake, source(fake) as pager:
        await pager.page(1, PAGE)
        outcome = await pager.tell(1, PAGE.key, PageState.RESOLVED, guest)
    assert outcome.status is PageStatus.PAGED
    assert fake.incidents["Q000001"]["by"] == SENDER


async def test_what_was_acknowledged_is_not_handed_to_somebody_else_by_telling_again() -> None:
    async with server() as fake, source(fake) as pager:
        await pager.page(1, PAGE)
        for name, user_id in (("Dana", "U0DANA001"), ("Lee", "U0LEE0003")):
            by = Responder(name, user_id, f"{name.lower()}@example.com")
            await pager.tell(1, PAGE.key, PageState.ACKNOWLEDGED, by)
    assert fake.incidents["Q000001"]["assignments"] == [DANA]


async def test_what_was_resolved_stays_so() -> None:
    async with server() as fake, source(fake) as pager:
        await pager.page(1, PAGE)
        for state in (PageState.RESOLVED, PageState.ACKNOWLEDGED, PageState.RESOLVED):
            assert (await pager.tell(1, PAGE.key, state, None)).status is PageStatus.PAGED
        assert (await pager.seen(1, PAGE.key)).state is PageState.RESOLVED


async def test_what_is_done_in_pagerduty_is_seen_with_who_did_it() -> None:
    async with server() as fake, source(fake) as pager:
        assert (await pager.seen(1, PAGE.key)).state is PageState.GONE
        await pager.page(1, PAGE)
        seen = await pager.seen(1, PAGE.key)
        assert (seen.state, seen.assigned) == (
            PageState.OPEN,
            (Responder("Dana", "U0DANA001", "dana@example.com"),),
        )
        fake.incidents["Q000001"] |= {"status": "resolved", "by": DANA}
        seen = await pager.seen(1, PAGE.key)
    assert seen.state is PageState.RESOLVED
    assert seen.by == Responder("Dana", "U0DANA001", "dana@example.com")


async def test_who_is_gone_from_pagerduty_is_still_named() -> None:
    async with server() as fake, source(fake) as pager:
        await pager.page(1, PAGE)
        fake.incidents["Q000001"] |= {"status": "resolved", "by": User("PGONE", "Gone", "")}
        assert (await pager.seen(1, PAGE.key)).by == Responder("Gone")


async def test_what_pagerduty_does_not_answer_is_not_known() -> None:
    async with server() as fake, source(fake) as pager:
        await pager.page(1, PAGE)
        fake.troubles = [Trouble("GET", 500), Trouble("GET", 429, {"Retry-After": "90"})]
        seen = [await pager.seen(1, PAGE.key) for _ in range(2)]
    assert [one.state for one in seen] == [PageState.UNKNOWN] * 2
    assert [one.retry_in for one in seen] == [30.0, 90.0]
    assert "in trouble itself" in seen[0].reason


async def test_what_was_merged_stands_where_the_other_incident_does() -> None:
    async with server() as fake, source(fake) as pager:
        for key in (PAGE.key, "another", "a third"):
            await pager.page(1, replace(PAGE, key=key))
        fake.merge("Q000001", "Q000002")
        fake.merge("Q000002", "Q000003")
        assert (await pager.seen(1, PAGE.key)).state is PageState.OPEN
        fake.incidents["Q000003"] |= {"status": "acknowledged", "acknowledgements": [LEE]}
        seen = await pager.seen(1, PAGE.key)
        await pager.tell(1, PAGE.key, PageState.RESOLVED, None)
        assert fake.incidents["Q000003"]["status"] == "acknowledged"  # others' as well
        del fake.incidents["Q000003"]
        gone = await pager.seen(1, PAGE.key)
    assert (seen.state, seen.by and seen.by.name) == (PageState.ACKNOWLEDGED, "Lee")
    assert gone.state is PageState.GONE


async def test_an_incident_on_the_second_page_of_the_list_is_seen() -> None:
    async with server(page_size=1) as fake, source(fake) as pager:
        await pager.page(1, PAGE)
        fake.incidents["Q000001"] |= {"status": "acknowledged", "by": DANA}
        fake.incidents["Q000002"] = {**fake.incidents["Q000001"], "status": "resolved"}
        assert (await pager.seen(1, PAGE.key)).state is PageState.ACKNOWLEDGED


async def test_what_was_never_paged_cannot_be_acknowledged() -> None:
    async with server() as fake, source(fake) as pager:
        outcome = await pager.tell(1, PAGE.key, PageState.ACKNOWLEDGED, None)
    assert outcome.status is PageStatus.FAILED
    assert "was not paged there" in outcome.reason


async def test_the_doctor_looks_at_all_that_is_needed_and_changes_nothing() -> None:
    async with server() as fake, source(fake) as pager:
        checks = await pager.doctor()
    assert [(one.name, one.status) for one in checks] == [
        ("escalation policy", CheckStatus.OK),
        ("service", CheckStatus.OK),
        ("from_email", CheckStatus.OK),
    ]
    assert checks[0].detail == "Platform, 2 levels"
    assert {method for method, _ in fake.requests} == {"GET"}


@pytest.mark.parametrize(
    ("given", "name", "status", "says"),
    [
        ({"token": "wrong"}, "escalation policy", CheckStatus.FAILED, "refuses the token"),
        ({"escalation_policy": "PX"}, "escalation policy", CheckStatus.FAILED, "HTTP 404"),
        ({"service": "PX"}, "service", CheckStatus.FAILED, "HTTP 404"),
        ({"from_email": "x@y.z"}, "from_email", CheckStatus.FAILED, "no user x@y.z"),
    ],
)
async def test_the_doctor_names_what_is_wrong(
    given: dict[str, str], name: str, status: CheckStatus, says: str
) -> None:
    async with server() as fake, source(fake, **given) as pager:
        [check] = [one for one in await pager.doctor() if one.name == name]
    assert check.status is status
    assert says in check.detail


async def test_the_doctor_warns_of_a_service_that_calls_nobody() -> None:
    async with server(service_status="maintenance") as fake, source(fake) as pager:
        check = (await pager.doctor())[1]
    assert (check.status, check.detail) == (CheckStatus.WARNING, "Airflow is under maintenance")


async def test_an_answer_that_makes_no_sense_is_a_fault_and_no_crash() -> None:
    async with server() as fake, source(fake) as pager:
        fake.shifts = []
        assert (await pager.on_call(1, NOON)).responders == ()
        fake.troubles = [Trouble("GET", 200)]
        now = await pager.on_call(1, NOON)
        assert "PagerDuty's answer holds no oncalls" in now.fault
        fake.troubles = [Trouble("GET", 200)]
        with pytest.raises(OnCallError):
            await pager.turns(1, NOON, timedelta(days=1))
