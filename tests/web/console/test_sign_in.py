"""Coming in and going out of the console, and who is turned away."""

from __future__ import annotations

import json
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from bot.domain.audit import AuditQuery, Outcome
from bot.services.console_ports import Identified, Role
from bot.web.console.desk import key_of
from bot.web.console.guard import COOKIE
from bot.web.console.sign_in import LOCAL_TOKEN, own_path
from tests.web.console.support import Console, form

LIST = "/console/conversations"


async def local_link(console: Console, role: Role = Role.ADMIN) -> str:
    body = json.dumps({"user": "dana", "role": role.value})
    until = console.at + timedelta(minutes=10)
    await console.desk.grants.put(key_of("a-token"), LOCAL_TOKEN, body, until)
    return "/console/sign-in/local?token=a-token"


async def through_slack(
    console: Console, client: httpx.AsyncClient, code: str = "right", after: str = ""
) -> httpx.Response:
    asked = await client.get(f"/console/sign-in/slack?next={after}")
    state = parse_qs(urlsplit(asked.headers["location"]).query)["state"][0]
    return await client.get(f"/console/sign-in/slack/back?code={code}&state={state}")


async def test_a_local_token_lets_in_once_and_leaves_no_trace_in_the_address(
    console: Console,
) -> None:
    link = await local_link(console)
    async with console.browser() as client, console.browser() as other:
        first = await client.get(link)
        second = await other.get(link)
        listed = await client.get(LIST)

    assert (first.status_code, first.headers["location"]) == (303, "/console/")
    cookie = first.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "a-token" not in cookie
    assert (second.status_code, listed.status_code) == (403, 200)
    (entry,) = await console.audit.entries(AuditQuery())
    assert (entry.user_id, entry.action, entry.outcome) == (
        "dana",
        "console sign-in",
        Outcome.ALLOWED,
    )


@pytest.mark.parametrize(
    ("address", "headers"),
    [
        ("203.0.113.7", {}),
        ("127.0.0.1", {"host": "console.attacker.example"}),
        ("127.0.0.1", {"x-forwarded-for": "127.0.0.1"}),
        ("127.0.0.1", {"forwarded": "for=127.0.0.1"}),
    ],
)
async def test_a_local_token_is_good_on_this_machine_alone(
    console: Console, address: str, headers: dict[str, str]
) -> None:
    link = await local_link(console)
    async with console.browser(address) as client:
        refused = await client.get(link, headers=headers)
    async with console.browser() as client:
        await client.get(link)
        assert (await client.get(LIST)).status_code == 200
        later = await client.get(LIST, headers={"x-forwarded-for": "203.0.113.7"})

    assert refused.status_code == 403
    assert later.status_code == 303


async def test_a_local_token_is_over_after_ten_minutes(console: Console) -> None:
    link = await local_link(console)
    console.at += timedelta(minutes=11)
    async with console.browser() as client:
        assert (await client.get(link)).status_code == 403


async def test_who_has_a_role_comes_in_with_slack_and_goes_where_they_meant_to(
    console: Console,
) -> None:
    console.members[Role.VIEWER] = ("U1",)
    async with console.browser("203.0.113.7") as client:
        sent = await client.get(f"{LIST}?verdict=code")
        after = parse_qs(urlsplit(sent.headers["location"]).query)["next"][0]
        page = await client.get(sent.headers["location"])
        back = await through_slack(console, client, after=httpx.QueryParams({"n": after})["n"])
        listed = await client.get(back.headers["location"])

    assert after == f"{LIST}?verdict=code"
    assert "Sign in with Slack" in page.text
    assert back.status_code == 303
    assert listed.status_code == 200


@pytest.mark.parametrize(
    ("who", "words"),
    [
        (Identified("U1", "T9", "Eve"), "for members of the workspace"),
        (Identified("U9", "T1", "Eve"), "have no role here"),
        (Identified("U2", "T1", "Eve"), "Guests"),
    ],
)
async def test_who_has_no_role_is_not_let_in(console: Console, who: Identified, words: str) -> None:
    console.members[Role.ADMIN] = ("U1", "U2")
    console.people.guests.add("U2")
    console.slack.who = who
    async with console.browser() as client:
        refused = await through_slack(console, client)
        assert (await client.get(LIST)).status_code == 303

    assert refused.status_code == 403
    assert words in refused.text
    (entry,) = await console.audit.entries(AuditQuery())
    assert entry.outcome is Outcome.DENIED


async def test_a_role_is_that_of_now(console: Console) -> None:
    console.members[Role.VIEWER] = ("@data",)
    console.people.groups["@data"] = {"U1"}
    async with console.browser() as client:
        await through_slack(console, client)
        assert (await client.get(LIST)).status_code == 200
        console.people.groups["@data"] = set()
        assert (await client.get(LIST)).status_code == 303
        console.people.groups["@data"] = {"U1"}
        assert (await client.get(LIST)).status_code == 200
        console.people.is_silent = True
        assert (await client.get(LIST)).status_code == 303


@pytest.mark.parametrize("tampering", ["state", "cookie", "code", "twice"])
async def test_coming_back_from_slack_takes_the_browser_that_set_out_and_happens_once(
    console: Console, tampering: str
) -> None:
    console.members[Role.VIEWER] = ("U1",)
    async with console.browser() as client:
        asked = await client.get("/console/sign-in/slack")
        state = parse_qs(urlsplit(asked.headers["location"]).query)["state"][0]
        if tampering == "cookie":
            client.cookies.clear()
        if tampering == "twice":
            await client.get(f"/console/sign-in/slack/back?code=wrong&state={state}")
            client.cookies.set("airflow-bot-console-state", state)
        given = "other" if tampering == "state" else state
        code = "wrong" if tampering == "code" else "right"
        refused = await client.get(f"/console/sign-in/slack/back?code={code}&state={given}")

    assert refused.status_code == 403
    assert COOKIE not in refused.cookies


async def test_going_out_ends_the_session_itself(console: Console) -> None:
    async with console.signed_in() as client:
        cookie = dict(client.cookies)
        out = await client.post("/console/sign-out", data=form(client))
        client.cookies = httpx.Cookies(cookie)

        assert out.status_code == 303
        assert (await client.get(LIST)).status_code == 303


async def test_a_session_is_over_after_its_time(console: Console) -> None:
    async with console.signed_in() as client:
        console.at += timedelta(hours=9)
        assert (await client.get(LIST)).status_code == 303


async def test_a_form_of_another_site_or_another_session_changes_nothing(
    console: Console,
) -> None:
    async with console.signed_in() as client:
        for data, headers in [
            ({}, {}),
            ({"csrf": "guessed"}, {}),
            ({"csrf": "\ud800"}, {}),
            (form(client), {"origin": "https://attacker.example"}),
            (form(client), {"sec-fetch-site": "cross-site"}),
        ]:
            safe = {key: value.encode("utf-8", "replace").decode() for key, value in data.items()}
            refused = await client.post("/console/sign-out", data=safe, headers=headers)
            assert refused.status_code == 403
        assert (await client.get(LIST)).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "https://attacker.example",
        "//attacker.example",
        "/console//attacker.example",
        "/console/../slack/install",
        "/console/%2e%2e/x",
        "/console/%2f%2fattacker.example",
        "/console\\@attacker.example",
        "/consolex",
        "/console/\r\nSet-Cookie: a=b",
        "javascript:alert(1)",
        "",
    ],
)
def test_nobody_is_sent_elsewhere_after_signing_in(path: str) -> None:
    assert own_path(path) == "/console/"


async def test_cookies_go_over_https_alone_where_people_come_by_it(console: Console) -> None:
    from bot.web.console.desk import ConsoleConfig

    console.config = ConsoleConfig(public_url="https://bot.example.com", with_slack=True)
    console.members[Role.VIEWER] = ("U1",)
    console.__post_init__()
    async with console.browser() as client:
        client.base_url = httpx.URL("https://bot.example.com")
        back = await through_slack(console, client)

    assert "; Secure" in back.headers["set-cookie"]


async def test_signing_in_is_not_tried_without_end(console: Console) -> None:
    async with console.browser() as client:
        statuses = [
            (await client.get(f"/console/sign-in/local?token={number}")).status_code
            for number in range(25)
        ]
        other = await client.get(LIST)

    assert statuses[0] == 403
    assert statuses[-1] == 429
    assert other.status_code == 303


async def test_every_answer_tells_browsers_to_keep_to_themselves(console: Console) -> None:
    async with console.signed_in() as client:
        for path in (LIST, "/console/sign-in", "/console/nowhere", "/console/static/console.css"):
            headers = (await client.get(path)).headers
            policy = headers["content-security-policy"]
            assert "unsafe" not in policy
            assert "frame-ancestors 'none'" in policy
            assert headers["x-content-type-options"] == "nosniff"
            assert headers["referrer-policy"] == "no-referrer"
        assert (await client.get(LIST)).headers["cache-control"] == "no-store"


async def test_while_the_bot_starts_it_says_so(console: Console) -> None:
    desk, console.desk = console.desk, None  # type: ignore[assignment]
    async with console.browser() as client:
        reply = await client.get(LIST)
    console.desk = desk

    assert reply.status_code == 503
    assert "starting" in reply.text
