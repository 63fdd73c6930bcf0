"""The door for reported failures, with real requests over loopback."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import aiohttp
import pytest
import uvicorn
from fastapi import FastAPI
from starlette.datastructures import Headers

from bot.domain.errors import StoreError
from bot.domain.failures import Failure, Success
from bot.domain.targets import Target
from bot.questions.links import ClusterAddress
from bot.web.failures import BODY_MAX, PATH, FailureDoor, failure_routes
from bot.web.report_signatures import is_right
from tests.fakes.work import FakeMeter

TOKEN = "a-long-random-word"
NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
PROD = ClusterAddress("prod", ("https://airflow.example.com/prod",), ("main",))
STAGING = ClusterAddress("staging", ("https://staging.example.com",))
REPORT = {"cluster": "prod", "dag_id": "orders_daily", "run_id": "scheduled__2026-11-22T00:00:00"}


@dataclass
class Kept:
    """Where failures are taken to."""

    failures: dict[str, Failure] = field(default_factory=dict)
    successes: list[Success] = field(default_factory=list)
    down: bool = False

    async def take(self, failures: Sequence[Failure]) -> int:
        if self.down:
            raise StoreError("The database does not answer.")
        new = {one.key: one for one in failures if one.key not in self.failures}
        self.failures.update(new)
        return len(new)

    async def succeed(self, successes: Sequence[Success]) -> int:
        if self.down:
            raise StoreError("The database does not answer.")
        self.successes += successes
        return 0

    @property
    def targets(self) -> list[Target]:
        return [failure.target for failure in self.failures.values()]


@pytest.fixture
def kept() -> Kept:
    return Kept()


@pytest.fixture
def meter() -> FakeMeter:
    return FakeMeter()


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@asynccontextmanager
async def serving(door: FailureDoor) -> AsyncIterator[str]:
    """The address of the door on a free loopback port."""
    web = FastAPI()
    web.include_router(failure_routes(door))
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(web, log_level="warning", lifespan="off"))
    # The socket listens already: what comes before the server is up waits for it.
    running = asyncio.create_task(server.serve([listening]))
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}{PATH}"
    finally:
        server.should_exit = True
        await running


@pytest.fixture
async def door(kept: Kept, meter: FakeMeter, http: aiohttp.ClientSession) -> AsyncIterator[Sender]:
    clusters = (PROD, STAGING)
    made = FailureDoor(TOKEN, clusters, kept.take, kept.succeed, meter=meter, now=lambda: NOW)
    async with serving(made) as url:
        yield Sender(http, url)


@dataclass
class Sender:
    """Whoever reports failures."""

    http: aiohttp.ClientSession
    url: str

    async def __call__(self, body: object) -> tuple[int, Any]:
        return await self.raw(json.dumps(body).encode())

    async def raw(self, body: bytes, **headers: str) -> tuple[int, Any]:
        sent = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        async with self.http.post(self.url, data=body, headers=sent) as reply:
            return reply.status, await reply.json()

    async def faults(self, body: object) -> str:
        """What a body that is refused is told."""
        status, said = await self(body)
        assert status == 400
        return "\n".join(said["errors"])


async def test_a_report_is_taken_once_and_its_repetition_is_known(
    door: Sender, kept: Kept, meter: FakeMeter
) -> None:
    report = {**REPORT, "task_id": "load", "map_index": 3, "try_number": 2, "state": "failed"}
    assert await door(report) == (202, {"new": 1, "known": 0, "left_out": 0})
    assert await door(report) == (200, {"new": 0, "known": 1, "left_out": 0})
    target = Target("prod", "orders_daily", REPORT["run_id"], "load", 3, 2)
    assert kept.targets == [target]
    assert [one.reported_at for one in kept.failures.values()] == [NOW]
    key = "failure:prod:orders_daily:scheduled__2026-11-22T00:00:00:load:3:2"
    assert list(kept.failures) == [key]
    assert [outcome for _, outcome, _ in meter.deliveries] == ["taken", "duplicate"]


async def test_another_try_is_another_failure(door: Sender, kept: Kept) -> None:
    for number in (1, 2):
        assert (await door({**REPORT, "task_id": "load", "try_number": number}))[0] == 202
    assert len(kept.failures) == 2


async def test_a_list_may_hold_failures_known_and_new(door: Sender, kept: Kept) -> None:
    first, second = {**REPORT, "task_id": "a"}, {**REPORT, "task_id": "b"}
    await door(first)
    assert await door([first, second]) == (202, {"new": 1, "known": 1, "left_out": 0})


async def test_numbers_come_as_text_from_templates(door: Sender, kept: Kept) -> None:
    await door({**REPORT, "task_id": "load", "map_index": "-1", "try_number": "4", "url": ""})
    assert [(one.map_index, one.try_number) for one in kept.targets] == [(None, 4)]


async def test_an_address_is_enough(door: Sender, kept: Kept) -> None:
    page = "https://airflow.example.com/prod/dags/orders/runs/manual__1/tasks/load"
    assert (await door({"url": f"{page}/mapped/5?try_number=2"}))[0] == 202
    assert kept.targets == [Target("prod", "orders", "manual__1", "load", 5, 2)]


async def test_an_address_adds_the_try_to_what_is_said(door: Sender, kept: Kept) -> None:
    page = "https://staging.example.com/dags/orders/runs/manual__1/tasks/load?try_number=2"
    await door({"dag_id": "orders", "run_id": "manual__1", "task_id": "load", "url": page})
    assert kept.targets == [Target("staging", "orders", "manual__1", "load", None, 2)]


@pytest.mark.parametrize("said", ["prod", "MAIN", "https://airflow.example.com/prod/"])
async def test_a_cluster_goes_by_name_alias_or_address(door: Sender, kept: Kept, said: str) -> None:
    assert (await door({**REPORT, "cluster": said}))[0] == 202
    assert [one.cluster for one in kept.targets] == ["prod"]


async def test_the_only_cluster_need_not_be_named(kept: Kept, http: aiohttp.ClientSession) -> None:
    async with serving(FailureDoor(TOKEN, (STAGING,), kept.take, kept.succeed)) as url:
        status, _ = await Sender(http, url)({"dag_id": "orders", "run_id": "manual__1"})
    assert status == 202
    assert [one.cluster for one in kept.targets] == ["staging"]


async def test_a_run_that_ended_well_is_kept_with_its_times(door: Sender, kept: Kept) -> None:
    run = {
        **REPORT,
        "state": "success",
        "at": "2026-11-22T10:30:00+01:00",
        "run_after": "2026-11-22T00:00:00Z",
    }
    status, counts = await door(run)
    assert (status, counts["successes"]) == (202, 1)
    (success,) = kept.successes
    assert success.at == datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
    assert success.run_after == datetime(2026, 11, 22, tzinfo=UTC)
    assert (await door({**run, "task_id": "load"}))[1]["left_out"] == 1


async def test_a_clock_that_is_ahead_is_not_believed(door: Sender, kept: Kept) -> None:
    await door({**REPORT, "at": "2030-01-01T00:00:00+00:00"})
    (failure,) = kept.failures.values()
    assert failure.failed_at == NOW


@pytest.mark.parametrize("name", ["at", "run_after"])
@pytest.mark.parametrize("said", ["yesterday", "2026-11-22T10:00:00", "0001-01-01T00:00:00+14:00"])
async def test_a_time_that_cannot_be_read_is_named(door: Sender, name: str, said: str) -> None:
    status, answer = await door({**REPORT, name: said})
    assert status == 400
    assert answer["errors"][0].startswith(f"{name} is")


async def test_successes_that_were_not_kept_are_to_be_sent_again(door: Sender, kept: Kept) -> None:
    kept.down = True
    status, _ = await door({**REPORT, "state": "success"})
    assert status == 503


@pytest.mark.parametrize("state", ["up_for_retry", "upstream_failed"])
async def test_what_airflow_will_retry_or_report_elsewhere_is_left_out(
    door: Sender, kept: Kept, state: str, meter: FakeMeter
) -> None:
    reply = await door({**REPORT, "task_id": "load", "state": state})
    assert reply == (200, {"new": 0, "known": 0, "left_out": 1})
    assert not kept.failures
    assert [outcome for _, outcome, _ in meter.deliveries] == ["ignored"]


async def test_retries_are_taken_where_they_are_asked_for(
    kept: Kept, http: aiohttp.ClientSession
) -> None:
    async with serving(FailureDoor(TOKEN, (PROD,), kept.take, kept.succeed, retries=True)) as url:
        status, _ = await Sender(http, url)({**REPORT, "state": "up_for_retry"})
    assert status == 202


@pytest.mark.parametrize(
    "authorization", ["", "Bearer wrong", "Bearer", TOKEN, f"Basic {TOKEN}", "Bearer ä"]
)
async def test_without_the_token_nothing_is_taken(
    door: Sender, kept: Kept, authorization: str
) -> None:
    body = json.dumps(REPORT).encode()
    status, said = await door.raw(body, Authorization=authorization)
    assert status == 401
    assert TOKEN not in str(said)
    assert not kept.failures


def signed(word: str, body: bytes, age: float = 0.0) -> dict[str, str]:
    at = str(int(NOW.timestamp() - age))
    made = hmac.new(word.encode(), b"v0:" + at.encode() + b":" + body, hashlib.sha256)
    return {
        "Authorization": "",
        "X_Airflow_Bot_Timestamp": at,
        "X_Airflow_Bot_Signature": f"v0={made.hexdigest()}",
    }


@pytest.mark.parametrize("age", [299, 0, -299])
async def test_a_signature_stands_for_the_token(door: Sender, kept: Kept, age: float) -> None:
    body = json.dumps(REPORT).encode()
    assert (await door.raw(body, **signed(TOKEN, body, age)))[0] == 202
    assert kept.failures


BODY = json.dumps(REPORT).encode()


@pytest.mark.parametrize(
    "headers",
    [
        signed("another word", BODY),
        signed(TOKEN, BODY + b" "),
        signed(TOKEN, BODY, age=301),
        signed(TOKEN, BODY, age=-301),
        signed(TOKEN, BODY) | {"X_Airflow_Bot_Timestamp": str(int(NOW.timestamp()) - 1)},
        signed(TOKEN, BODY) | {"X_Airflow_Bot_Timestamp": "now"},
        signed(TOKEN, BODY) | {"X_Airflow_Bot_Timestamp": ""},
        signed(TOKEN, BODY) | {"X_Airflow_Bot_Signature": "v0="},
        signed(TOKEN, BODY) | {"X_Airflow_Bot_Signature": "v0=ä"},
        signed(TOKEN, BODY) | {"X_Airflow_Bot_Signature": ""},
    ],
    ids=[
        "another word",
        "another body",
        "old",
        "of the future",
        "another time",
        "no time",
        "time missing",
        "empty",
        "no hex",
        "missing",
    ],
)
async def test_a_signature_that_does_not_fit_is_refused(
    door: Sender, kept: Kept, headers: dict[str, str]
) -> None:
    status, said = await door.raw(BODY, **headers)
    assert status == 401
    assert TOKEN not in str(said)
    assert not kept.failures


def test_signatures_and_tokens_are_compared_in_constant_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    compared: list[tuple[bytes, bytes]] = []

    def compare(given: bytes, right: bytes) -> bool:
        compared.append((given, right))
        return False

    monkeypatch.setattr(hmac, "compare_digest", compare)
    headers = Headers({"X-Airflow-Bot-Signature": "v0=00", "X-Airflow-Bot-Timestamp": "1"})
    assert not is_right(headers, BODY, TOKEN)
    ((given, right),) = compared
    assert given == b"v0=00"
    assert len(right) == len("v0=") + 64


async def test_a_database_that_is_down_asks_for_a_repetition(
    door: Sender, kept: Kept, meter: FakeMeter
) -> None:
    kept.down = True
    assert (await door(REPORT))[0] == 503
    kept.down = False
    assert (await door(REPORT))[0] == 202
    assert [outcome for _, outcome, _ in meter.deliveries] == ["refused", "taken"]


async def test_only_json_is_read(door: Sender, kept: Kept) -> None:
    status, _ = await door.raw(b"dag_id=orders", Content_Type="application/x-www-form-urlencoded")
    assert status == 415
    for body in (b"", b"{", b"\xff\xfe", b"[" * 100_000):
        assert (await door.raw(body))[0] == 400
    assert not kept.failures


async def test_a_body_that_is_too_long_is_refused(door: Sender, kept: Kept) -> None:
    status, said = await door.raw(b'{"dag_id": "' + b"x" * BODY_MAX + b'"}')
    assert status == 413
    assert "longer than" in said["errors"][0]


async def test_every_fault_is_named_with_its_remedy(door: Sender, kept: Kept) -> None:
    said = await door.faults(
        [
            {"cluster": "nowhere", "dag_id": "a b", "run_id": 7, "state": "running"},
            "orders_daily",
            {"cluster": "prod", "dag_id": "orders", "run_id": "r", "map_index": "x"},
        ]
    )
    for fault in (
        "failure 1: cluster is not known here. Send one of: prod, staging",
        "failure 1: dag_id is no id",
        "failure 1: run_id is no text",
        "failure 1: state is not known",
        "failure 2: is no JSON object",
        "failure 3: map_index is no whole number",
    ):
        assert fault in said
    assert not kept.failures


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ({"cluster": "prod", "run_id": "r"}, "dag_id is missing"),
        ({"cluster": "prod", "dag_id": "orders"}, "run_id is missing"),
        ({"dag_id": "orders", "run_id": "r"}, "cluster is missing"),
        ({"url": "https://elsewhere.example.com/dags/a/runs/r"}, "url is of no known cluster"),
        ({"url": "https://airflow.example.com/prod/variables"}, "url is no address of a page"),
        ({"url": "https://staging.example.com/dags/a%00b/runs/r"}, "dag_id is no id"),
        ({**REPORT, "run_id": "r\ud800"}, "run_id is no id"),
        ({**REPORT, "try_number": -1}, "try_number is out of range"),
        ({**REPORT, "try_number": True}, "try_number is no whole number"),
        ({**REPORT, "dag_id": "x" * 251}, "dag_id is longer than 250"),
        ({**REPORT, "cluster": 5}, "cluster is no text"),
        ([], "The list is empty"),
        ([REPORT] * 1001, "more than 1000 failures"),
    ],
)
async def test_a_faulty_report_is_refused(
    door: Sender, kept: Kept, body: object, fault: str
) -> None:
    assert fault in await door.faults(body)
    assert not kept.failures


async def test_three_hundred_faults_are_not_all_repeated(door: Sender) -> None:
    said = await door.faults([{"cluster": "nowhere"}] * 100)
    assert len(said.splitlines()) == 21
    assert "and 280 more" in said


def test_a_door_without_a_token_is_never_built(kept: Kept) -> None:
    with pytest.raises(ValueError, match="token"):
        failure_routes(FailureDoor("", (PROD,), kept.take, kept.succeed))


async def test_a_link_of_another_airflow_is_no_failure_of_the_only_one(
    http: aiohttp.ClientSession,
) -> None:
    kept = Kept()
    async with serving(FailureDoor(TOKEN, (STAGING,), kept.take, kept.succeed)) as url:
        sender = Sender(http, url)
        status, said = await sender({"url": "https://elsewhere.example.com/dags/a/runs/r"})
        assert (status, "url is of no known cluster" in str(said)) == (400, True)
        # As Airflow writes them where its own address was never set.
        assert (await sender({"url": "http://localhost:8080/dags/a/runs/r"}))[0] == 202
