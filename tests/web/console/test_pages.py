"""The other pages: what they show, what is decided there, and who may not see what."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.adapters.sql.workspace_erasing import SqlWorkspaceErasing
from bot.domain.access import Action, Rule
from bot.domain.audit import AuditQuery
from bot.domain.conversations import Rating, Score
from bot.domain.datasets import Snapshot
from bot.domain.resolved_cases import CaseSource, CaseState, ResolvedCase, text_of
from bot.domain.reviews import ReviewItem, ReviewKind, ReviewQuery, ReviewState
from bot.domain.runbook_drafts import DraftOrigin, DraftState, RunbookDraft
from bot.domain.verdicts import VerdictKind
from bot.services.console_ports import Role
from bot.services.export_ports import SnapshotEntry
from bot.services.incident_store import failure_of
from tests.fakes.turns import NOON, evidence, question, turn
from tests.web.console.support import Console, form

SCRIPT = "<script>alert(1)</script>\"'>"


def case(**others: object) -> ResolvedCase:
    made = ResolvedCase(
        id="CASE0001", state=CaseState.DRAFT, workspace="T1", problem="MemoryError in load",
        fingerprint="fp", kind=VerdictKind.CAPACITY, cause="out_of_memory", fix="gave it 4 GB",
        cluster="prod", confirmed_by="U7", confirmed_at=NOON, dag_id="orders_daily",
    )  # fmt: skip
    return replace(made, **others)  # type: ignore[arg-type]


async def with_case(console: Console, **others: object) -> str:
    """The path of its review."""
    await console.cases.add(case(**others), (CaseSource("T1", "U7"),))
    (item,) = (await console.reviews.page(REVIEWS)).items
    return f"/console/review/{item.id}"


REVIEWS = ReviewQuery()


async def test_a_case_is_approved_in_other_words_and_that_is_audited(console: Console) -> None:
    await console.store.add_turn(turn())
    path = await with_case(console, turn_id="turn-1")
    async with console.signed_in(Role.REVIEWER) as client:
        assert "MemoryError in load" in (await client.get("/console/review")).text
        shown = (await client.get(path)).text
        said = form(client, decision="edit", fix="gave it 8 GB", cause="oom_killed", note="seen")
        said["shown"] = text_of(case())
        decided = await client.post(path, data=said)
        again = await client.post(path, data=said)
        listed = (await client.get("/console/cases")).text
        one = (await client.get("/console/cases/CASE0001")).text
        over = (await client.get("/console/review?decided=yes")).text

    assert "gave it 4 GB" in shown
    assert "/console/conversations/" in shown
    assert (decided.status_code, again.status_code) == (303, 400)
    kept = await console.cases.get("CASE0001")
    assert kept is not None
    assert (kept.case.state, kept.case.fix, kept.case.cause) == (
        CaseState.APPROVED,
        "gave it 8 GB",
        "oom_killed",
    )
    assert (kept.case.approved_by, kept.case.expires_at) == (
        "local-user",
        console.at + timedelta(days=180),
    )
    for text in (listed, one):
        assert "gave it 8 GB" in text
    assert "edited" in over
    (entry,) = await console.audit.entries(AuditQuery(action="case"))
    assert (entry.user_id, entry.detail) == ("local-user", "CASE0001: approved")


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"decision": "burn"}, "Approve it, edit it"),
        ({"decision": "edit", "fix": "no"}, "Say what fixed it"),
        ({"decision": "edit", "cause": "No Cause!"}, "lower-case letters"),
        ({}, "Approve it, edit it"),
    ],
)
async def test_a_decision_that_cannot_be_is_said_and_changes_nothing(
    console: Console, said: dict[str, str], words: str
) -> None:
    path = await with_case(console)
    async with console.signed_in(Role.REVIEWER) as client:
        refused = await client.post(path, data=form(client, shown=text_of(case()), **said))

    assert refused.status_code == 400
    assert words in refused.text
    (item,) = (await console.reviews.page(REVIEWS)).items
    assert item.state is ReviewState.OPEN


async def test_nobody_decides_about_words_of_a_case_that_they_did_not_see(
    console: Console,
) -> None:
    path = await with_case(console)
    async with console.signed_in(Role.REVIEWER) as client:
        seen = (await client.get(path)).text.split('name="shown" value="')[1].split('"')[0]
        await console.cases.add(case(fix="dropped the table"), (CaseSource("T1", "U7"),))
        refused = [
            await client.post(path, data=form(client, decision=decision, shown=shown))
            for decision in ("approve", "reject")
            for shown in (seen, "")
        ]

    assert [one.status_code for one in refused] == [400] * 4
    assert "newer text" in refused[0].text
    assert "dropped the table" in refused[0].text
    kept = await console.cases.get("CASE0001")
    assert kept is not None
    assert kept.case.state is CaseState.DRAFT


async def test_people_of_one_workspace_see_nothing_of_another(console: Console) -> None:
    there = replace(question(), thread=replace(question().thread, workspace="T2"))
    await console.store.add_turn(turn(asked=there))
    review = await with_case(console, workspace="T2")
    await console.drafts.put(draft(), offers=False)
    async with console.signed_in(Role.REVIEWER, user="U1") as client:
        listed = [
            (await client.get(f"/console/{name}")).text
            for name in ("conversations", "cases", "review", "drafts", "figures")
        ]
        said = form(client, decision="approve", shown=text_of(case()))
        hidden = [
            (await client.get(review)).status_code,
            (await client.post(review, data=said)).status_code,
            (await client.get("/console/cases/CASE0001")).status_code,
            (await client.get("/console/conversations/1")).status_code,
            (await client.get("/console/drafts/DRAFT001")).status_code,
        ]
    async with console.signed_in(Role.REVIEWER) as client:
        local = [
            (await client.get(path)).status_code for path in (review, "/console/cases/CASE0001")
        ]

    for text in listed:
        for word in ("orders_daily", "MemoryError", "DRAFT001", "out_of_memory"):
            assert word not in text
    assert hidden == [404] * 5
    assert local == [200, 200]


async def test_cases_and_reviews_are_for_those_who_may_read_the_logs(console: Console) -> None:
    console.rules = (Rule("read", users=frozenset({"U1"}), actions=frozenset({Action.READ})),)
    console.__post_init__()
    review = await with_case(console)
    async with console.signed_in(Role.REVIEWER, user="U1") as client:
        listed = [(await client.get(f"/console/{name}")).text for name in ("cases", "review")]
        hidden = [
            (await client.get(path)).status_code for path in (review, "/console/cases/CASE0001")
        ]

    assert not any("MemoryError" in text for text in listed)
    assert hidden == [404, 404]


@pytest.mark.parametrize("path", ["cases", "review"])
async def test_a_page_that_cannot_be_meant_is_refused(console: Console, path: str) -> None:
    async with console.signed_in(Role.REVIEWER) as client:
        assert (await client.get(f"/console/{path}?after=x")).status_code == 400


async def test_nobody_of_a_workspace_that_left_is_signed_in(console: Console) -> None:
    async with console.signed_in(Role.VIEWER, user="U1") as client:
        before = (await client.get("/console/cases")).status_code
        await SqlWorkspaceErasing(console.engine).erase_workspace("T1", console.at)
        after = (await client.get("/console/cases")).status_code

    assert (before, after) == (200, 303)


async def test_a_case_is_rejected(console: Console) -> None:
    path = await with_case(console)
    async with console.signed_in(Role.REVIEWER) as client:
        await client.post(
            path, data=form(client, shown=text_of(case()), decision="reject", note="not so")
        )

    kept = await console.cases.get("CASE0001")
    assert kept is not None
    assert (kept.case.state, kept.case.note) == (CaseState.REJECTED, "not so")


async def test_a_verdict_is_relabelled_and_that_is_audited(console: Console) -> None:
    await console.store.add_turn(turn())
    await console.reviews.open(
        ReviewItem("label:turn-1", ReviewKind.LABEL, "turn-1", "Two causes were named", NOON)
    )
    path = "/console/review/label:turn-1"
    async with console.signed_in(Role.REVIEWER) as client:
        unnamed = await client.post(path, data=form(client, decision="relabel"))
        named = await client.post(path, data=form(client, decision="relabel", cause="oom_killed"))
        twice = await client.post(path, data=form(client, decision="approve"))

    assert (unnamed.status_code, named.status_code, twice.status_code) == (400, 303, 400)
    item = await console.reviews.get("label:turn-1")
    assert item is not None
    assert (item.state, item.label) == (ReviewState.RELABELLED, "oom_killed")
    (entry,) = await console.audit.entries(AuditQuery(action="review"))
    assert entry.user_id == "local-user"


async def test_runbooks_are_listed_with_the_age_of_their_review(console: Console) -> None:
    async with console.signed_in() as client:
        listed = (await client.get("/console/runbooks?words=oom")).text
        one = (await client.get("/console/runbooks/oom_killed")).text
        none = await client.get("/console/runbooks/unheard_of")

    assert "oom_killed" in listed
    assert "How it is recognised" in one
    assert "## " not in one
    assert none.status_code == 404


def draft() -> RunbookDraft:
    return RunbookDraft(
        "DRAFT001", "fp", DraftOrigin.SEEN, DraftState.PROPOSED, f"Seen {SCRIPT}", "seen_x.md",
        f"---\ncause: seen_x\n---\n{SCRIPT}", 3, NOON,
    )  # fmt: skip


async def test_a_draft_is_shown_as_what_it_adds_and_decided_by_administrators(
    console: Console,
) -> None:
    await console.drafts.put(draft(), offers=False)
    path = "/console/drafts/DRAFT001"
    async with console.signed_in(Role.REVIEWER) as client:
        assert "seen_x.md" in (await client.get("/console/drafts")).text
        shown = (await client.get(path)).text
        patch = await client.get(f"{path}/patch")
        assert (await client.post(path, data=form(client, decision="reject"))).status_code == 403
    async with console.signed_in(Role.ADMIN) as client:
        undecided = await client.post(path, data=form(client))
        sideless = await client.post(path, data=form(client, decision="approve", version="1"))
        unseen = await client.post(path, data=form(client, decision="reject", version="2"))
        rejected = await client.post(path, data=form(client, decision="reject", version="1"))

    assert "+ cause: seen_x" in shown
    assert "<script>alert" not in shown
    assert "+cause: seen_x" in patch.text
    assert patch.headers["content-disposition"].startswith("attachment")
    assert 'name="version" value="1"' in sideless.text
    assert (undecided.status_code, sideless.status_code) == (400, 400)
    assert (unseen.status_code, "newer text" in unseen.text) == (400, True)
    assert "whose side" in sideless.text
    assert rejected.status_code == 303
    kept = await console.drafts.get("DRAFT001")
    assert kept is not None
    assert kept.state is DraftState.REJECTED


async def test_a_snapshot_says_when_it_is_not_whole(console: Console) -> None:
    await console.store.add_turn(turn())
    entries = [[SnapshotEntry("turn-1", "a"), SnapshotEntry("gone", "b")]]
    await console.desk.snapshots.add(Snapshot("SNAP1", NOON, 2, 2), entries)
    async with console.signed_in(Role.REVIEWER) as client:
        listed = (await client.get("/console/datasets")).text
        one = (await client.get("/console/datasets/SNAP1")).text
        none = await client.get("/console/datasets/SNAP2")

    assert "SNAP1" in listed
    assert "invalid" in one
    assert none.status_code == 404


async def test_figures_incidents_and_clusters_are_shown(console: Console) -> None:
    told = turn(seen=evidence())
    await console.store.add_turn(told)
    await console.store.rate(Rating("turn-1", "U2", Score.UP, NOON))
    failure = failure_of(told)
    assert failure is not None
    seen = replace(failure, at=console.at - timedelta(hours=1), title=SCRIPT)
    await console.desk.incidents.incidents.keep(seen)
    async with console.signed_in() as client:
        figures = (await client.get("/console/figures?days=7")).text
        incidents = (await client.get("/console/incidents")).text
        health = (await client.get("/console/health")).text
        wrong = await client.get("/console/figures?days=8")

    assert 'class="bar capacity"' in figures
    assert '<th scope="row" class="nowrap">2026-11-20</th>' in figures
    assert "100" in figures
    assert "orders_daily" in incidents
    assert "<script>alert" not in incidents
    assert "prod" in health
    assert wrong.status_code == 400


async def test_what_was_measured_of_the_bot_is_a_page(console: Console) -> None:
    async with console.signed_in() as client:
        page = (await client.get("/console/docs")).text
    assert "<h1>Figures</h1>" in page
    assert "<td>" in page
    assert "python -m tests.benchmarks.log_speed" in page
    assert "!--" not in page


async def test_who_may_not_see_a_dag_sees_nothing_of_it_on_any_page(console: Console) -> None:
    console.rules = (Rule("other", users=frozenset({"U1"}), dags=("other_*",)),)
    console.__post_init__()
    told = turn(seen=evidence())
    await console.store.add_turn(told)
    failure = failure_of(told)
    assert failure is not None
    await console.desk.incidents.incidents.keep(replace(failure, at=console.at))
    review = await with_case(console)
    await console.drafts.put(draft(), offers=False)
    async with console.signed_in(Role.REVIEWER, user="U1") as client:
        pages = [
            await client.get(path)
            for path in (
                "/console/conversations",
                "/console/review",
                "/console/cases",
                "/console/incidents",
                "/console/health",
                "/console/figures",
                "/console/drafts",
                "/console/api/conversations",
                "/console/api/figures",
            )
        ]
        hidden = [
            (await client.get(path)).status_code
            for path in (review, "/console/cases/CASE0001", "/console/drafts/DRAFT001")
        ]

    for page in pages:
        assert page.status_code == 200
        for word in ("orders_daily", "MemoryError", "DRAFT001", "out_of_memory"):
            assert word not in page.text
    assert hidden == [404, 404, 404]
    assert pages[-1].json() == []


async def test_text_of_cases_and_reviews_is_text(console: Console) -> None:
    path = await with_case(
        console, problem=SCRIPT, fix=SCRIPT, note=SCRIPT, task_id=SCRIPT, tags=(SCRIPT,)
    )
    async with console.signed_in(Role.REVIEWER) as client:
        pages = [
            await client.get(one)
            for one in ("/console/review", path, "/console/cases", "/console/cases/CASE0001")
        ]

    for page in pages:
        assert "&lt;script&gt;" in page.text
        assert "<script>alert" not in page.text
