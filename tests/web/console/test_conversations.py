"""What the pages of conversations show, to whom, and what nobody can smuggle in."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.access import Action, Rule
from bot.domain.conversations import Rating, Score
from bot.domain.targets import Target
from bot.services.archive_ports import EVERYTHING, Wanted
from bot.services.console_ports import Role
from tests.fakes.turns import NOON, diagnosis, evidence, question, turn
from tests.web.console.support import Console

LIST = "/console/conversations"
SCRIPT = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>{{7*7}}"


async def one(console: Console) -> str:
    (row, *_) = (await console.desk.archive.page(Wanted(), EVERYTHING)).rows
    return f"{LIST}/{row.number}"


async def test_a_conversation_has_its_verdict_beside_its_evidence(console: Console) -> None:
    await console.store.add_turn(turn(seen=evidence(text="MemoryError")))
    await console.store.rate(Rating("turn-1", "U2", Score.DOWN, NOON, "wrong", "it was not"))
    async with console.signed_in() as client:
        listed = (await client.get(LIST)).text
        shown = (await client.get(await one(console))).text

    assert "why did orders_daily fail?" in listed
    assert "Task ran out of memory" in listed
    for expected in (
        "Not your code: capacity",
        "The task asked for more memory than it had.",
        "Raise the memory limit.",
        "MemoryError 3",
        "Grant can_read on Audit Logs.",
        "Did not help",
        '<span class="pill ">open</span>',
        "it was not",
        "K7QX2M",
    ):
        assert expected in shown


async def test_the_list_is_searched_filtered_and_turned_page_by_page(console: Console) -> None:
    for number in range(30):
        asked = question(
            thread=replace(question().thread, thread=f"17000000{number:02}.1"),
            text=f"question number {number}",
            asked_at=NOON + timedelta(minutes=number),
        )
        await console.store.add_turn(turn(f"turn-{number}", asked=asked))
    async with console.signed_in() as client:
        first = (await client.get(LIST)).text
        older = first.split('rel="next" href="')[1].split('"')[0]
        second = (await client.get(LIST + older)).text
        found = (await client.get(f"{LIST}?words=number+17")).text
        none = (await client.get(f"{LIST}?verdict=code")).text

    assert ">question number 29<" in first
    assert ">question number 4<" not in first
    assert ">question number 4<" in second
    assert 'rel="next"' not in second
    assert found.count(">question number") == 1
    assert "Nothing was found" in none


@pytest.mark.parametrize(
    "query",
    [
        "verdict=guilty",
        "before=-1",
        "before=1e9",
        "since=yesterday",
        "rating=x",
        "until=0001-01-01",
    ],
)
async def test_what_cannot_be_meant_is_refused_by_name(console: Console, query: str) -> None:
    async with console.signed_in() as client:
        reply = await client.get(f"{LIST}?{query}")

    assert reply.status_code == 400
    assert query.split("=")[0] in reply.text


async def test_text_from_logs_and_people_is_text(console: Console) -> None:
    reply = diagnosis()
    quote = replace(reply.verdict.quotes[0], text=SCRIPT, source=SCRIPT)
    gap = replace(reply.verdict.gaps[0], source=SCRIPT, remedy=SCRIPT)
    verdict = replace(
        reply.verdict, quotes=(quote,), gaps=(gap,), why=SCRIPT, title=SCRIPT, cause=SCRIPT
    )
    reply = replace(
        reply,
        verdict=verdict,
        facts=((SCRIPT, SCRIPT),),
        steps=(SCRIPT,),
        owner=SCRIPT,
        target=Target(SCRIPT, SCRIPT, SCRIPT, SCRIPT),
    )
    told = turn(asked=question(text=SCRIPT), reply=reply, seen=evidence(text=SCRIPT))
    await console.store.add_turn(told)
    await console.store.rate(Rating("turn-1", "U2", Score.DOWN, NOON, SCRIPT, SCRIPT))
    async with console.signed_in() as client:
        pages = [await client.get(path) for path in (LIST, await one(console))]
        pages.append(await client.get(LIST, params={"words": SCRIPT, "cause": SCRIPT}))
        pages.append(await client.get(LIST, params={"verdict": SCRIPT}))

    for page in pages:
        assert "<script>alert" not in page.text
        assert "<img src=x" not in page.text
        assert "&lt;script&gt;" in page.text or page is pages[3]
        assert "49" not in page.text.split("<main")[1].split("alert(2)")[-1][:8]


async def test_what_somebody_may_not_see_is_not_there(console: Console) -> None:
    rules = (
        Rule(
            "orders", users=frozenset({"U1"}), dags=("orders_*",), actions=frozenset({Action.READ})
        ),
    )
    console.rules = rules
    console.__post_init__()
    thread = replace(question().thread, thread="1700000099.1")
    hidden = replace(diagnosis(), target=Target("prod", "secret_dag", "run", "load"))
    await console.store.add_turn(
        turn("turn-2", asked=question(thread=thread, text="and secret_dag?"), reply=hidden)
    )
    secret = await one(console)
    named = question(text="did orders_daily die of secret_dag?")
    await console.store.add_turn(turn(asked=named, seen=evidence(text="after secret_dag")))
    async with console.signed_in(user="U1") as client:
        listed = (await client.get(LIST)).text
        page = await client.get(secret)
        other = (await client.get(f"{LIST}/{int(secret.rsplit('/', 1)[1]) + 1}")).text
        by_name = (await client.get(f"{LIST}?words=secret_dag")).text
        by_turn = await client.get("/console/turns/turn-2", follow_redirects=True)
    async with console.signed_in(Role.VIEWER) as client:
        assert "secret_dag" in (await client.get(LIST)).text

    assert listed.count("/console/conversations/") == 1
    assert (page.status_code, by_turn.status_code) == (404, 404)
    assert "[hidden]" in other
    for text in (listed, other, page.text):
        assert "secret_dag" not in text
    assert "after" not in other.split("Evidence")[1].split("What could")[0]  # no right to logs
    assert "The task asked for more memory than it had." not in other  # said in view of it
    assert "Nothing was found" in by_name


async def test_direct_messages_are_read_by_reviewers(console: Console) -> None:
    thread = replace(question().thread, channel="D1")
    await console.store.add_turn(turn(asked=question(thread=thread, text="between us")))
    async with console.signed_in(Role.VIEWER) as client:
        assert "between us" not in (await client.get(LIST)).text
        assert (await client.get(await one(console))).status_code == 404
    async with console.signed_in(Role.REVIEWER) as client:
        assert "between us" in (await client.get(LIST)).text


@pytest.mark.parametrize("number", ["0", "-1", "x", "99999999999999999999", "1%00"])
async def test_a_conversation_that_is_not_there_is_not_found(console: Console, number: str) -> None:
    async with console.signed_in() as client:
        assert (await client.get(f"{LIST}/{number}")).status_code == 404
