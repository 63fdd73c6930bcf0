from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import structlog

from bot.adapters.airflow.breaker import BreakerState
from bot.adapters.airflow.gate import Gate
from bot.adapters.airflow.lanes import Rank
from bot.adapters.airflow.outcome import Outcome, Refusal, Reply
from bot.domain.evidence import GapReason
from bot.services.at_work import working_on
from bot.services.no_meter import NoMeter
from tests.waiting import until


class Server:
    """Calls that stay open until they are let go."""

    def __init__(self) -> None:
        self.free = threading.Event()
        self.begun = threading.Semaphore(0)
        self.order: list[str] = []
        self._lock = threading.Lock()
        self.at_work = self.most_at_work = 0

    def call(self, name: str = "") -> Outcome:
        with self._lock:
            self.order.append(name)
            self.at_work += 1
            self.most_at_work = max(self.most_at_work, self.at_work)
        self.begun.release()
        self.free.wait(10)
        with self._lock:
            self.at_work -= 1
        return Reply(name)


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class CallMeter(NoMeter):
    """Keeps what it hears of calls to Airflow."""

    def __init__(self) -> None:
        self.outcomes: list[str] = []
        self.clusters: set[str] = set()

    def airflow_call(self, cluster: str, outcome: str, seconds: float) -> None:
        self.clusters.add(cluster)
        self.outcomes.append(outcome)


@contextmanager
def gate_of(max_calls: int = 4, **more: Any) -> Iterator[tuple[Gate, Server]]:
    gate, server = Gate("test", max_calls=max_calls, **more), Server()
    try:
        yield gate, server
    finally:
        server.free.set()
        gate.close()


async def begun(server: Server) -> None:
    assert await asyncio.to_thread(server.begun.acquire, timeout=60)


@pytest.mark.parametrize("max_calls", [1, 2, 4])
async def test_no_more_calls_than_allowed_are_at_work_logs_included(max_calls: int) -> None:
    with gate_of(max_calls) as (gate, server):
        calls = [asyncio.create_task(gate.call(server.call, seconds=10)) for _ in range(12)]
        logs = [gate.submit_log(server.call) for _ in range(3)]
        for _ in range(max_calls):
            await begun(server)
        assert gate.in_flight == max_calls
        server.free.set()
        await asyncio.gather(*calls, *(gate.wait(log, 10) for log in logs))
        assert server.most_at_work == max_calls
        assert gate.in_flight == 0


async def test_two_logs_are_never_read_at_once() -> None:
    with gate_of() as (gate, server):
        logs = [gate.submit_log(lambda: server.call("log")) for _ in range(2)]
        await begun(server)
        assert server.order == ["log"]
        assert not logs[1].running()


async def test_a_log_being_read_leaves_room_for_small_calls() -> None:
    with gate_of() as (gate, server):
        gate.submit_log(server.call)
        await begun(server)
        assert await gate.call(lambda: Reply("small"), seconds=5) == Reply("small")


async def test_a_deadline_that_passes_does_not_free_the_place() -> None:
    with gate_of(max_calls=2) as (gate, server):
        late = await gate.call(server.call, seconds=0.05)
        assert isinstance(late, Refusal)
        assert late.reason is GapReason.TIMEOUT
        assert (gate.in_flight, gate.abandoned) == (1, 1)
        waiting = asyncio.create_task(gate.call(lambda: Reply("next"), seconds=5))
        await asyncio.sleep(0.05)
        assert not waiting.done()
        server.free.set()
        assert await waiting == Reply("next")
        await until(lambda: gate.abandoned == 0, "the end of the late call")


async def test_a_call_whose_turn_did_not_come_never_goes_out() -> None:
    with gate_of(max_calls=2) as (gate, server):
        first = asyncio.create_task(gate.call(lambda: server.call("first"), seconds=10))
        await begun(server)
        never = await gate.call(lambda: server.call("never"), seconds=0.05)
        assert isinstance(never, Refusal)
        server.free.set()
        await first
        assert await gate.call(lambda: Reply("after"), seconds=5) == Reply("after")
        assert server.order == ["first"]


async def test_a_cancelled_question_takes_its_waiting_calls_back() -> None:
    with gate_of(max_calls=2) as (gate, server):
        first = asyncio.create_task(gate.call(lambda: server.call("first"), seconds=10))
        await begun(server)
        second = asyncio.create_task(gate.call(lambda: server.call("second"), seconds=10))
        await asyncio.sleep(0)
        second.cancel()
        with pytest.raises(asyncio.CancelledError):
            await second
        server.free.set()
        await first
        assert await gate.call(lambda: Reply("after"), seconds=5) == Reply("after")
        assert server.order == ["first"]


async def test_what_decides_goes_before_what_is_merely_useful() -> None:
    with gate_of(max_calls=2) as (gate, server):
        held = asyncio.create_task(gate.call(lambda: server.call("held"), seconds=10))
        await begun(server)
        ranks = {"later": Rank.BACKGROUND, "useful": Rank.USEFUL, "decides": Rank.DECISIVE}
        futures = [gate.submit(lambda n=name: server.call(n), rank) for name, rank in ranks.items()]
        server.free.set()
        await asyncio.gather(held, *(gate.wait(future, 5) for future in futures))
        assert server.order == ["held", "decides", "useful", "later"]


async def test_sustained_failures_spare_the_cluster() -> None:
    with gate_of() as (gate, _):
        down = Refusal(GapReason.UNAVAILABLE, "502")
        for _ in range(5):
            await gate.call(lambda: down, seconds=5)
        called = threading.Event()
        spared = await gate.call(lambda: called.set() or Reply(None), seconds=5)
        assert isinstance(spared, Refusal)
        assert "spared" in spared.detail
        assert "Ask again in" in spared.remedy
        assert not called.is_set()


async def test_sustained_slowness_spares_the_cluster_too() -> None:
    with gate_of(slow_seconds=-1.0) as (gate, _):
        for _ in range(5):
            await gate.call(lambda: Reply(None), seconds=5)
        assert gate.breaker is BreakerState.OPEN


async def test_forbidden_and_missing_things_are_no_trouble_of_the_cluster() -> None:
    with gate_of() as (gate, _):
        for reason in (GapReason.FORBIDDEN, GapReason.NOT_FOUND, GapReason.MALFORMED) * 5:
            await gate.call(lambda reason=reason: Refusal(reason), seconds=5)
        assert gate.breaker is BreakerState.CLOSED


async def test_a_slow_log_is_no_trouble_of_the_cluster() -> None:
    with gate_of(slow_seconds=-1.0) as (gate, _):
        for _ in range(8):
            await gate.wait(gate.submit_log(lambda: Reply(None)), 5)
        assert gate.breaker is BreakerState.CLOSED


async def test_a_fault_in_the_work_reaches_the_caller_and_frees_the_place() -> None:
    with gate_of(max_calls=1) as (gate, _):
        with pytest.raises(ZeroDivisionError):
            await gate.call(lambda: 1 / 0, seconds=5)  # type: ignore[arg-type, return-value]
        assert await gate.call(lambda: Reply("next"), seconds=5) == Reply("next")
        assert gate.in_flight == 0


def test_one_gate_serves_several_event_loops() -> None:
    with gate_of() as (gate, _):
        for _ in range(3):
            found = asyncio.run(gate.call(lambda: Reply("here"), seconds=5))
            assert found == Reply("here")


async def test_two_processes_make_half_of_the_calls_each() -> None:
    with gate_of(4) as (gate, server):
        gate.set_replicas(2)
        calls = [asyncio.create_task(gate.call(server.call, seconds=10)) for _ in range(6)]
        logs = [gate.submit_log(server.call) for _ in range(2)]
        for _ in range(2):
            await begun(server)
        assert (gate.share, gate.in_flight) == (2, 2)
        server.free.set()
        await asyncio.gather(*calls, *(gate.wait(log, 10) for log in logs))
        assert server.most_at_work == 2


@pytest.mark.parametrize(("replicas", "share"), [(1, 4), (2, 2), (3, 1), (4, 1), (50, 1), (0, 4)])
def test_every_process_has_a_share_of_at_least_one_call(replicas: int, share: int) -> None:
    with gate_of(4) as (gate, _):
        gate.set_replicas(replicas)
        assert gate.share == share


async def test_a_share_that_shrinks_takes_effect_as_calls_end() -> None:
    with gate_of(4) as (gate, server):
        calls = [asyncio.create_task(gate.call(server.call, seconds=10)) for _ in range(9)]
        for _ in range(3):
            await begun(server)
        gate.set_replicas(4)
        assert gate.in_flight == 3
        server.most_at_work = 0
        server.free.set()
        await asyncio.gather(*calls)
        assert server.most_at_work <= 3
        server.free.clear()
        again = [asyncio.create_task(gate.call(server.call, seconds=10)) for _ in range(3)]
        for _ in range(6):
            await begun(server)
        await begun(server)
        assert gate.in_flight == 1
        server.free.set()
        await asyncio.gather(*again)


async def test_a_share_that_grows_starts_what_waits() -> None:
    with gate_of(4) as (gate, server):
        gate.set_replicas(4)
        calls = [asyncio.create_task(gate.call(server.call, seconds=10)) for _ in range(9)]
        await begun(server)
        assert gate.in_flight == 1
        gate.set_replicas(1)
        for _ in range(2):
            await begun(server)
        assert gate.in_flight == 3
        server.free.set()
        await asyncio.gather(*calls)


async def test_people_go_before_reported_failures_on_the_same_cluster() -> None:
    with gate_of(max_calls=2) as (gate, server):
        held = asyncio.create_task(gate.call(lambda: server.call("held"), seconds=10))
        await begun(server)
        with working_on("failure:1", gives_way=True):
            reported = gate.submit(lambda: server.call("reported"), Rank.DECISIVE)
        asked = gate.submit(lambda: server.call("asked"), Rank.USEFUL)
        server.free.set()
        await asyncio.gather(held, gate.wait(reported, 5), gate.wait(asked, 5))
        assert server.order == ["held", "asked", "reported"]


async def test_what_is_logged_in_the_thread_says_for_whom() -> None:
    with gate_of() as (gate, _), working_on("T1:C1:17.5"):
        outcome = await gate.call(
            lambda: Reply(structlog.contextvars.get_contextvars()["work"]), seconds=5
        )
    assert outcome == Reply("T1:C1:17.5")


async def test_calls_given_up_and_calls_waiting_are_told_apart() -> None:
    with gate_of(max_calls=2) as (gate, server):
        await gate.call(server.call, seconds=0.05)
        waiting = asyncio.create_task(gate.call(lambda: Reply("next"), seconds=5))
        await asyncio.sleep(0)
        assert (gate.in_flight, gate.abandoned, gate.waiting) == (1, 1, 1)
        server.free.set()
        await waiting
        assert gate.waiting == 0


async def test_a_cluster_that_answers_nothing_is_asked_nothing_more() -> None:
    clock = Clock()
    with gate_of(silent_seconds=10.0, clock=clock) as (gate, server):
        calls = [asyncio.create_task(gate.call(server.call, seconds=30)) for _ in range(5)]
        for _ in range(3):
            await begun(server)
        assert gate.refusal() is None
        clock.now = 10.0
        refused = await gate.call(lambda: Reply("never"), seconds=5)
        assert isinstance(refused, Refusal)
        assert (refused.reason, refused.detail) == (
            GapReason.UNAVAILABLE,
            "Airflow has answered nothing for 10 s",
        )
        server.free.set()
        outcomes = await asyncio.gather(*calls)
        assert [isinstance(one, Refusal) for one in outcomes[:3]] == [False] * 3
        assert await gate.call(lambda: Reply("again"), seconds=5) == Reply("again")


async def test_who_waits_for_a_turn_does_not_wait_for_a_silent_cluster() -> None:
    clock = Clock()
    with gate_of(max_calls=2, silent_seconds=10.0, clock=clock) as (gate, server):
        first = asyncio.create_task(gate.call(server.call, seconds=60))
        await begun(server)
        second = asyncio.create_task(gate.call(server.call, seconds=60))
        await asyncio.sleep(0)
        clock.now = 11.0
        refused = await second
        assert isinstance(refused, Refusal)
        assert "answered nothing" in refused.detail
        assert not first.done()
        server.free.set()
        await first


async def test_a_cluster_with_one_slow_call_among_quick_ones_is_not_silent() -> None:
    clock = Clock()
    with gate_of(silent_seconds=10.0, slow_seconds=60.0, clock=clock) as (gate, server):
        slow = asyncio.create_task(gate.call(server.call, seconds=30))
        await begun(server)
        clock.now = 9.0
        await gate.call(lambda: Reply("quick"), seconds=5)
        clock.now = 18.0
        assert not gate.is_silent
        server.free.set()
        await slow


async def test_a_long_log_is_no_silence() -> None:
    clock = Clock()
    with gate_of(silent_seconds=10.0, clock=clock) as (gate, server):
        log = gate.submit_log(server.call)
        await begun(server)
        clock.now = 100.0
        assert await gate.call(lambda: Reply("small"), seconds=5) == Reply("small")
        server.free.set()
        await gate.wait(log, 5)


async def test_calls_that_went_out_are_counted_by_outcome() -> None:
    meter = CallMeter()
    with gate_of(meter=meter) as (gate, _):
        await gate.call(lambda: Reply(None), seconds=5)
        for _ in range(5):
            await gate.call(lambda: Refusal(GapReason.UNAVAILABLE), seconds=5)
        await gate.call(lambda: Reply("spared"), seconds=5)
    assert meter.outcomes == ["ok"] + ["unavailable"] * 5
    assert meter.clusters == {"test"}
