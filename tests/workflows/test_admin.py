from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import text

from bot.adapters.sql.engine import create_engine
from bot.domain.errors import AirflowUnavailable, BadRequest, StoreError
from bot.domain.work import CALLED_OFF, Queue, WorkStatus
from bot.services.ports import DurableSteps
from bot.workflows.admin import WorkAdmin
from bot.workflows.databases import is_sqlite
from bot.workflows.errors import StepFailed
from tests.postgres import PostgresDatabase
from tests.waiting import until
from tests.workflows.support import Errand, errand, finished, looking, running


class Flaky:
    """Three steps, of which the second fails until it is mended."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.is_mended = False

    async def __call__(self, body: Errand, steps: DurableSteps) -> list[str]:
        return [await steps.run(name, partial(self._step, name)) for name in "abc"]

    async def _step(self, name: str) -> str:
        self.begun.append(name)
        if name == "b" and not self.is_mended:
            raise AirflowUnavailable("prod is down.")
        return name


async def quick(body: Errand, steps: DurableSteps) -> str:
    return body.text


async def broken(body: Errand, steps: DurableSteps) -> None:
    raise StepFailed("It is broken.")


async def endless(body: Errand, steps: DurableSteps) -> None:
    async def wait() -> None:
        await asyncio.sleep(3600)

    await steps.run("wait", wait)


async def test_failed_work_goes_on_from_the_step_that_failed(url: str) -> None:
    flaky = Flaky()
    async with running(url, flaky) as engine, looking(url) as admin:
        await engine.start(errand("a", share="thread"))
        [failed] = await finished(url, "a")
        assert failed.work.status is WorkStatus.FAILED
        assert failed.work.error == "prod is down."
        assert [(step.name, step.error) for step in failed.steps] == [
            ("a", ""),
            ("b", "prod is down."),
        ]
        flaky.is_mended = True
        await admin.retry("a")
        [done] = await finished(url, "a")
    assert done.work.status is WorkStatus.DONE
    assert (done.work.queue, done.work.share, done.work.error) == ("questions", "thread", "")
    assert flaky.begun == ["a", "b", "b", "c"]


async def test_work_that_failed_over_other_work_takes_that_up_first(url: str) -> None:
    flaky, asked = Flaky(), 0

    async def parent(body: Errand, steps: DurableSteps) -> object:
        async def ask() -> None:
            nonlocal asked
            asked += 1

        await steps.run("ask", ask)
        return await steps.call(errand("child", kind="flaky", queue=Queue.POSTS))

    async with running(url, {"errand": parent, "flaky": flaky}) as engine, looking(url) as admin:
        await engine.start(errand("a"))
        await finished(url, "a")
        flaky.is_mended = True
        await admin.retry("a")
        whole, child = await finished(url, "a", "child")
    assert (whole.work.status, child.work.status) == (WorkStatus.DONE, WorkStatus.DONE)
    assert asked == 1
    assert flaky.begun == ["a", "b", "b", "c"]


@pytest.mark.parametrize("cancelled", ["a", "child"])
async def test_work_that_was_stopped_with_what_it_waits_for_takes_both_up(
    url: str, cancelled: str
) -> None:
    hold, begun = True, asyncio.Event()

    async def parent(body: Errand, steps: DurableSteps) -> object:
        return await steps.call(errand("child", kind="child", queue=Queue.POSTS))

    async def child(body: Errand, steps: DurableSteps) -> None:
        async def wait() -> None:
            begun.set()
            if hold:
                await asyncio.Event().wait()

        await steps.run("wait", wait)

    async with running(url, {"errand": parent, "child": child}) as engine, looking(url) as admin:
        await engine.start(errand("a"))
        await begun.wait()
        await admin.cancel(cancelled)
        whole, part = await finished(url, "a", "child")
        is_whole = cancelled == "a"
        assert whole.work.status is (WorkStatus.CANCELLED if is_whole else WorkStatus.FAILED)
        assert part.work.status is WorkStatus.CANCELLED
        hold = False
        await admin.retry("a")
        whole, part = await finished(url, "a", "child")
    assert (whole.work.status, part.work.status) == (WorkStatus.DONE, WorkStatus.DONE)


@pytest.mark.parametrize("key", ["a", "a+"])
async def test_what_work_tried_in_vain_until_it_gave_up_is_tried_anew(url: str, key: str) -> None:
    tries: list[str] = []
    is_mended = False

    async def parent(body: Errand, steps: DurableSteps) -> None:
        await steps.call(errand("other", kind="child", queue=Queue.POSTS))
        for number in range(3):
            name = f"child:{number}" if number else "child"
            if await steps.call(errand(name, kind="child", queue=Queue.POSTS)) is None:
                break
        else:
            raise StepFailed("In trouble for long.")
        await steps.call(errand("last", kind="child", queue=Queue.POSTS))

    async def child(body: Errand, steps: DurableSteps) -> Errand | None:
        tries.append(body.text)
        return None if is_mended else body

    async with running(url, {"errand": parent, "child": child}) as engine, looking(url) as admin:
        await engine.start(errand(key))
        [failed] = await finished(url, key)
        assert failed.work.error == "In trouble for long."
        is_mended = True
        await admin.retry(key)
        [done] = await finished(url, key)
    assert done.work.status is WorkStatus.DONE
    assert tries == ["other", "child", "child:1", "child:2", "child", "last"]


async def test_work_that_failed_between_its_steps_keeps_them_all(url: str) -> None:
    begun = 0
    is_mended = False

    async def handler(body: Errand, steps: DurableSteps) -> None:
        async def count() -> int:
            nonlocal begun
            begun += 1
            return begun

        await steps.run("count", count)
        if not is_mended:
            raise LookupError("a bug")

    async with running(url, handler) as engine, looking(url) as admin:
        await engine.start(errand("a"))
        await finished(url, "a")
        is_mended = True
        await admin.retry("a")
        [detail] = await finished(url, "a")
    assert detail.work.status is WorkStatus.DONE
    assert begun == 1


async def test_cancelled_work_ends_at_once_and_goes_on_when_it_is_tried_again(url: str) -> None:
    begun: list[str] = []
    hold = True

    async def handler(body: Errand, steps: DurableSteps) -> None:
        async def first() -> None:
            begun.append("first")

        async def second() -> None:
            begun.append("second")
            if hold:
                await asyncio.sleep(3600)

        await steps.run("first", first)
        await steps.run("second", second)

    async with running(url, handler) as engine, looking(url) as admin:
        await engine.start(errand("a", share="thread"))
        await until(lambda: begun == ["first", "second"])
        await admin.cancel("a")
        [cancelled] = await finished(url, "a")
        assert cancelled.work.status is WorkStatus.CANCELLED
        assert [each.key for each in await admin.list(WorkStatus.CANCELLED)] == ["a"]
        hold = False
        await engine.start(errand("next", share="thread"))
        await finished(url, "next")
        await admin.retry("a")
        [done] = await finished(url, "a")
    assert done.work.status is WorkStatus.DONE
    assert begun == ["first", "second", "first", "second", "second"]


async def test_somebody_may_tidy_up_after_work_that_was_cancelled_each_time(url: str) -> None:
    tidied: list[str] = []

    async def stuck(body: Errand, steps: DurableSteps) -> None:
        await steps.run("stuck", asyncio.Event().wait)

    async def tidy(body: Errand, steps: DurableSteps) -> None:
        tidied.append(body.text)

    async with running(url, {"errand": stuck, CALLED_OFF: tidy}) as engine, looking(url) as admin:
        await engine.start(errand("a", text="why?"))
        await admin.cancel("a")
        await until(lambda: tidied == ["why?"])
        await admin.retry("a")
        await admin.cancel("a")
        await until(lambda: tidied == ["why?", "why?"])

        async def both_ended() -> bool:
            return len(await admin.list(WorkStatus.DONE)) == 2

        await until(both_ended)
        [first, second] = await admin.list(WorkStatus.DONE)
    assert {first.kind, second.kind} == {CALLED_OFF}
    assert {first.part_of, second.part_of} == {"a"}


async def test_a_command_that_dies_while_it_cancels_has_handed_in_what_follows(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    async with running(url, {"errand": _idle}, works=False) as engine, looking(url) as admin:
        await engine.start(errand("a"))
        monkeypatch.setattr(admin._client, "cancel_workflows", die)
        with pytest.raises(KeyboardInterrupt):
            admin._cancel("a")
        assert {one.kind for one in await admin.list()} == {"errand", CALLED_OFF}
        assert await admin.status("a") is WorkStatus.WAITING
        assert await admin.status("nobody:knows") is None


async def _idle(body: Errand, steps: DurableSteps) -> None:
    pass


async def test_delayed_work_may_be_cancelled_before_its_time(url: str) -> None:
    async with running(url, quick) as engine, looking(url) as admin:
        await engine.start(errand("later", queue=Queue.LATER, delay=3600))
        await admin.cancel("later")
        [detail] = await finished(url, "later")
    assert detail.work.status is WorkStatus.CANCELLED
    assert detail.work.begun == 0


async def test_what_cannot_be_tried_again_or_cancelled_is_said(url: str) -> None:
    async with running(url, {"errand": quick, "endless": endless}) as engine:
        await engine.start(errand("done"))
        await engine.start(errand("runs", kind="endless"))
        await finished(url, "done")
        async with looking(url) as admin:
            for key, reason in (("done", "is done"), ("none", "There is no work none")):
                with pytest.raises(BadRequest, match=reason):
                    await admin.retry(key)
                with pytest.raises(BadRequest, match=reason):
                    await admin.cancel(key)
            with pytest.raises(BadRequest, match=r"is (running|waiting)"):
                await admin.retry("runs")


async def test_work_is_listed_newest_first_by_status_and_queue_in_pages(url: str) -> None:
    async with running(url, {"errand": quick, "broken": broken}) as engine, looking(url) as admin:
        for number in range(5):
            await engine.start(errand(f"q{number}"))
            await finished(url, f"q{number}")
        await engine.start(errand("f", queue=Queue.FAILURES, kind="broken"))
        await engine.start(errand("later", queue=Queue.LATER, delay=3600))
        await finished(url, "f")
        questions = await admin.list(queue=Queue.QUESTIONS, limit=2)
        more = await admin.list(queue=Queue.QUESTIONS, limit=2, offset=2)
        assert [each.key for each in (*questions, *more)] == ["q4", "q3", "q2", "q1"]
        assert [each.key for each in await admin.list(WorkStatus.FAILED)] == ["f"]
        assert [each.key for each in await admin.list(WorkStatus.WAITING)] == ["later"]
        soon = datetime.now(UTC) + timedelta(minutes=5)
        assert await admin.list(since=soon) == ()
        assert len(await admin.list(since=soon - timedelta(hours=1))) == 7


async def test_work_is_shown_with_what_was_asked_and_without_secrets(url: str) -> None:
    def redact(text: str) -> str:
        return text.replace("xoxb-1", "***")

    async with running(url, quick) as engine:
        await engine.start(errand("a", text="my token is xoxb-1 " + "x" * 500))
        await finished(url, "a")
    admin = WorkAdmin(url, [Errand], redact=redact)
    shown = await admin.show("a")
    await admin.close()
    assert shown is not None
    assert shown.summary.startswith("Errand(text='my token is ***")
    assert len(shown.summary) == 300
    assert shown.work.started is not None
    assert shown.work.finished is not None


async def test_work_with_a_body_that_is_unknown_here_is_shown_as_it_was_written(url: str) -> None:
    async with running(url, quick) as engine:
        await engine.start(errand("a"))
        await finished(url, "a")
    admin = WorkAdmin(url, [])
    shown = await admin.show("a")
    await admin.close()
    assert shown is not None
    assert (shown.work.kind, shown.work.queue, shown.work.what) == ("errand", "questions", "")
    assert '"$type": "support.Errand"' in shown.summary


async def test_queues_are_counted_with_the_age_of_what_waits_longest(url: str) -> None:
    async with (
        running(url, {"endless": endless, "broken": broken}, at_once=2) as engine,
        looking(url) as admin,
    ):
        for number in range(5):
            await engine.start(errand(f"{number}", kind="endless", share=f"{number % 3}"))
        await engine.start(errand("later", queue=Queue.LATER, delay=3600))
        await engine.start(errand("odd", kind="broken", queue=Queue.FAILURES))
        await finished(url, "odd")

        async def is_busy() -> bool:
            return ("questions", "running", 2) in {
                (each.queue, each.status.value, each.count) for each in await admin.depths()
            }

        await until(is_busy)
        depths = {(each.queue, each.status.value): each for each in await admin.depths()}
    assert len(depths) == len(Queue) * 3
    assert depths["questions", "waiting"].count == 3
    assert depths["questions", "waiting"].oldest > 0
    assert (depths["later", "waiting"].count, depths["later", "waiting"].oldest) == (1, 0)
    assert depths["failures", "failed"].count == 1
    assert (depths["posts", "waiting"].count, depths["posts", "waiting"].oldest) == (0, 0)


async def test_tidying_deletes_what_finished_long_ago_and_nothing_else(url: str) -> None:
    async with running(url, {"errand": quick, "endless": endless, "broken": broken}) as engine:
        for number in range(3):
            await engine.start(errand(f"{number}"))
        await engine.start(errand("failed", kind="broken"))
        await engine.start(errand("runs", kind="endless"))
        await finished(url, "0", "1", "2", "failed")
        now = datetime.now(UTC)
        admin = WorkAdmin(url, [Errand], clock=lambda: now)
        assert await admin.tidy(timedelta(days=1)) == 0
        later = WorkAdmin(url, [Errand], clock=lambda: now + timedelta(days=15))
        assert await later.tidy(timedelta(days=14)) == 4
        assert [each.key for each in await admin.list()] == ["runs"]
        await admin.close()
        await later.close()


async def test_work_that_killed_too_many_processes_is_given_up_until_it_is_tried_again(
    url: str,
) -> None:
    async with running(url, quick) as engine, looking(url) as admin:
        table = "workflow_status" if is_sqlite(url) else "dbos.workflow_status"
        async with create_engine(url).begin() as connection:
            await connection.run_sync(engine.enqueue, errand("a"))
            await connection.execute(text(f"UPDATE {table} SET recovery_attempts = 60"))
        [given_up] = await finished(url, "a")
        assert given_up.work.status is WorkStatus.FAILED
        assert given_up.work.error.startswith("Given up")
        for queue, found in ((Queue.QUESTIONS, ["a"]), (Queue.FAILURES, [])):
            assert [one.key for one in await admin.list(WorkStatus.FAILED, queue)] == found
            assert [one.key for one in await admin.list(queue=queue, offset=1)] == []
        depths = {(each.queue, each.status.value): each for each in await admin.depths()}
        assert depths["questions", "failed"].count == 1
        await admin.retry("a")
        [done] = await finished(url, "a")
    assert (done.work.status, done.work.queue) == (WorkStatus.DONE, "questions")


async def test_a_database_that_is_not_there_is_said_and_not_made(
    tmp_path: Path, postgres: PostgresDatabase
) -> None:
    file = tmp_path / "none.db"
    async with looking(f"sqlite+aiosqlite:///{file}") as admin:
        with pytest.raises(StoreError, match=r"There is no database .*none\.db yet"):
            await admin.list()
    assert not file.exists()
    async with looking(postgres.url) as admin:
        with pytest.raises(StoreError, match="airflow-bot migrate"):
            await admin.depths()
