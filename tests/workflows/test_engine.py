from __future__ import annotations

import asyncio
import logging
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from sqlalchemy import text

from bot.adapters.sql.engine import create_engine
from bot.domain.checks import CheckStatus
from bot.domain.errors import StoreError
from bot.domain.work import Job, Priority, Queue, WorkStatus
from bot.services.ports import DurableSteps
from bot.workflows.config import EngineConfig, Schedule
from bot.workflows.engine import Engine
from tests.postgres import PostgresDatabase
from tests.waiting import until
from tests.workflows.support import Errand, errand, finished, looking, running

A_SECOND = timedelta(seconds=0.999)


class Desk:
    """Notes in which order errands begin and end. Those in `held` take until `release`."""

    def __init__(self, *held: str) -> None:
        self.begun: list[str] = []
        self.ended: list[str] = []
        self.at_once = 0
        self.most_at_once = 0
        self.release = asyncio.Event()
        self._held = held

    async def __call__(self, body: Errand, steps: DurableSteps) -> str:
        self.begun.append(body.text)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        if body.text in self._held:
            await self.release.wait()
        await asyncio.sleep(body.seconds)
        self.at_once -= 1
        self.ended.append(body.text)
        return body.text


async def test_work_is_done_once_however_often_it_is_handed_in(url: str) -> None:
    desk = Desk()
    async with running(url, desk) as engine:
        for _ in range(3):
            await engine.start(errand("a"))
        await finished(url, "a")
        await engine.start(errand("a"))
        await engine.start(errand("b"))
        await finished(url, "b")
    assert desk.begun == ["a", "b"]


async def test_work_is_taken_in_with_the_callers_transaction_or_not_at_all(url: str) -> None:
    database = create_engine(url)
    async with running(url, Desk()) as engine:
        async with database.connect() as connection:
            await connection.run_sync(engine.enqueue, errand("given up"))
            await connection.rollback()
        async with database.begin() as connection:
            await connection.run_sync(engine.enqueue, errand("kept"))
        await finished(url, "kept")
        async with looking(url) as admin:
            assert await admin.show("given up") is None
    await database.dispose()


async def test_a_key_taken_on_before_leaves_the_transaction_whole(url: str) -> None:
    database = create_engine(url)
    desk = Desk()
    async with running(url, desk) as engine:
        async with database.begin() as connection:
            await connection.execute(text("CREATE TABLE noted (key VARCHAR PRIMARY KEY)"))
        for note in ("first", "second"):
            async with database.begin() as connection:
                await connection.execute(text(f"INSERT INTO noted VALUES ('{note}')"))
                await connection.run_sync(engine.enqueue, errand("twice"))
        await finished(url, "twice")
        async with database.connect() as connection:
            noted = await connection.execute(text("SELECT key FROM noted ORDER BY key"))
            assert noted.scalars().all() == ["first", "second"]
    await database.dispose()
    assert desk.begun == ["twice"]


async def test_a_process_that_only_takes_in_leaves_the_work_to_others(
    shared: PostgresDatabase,
) -> None:
    desk = Desk()
    async with running(shared.url, desk, works=False) as engine:
        await engine.start(errand("a"))
        assert (await engine.ready()).status is CheckStatus.OK
        assert await engine.live_workers() == 0
    assert desk.begun == []
    async with running(shared.url, desk) as engine:
        await finished(shared.url, "a")
        assert await engine.live_workers() == 1
    assert desk.begun == ["a"]


async def test_work_of_one_share_is_done_one_after_the_other_in_order(url: str) -> None:
    desk = Desk()
    keys = [f"{number}" for number in reversed(range(6))]
    async with running(url, desk) as engine:
        for key in keys:
            await engine.start(errand(key, share="thread", seconds=0.05))
        await finished(url, *keys)
    assert desk.begun == keys
    assert desk.most_at_once == 1


async def test_what_work_starts_is_done_in_order_too(url: str) -> None:
    keys = [f"{number}" for number in reversed(range(5))]
    desk = Desk()

    async def handler(body: Errand, steps: DurableSteps) -> str:
        if body.text != "parent":
            return await desk(body, steps)
        for key in keys:
            await steps.start(errand(key, share="thread", queue=Queue.POSTS))
            await asyncio.sleep(0.005)  # arrivals are told apart by milliseconds
        return ""

    async with running(url, handler) as engine:
        await engine.start(errand("parent"))
        await finished(url, *keys)
    assert desk.begun == keys


async def test_shares_do_not_wait_for_each_other(url: str) -> None:
    desk = Desk()
    async with running(url, desk) as engine:
        await engine.start(errand("slow", share="one", seconds=3600))
        await until(lambda: "slow" in desk.begun)
        await engine.start(errand("quick", share="other"))
        await finished(url, "quick")
    assert desk.ended == ["quick"]


async def test_no_more_is_done_at_once_than_allowed(url: str) -> None:
    keys = [f"{number}" for number in range(8)]
    desk = Desk(*keys)
    async with running(url, desk, at_once=3) as engine:
        for key in keys:
            await engine.start(errand(key))
        await until(lambda: desk.at_once == 3)
        desk.release.set()
        await finished(url, *keys)
    assert desk.most_at_once == 3


@pytest.mark.parametrize("queue", [Queue.QUESTIONS, Queue.POSTS])
async def test_what_is_more_urgent_overtakes_within_its_share(url: str, queue: Queue) -> None:
    desk = Desk("holds the share")
    async with running(url, desk) as engine:
        await engine.start(errand("holds the share", queue=queue, share="s"))
        await until(lambda: bool(desk.begun))
        for key, priority in (("late", Priority.REPORTED), ("next", Priority.REMARK)):
            await engine.start(errand(key, queue=queue, share="s", priority=priority))
        await engine.start(errand("first", queue=queue, share="s", priority=Priority.ASKED))
        desk.release.set()
        await finished(url, "late")
    assert desk.begun == ["holds the share", "first", "next", "late"]


async def test_questions_do_not_wait_behind_a_storm_of_failures(url: str) -> None:
    desk = Desk()
    async with running(url, desk, at_once=4) as engine:
        for number in range(40):
            await engine.start(errand(f"f{number}", queue=Queue.FAILURES, seconds=3600))
        await until(lambda: bool(desk.begun))
        await engine.start(errand("question"))
        await finished(url, "question")
        assert desk.begun.count("question") == 1
        assert len(desk.begun) == 2  # a quarter of what is done at once is theirs


async def test_what_is_due_does_not_wait_behind_looks_at_a_slow_airflow(url: str) -> None:
    desk = Desk()
    async with running(url, desk) as engine:
        for number in range(8):
            await engine.start(errand(f"w{number}", queue=Queue.WATCHES, seconds=3600))
        await until(lambda: len(desk.begun) == 4)
        await engine.start(errand("due", queue=Queue.LATER))
        await finished(url, "due")
        assert len(desk.begun) == 5


async def test_delayed_work_waits_and_is_then_done(url: str) -> None:
    async with running(url, Desk()) as engine:
        await engine.start(errand("in an hour", queue=Queue.LATER, delay=3600))
        await engine.start(errand("soon", queue=Queue.LATER, delay=1.5))
        [soon] = await finished(url, "soon")
        async with looking(url) as admin:
            waiting = await admin.show("in an hour")
            assert waiting is not None
            assert waiting.work.status is WorkStatus.WAITING
    assert soon.work.started
    # SQLite notes beginnings in whole seconds.
    assert (soon.work.started - soon.work.since).total_seconds() >= 0.5


async def test_posts_keep_to_one_a_second_and_channel(url: str) -> None:
    async with running(url, Desk()) as engine:
        jobs = [
            errand(f"{channel}{number}", queue=Queue.POSTS, share=channel)
            for number in range(3)
            for channel in ("C1", "C2")
        ]
        for job in jobs:
            await engine.start(job)
        posted = await finished(url, *(job.key for job in jobs))
    for channel in ("C1", "C2"):
        begun = sorted(one.work.started for one in posted if one.work.share == channel)
        # By the database's clock, which is what counts: a process may be slow to begin.
        assert all(after - before >= A_SECOND for before, after in pairwise(begun))


async def test_work_of_a_kind_that_nobody_knows_fails_saying_so(file_url: str) -> None:
    async with running(file_url, Desk()) as engine:
        await engine.start(errand("a", kind="unheard of"))
        [detail] = await finished(file_url, "a")
    assert detail.work.status is WorkStatus.FAILED
    assert "unheard of" in detail.work.error


async def test_an_unforeseen_error_is_kept_by_class_and_redacted_words(url: str) -> None:
    async def breaks(body: Errand, steps: DurableSteps) -> None:
        raise LookupError("with the token xoxb-123")

    def redact(words: str) -> str:
        return words.replace("xoxb-123", "***")

    async with running(url, breaks, redact=redact) as engine:
        await engine.start(errand("a"))
        [detail] = await finished(url, "a")
    assert detail.work.error == "LookupError: with the token ***"


async def test_work_that_is_cut_off_from_within_fails_instead_of_lying_there(url: str) -> None:
    async def cut_off(body: Errand, steps: DurableSteps) -> None:
        raise asyncio.CancelledError

    async with running(url, cut_off) as engine:
        await engine.start(errand("a"))
        [detail] = await finished(url, "a")
    assert detail.work.status is WorkStatus.FAILED


async def test_scheduled_work_comes_up_by_itself(url: str) -> None:
    desk = Desk()

    def tidy(at: datetime) -> Job:
        return errand(f"tidy {at:%H:%M:%S}", text="tidy", queue=Queue.LATER, share="tidy")

    async with running(url, desk, schedules=[Schedule("tidy", "* * * * * *", tidy)]):
        await until(lambda: desk.begun.count("tidy") >= 2)
    async with running(url, desk, schedules=[]):
        begun = len(desk.begun)
    assert set(desk.begun) == {"tidy"}
    assert begun >= 2


async def test_a_database_that_was_not_migrated_is_refused_with_the_remedy(
    postgres: PostgresDatabase,
) -> None:
    engine = Engine(EngineConfig(postgres.url), {}, [])
    with pytest.raises(StoreError, match="airflow-bot migrate"):
        await engine.open()


async def test_a_second_engine_on_one_file_is_refused_and_takes_nothing_away(
    file_url: str,
) -> None:
    desk = Desk()
    async with running(file_url, desk) as engine:
        await engine.start(errand("a", seconds=0.5))
        await until(lambda: desk.begun == ["a"])
        second = Engine(EngineConfig(file_url), {}, [])
        with pytest.raises(StoreError, match=r"bot\.db is in use by process \d+"):
            await second.open()
        await finished(file_url, "a")
    assert desk.begun == ["a"]


async def test_the_loops_own_threads_work_after_the_engine_is_closed(url: str) -> None:
    async with running(url, Desk()) as engine:
        await engine.start(errand("a"))
        await finished(url, "a")
    assert await asyncio.to_thread(lambda: 1) == 1
    assert (await engine.ready()).status is CheckStatus.FAILED


async def test_log_lines_of_dbos_go_to_the_root_logger_without_tracebacks(
    file_url: str, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    async with running(file_url, Desk()):
        pass
    dbos = logging.getLogger("dbos")
    with caplog.at_level(logging.WARNING):
        try:
            raise ValueError("what somebody wrote")
        except ValueError as error:
            dbos.warning("It broke:", exc_info=error)
        dbos.warning("Exception encountered in asynchronous workflow:")
    assert caplog.messages == ["It broke: ValueError"]
    assert "somebody" not in caplog.text + capsys.readouterr().err


async def test_a_database_that_is_down_is_told_by_readiness_and_refuses_work(
    shared: PostgresDatabase, tmp_path: Path
) -> None:
    async with running(shared.url, Desk(), works=False) as engine:
        shared.stop()
        try:
            assert (await engine.ready()).status is CheckStatus.FAILED
            with pytest.raises(StoreError):
                await engine.start(errand("a"))
        finally:
            shared.start()
        await until_ready(engine)


async def until_ready(engine: Engine) -> None:
    async def is_ready() -> bool:
        return (await engine.ready()).status is CheckStatus.OK

    await until(is_ready)


async def test_two_engines_do_not_work_in_one_process(file_url: str, shared_url: str) -> None:
    async with running(file_url, Desk()) as engine:
        with pytest.raises(RuntimeError, match="Another engine is at work"):
            await Engine(EngineConfig(shared_url), {}, []).open()
        await engine.start(errand("a"))
        await finished(file_url, "a")
