from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from bot.adapters.airflow.api import Api
from bot.adapters.airflow.config import ClusterConfig
from bot.adapters.airflow.gate import Gate
from bot.adapters.airflow.log_desk import KEPT_SECONDS, LogDesk, LogKey
from bot.domain.evidence import GapReason
from tests.adapters.airflow import support
from tests.fakes.airflow_server import RecordedAirflow
from tests.waiting import until

ENDED = datetime(2026, 11, 22, 6, tzinfo=UTC)


class Setting:
    def __init__(self, airflow: RecordedAirflow) -> None:
        self.now = 0.0
        self.airflow = airflow
        config = ClusterConfig("lab", airflow.url, airflow.username, airflow.password)
        self.gate = Gate("lab", clock=lambda: self.now)
        self.desk = LogDesk(
            Api(config, lambda: self.now), self.gate, support.PlainReader, lambda: self.now
        )

    @property
    def asked(self) -> int:
        return len(self.airflow.asked("log"))

    async def has_asked(self) -> None:
        await until(lambda: self.asked > 0, "a call for a log")


@contextmanager
def setting() -> Iterator[Setting]:
    with support.serve(support.EXIT_CODE) as airflow:
        made = Setting(airflow)
        yield made
        made.gate.close()


def key(ended: datetime | None = ENDED, task_id: str = "bye") -> LogKey:
    run_id = support.recording(support.EXIT_CODE)["run_id"]
    return LogKey(support.EXIT_CODE, run_id, task_id, -1, 1, ended)


async def test_an_ended_try_is_read_once_and_kept() -> None:
    with setting() as made:
        first = await made.desk.read(key(), 5)
        assert first.reading
        assert await made.desk.read(key(), 5) == first
        assert made.asked == 1


async def test_a_kept_reading_grows_old() -> None:
    with setting() as made:
        await made.desk.read(key(), 5)
        made.now += KEPT_SECONDS + 1
        await made.desk.read(key(), 5)
        assert made.asked == 2


async def test_a_try_that_still_runs_is_read_anew_each_time() -> None:
    with setting() as made:
        for _ in range(2):
            assert (await made.desk.read(key(ended=None), 5)).reading
        assert made.asked == 2


async def test_askers_of_one_log_share_its_reading() -> None:
    with setting() as made:
        seen = await asyncio.gather(*(made.desk.read(key(ended=None), 5) for _ in range(6)))
        assert all(one == seen[0] and one.reading for one in seen)
        assert made.asked == 1


async def test_who_gives_up_does_not_end_the_reading_of_another() -> None:
    with setting() as made:
        held = made.airflow.faults.hold["log"] = threading.Event()
        patient = asyncio.create_task(made.desk.read(key(), 10))
        hasty = await made.desk.read(key(), 0.05)
        assert hasty.refusal
        assert hasty.refusal.reason is GapReason.TIMEOUT
        held.set()
        assert (await patient).reading
        assert made.asked == 1


async def test_a_reading_nobody_waits_for_is_dropped_while_it_has_not_begun() -> None:
    with setting() as made:
        held = made.airflow.faults.hold["log"] = threading.Event()
        first = asyncio.create_task(made.desk.read(key(), 10))
        await made.has_asked()
        assert (await made.desk.read(key(task_id="other"), 0.05)).refusal
        held.set()
        assert (await first).reading
        assert (await made.desk.read(key(ended=None), 5)).reading
        assert {one.path.split("/")[-3] for one in made.airflow.asked("log")} == {"bye"}


async def test_a_missing_log_is_a_refusal_and_asked_for_again() -> None:
    with setting() as made:
        for _ in range(2):
            seen = await made.desk.read(key(task_id="never_ran"), 5)
            assert seen.refusal
            assert seen.refusal.reason is GapReason.NOT_FOUND
        assert made.asked == 2


async def test_a_reading_cut_short_is_given_but_not_kept() -> None:
    with setting() as made:
        made.airflow.faults.cut.add("log")
        seen = await made.desk.read(key(), 5)
        assert seen.refusal
        assert seen.reading
        assert not seen.reading.complete
        made.airflow.faults.cut.clear()
        assert (await made.desk.read(key(), 5)).refusal is None
