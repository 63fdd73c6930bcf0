from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial
from itertools import pairwise

import pytest
from sqlalchemy.exc import OperationalError

from bot.domain.errors import AirflowUnavailable, BadRequest, BotError, StoreError
from bot.domain.references import reference_of
from bot.domain.work import FOR_A_DAY, Queue, Retry, WorkStatus
from bot.services.ports import DurableSteps
from bot.workflows.engine import Engine
from tests.waiting import until
from tests.workflows.support import CountingMeter, Errand, errand, finished, looking, running

QUICKLY = Retry(attempts=3, pause=0.01, seconds=5)


class Fails:
    """Work that raises so often, then returns."""

    def __init__(self, times: int, make: Callable[[], BaseException]) -> None:
        self.begun = 0
        self._times = times
        self._make = make

    async def __call__(self) -> str:
        self.begun += 1
        if self.begun <= self._times:
            raise self._make()
        return "done"


async def told(url: str, work: Callable[[], Awaitable[object]], retry: Retry) -> list[str]:
    """What the work sees of one step's error: live, and read back by the process after."""
    seen: list[str] = []
    again = False

    async def handler(body: Errand, steps: DurableSteps) -> None:
        try:
            await steps.run("breaks", work, retry)
        except BotError as error:
            seen.append(f"{type(error).__name__}: {error}")
        if not again:
            await asyncio.sleep(3600)

    async with running(url, handler) as engine:
        await engine.start(errand("a"))
        await until(lambda: len(seen) == 1)
    again = True
    async with running(url, handler):
        await finished(url, "a")
    return seen


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: AirflowUnavailable("prod is down."), "AirflowUnavailable: prod is down."),
        (lambda: KeyError("x"), "StepFailed: KeyError: 'x'"),
        (lambda: TimeoutError("slow"), "StepFailed: TimeoutError: slow"),
        (lambda: asyncio.CancelledError(), "StepFailed: breaks was cut off from within."),
    ],
)
async def test_work_sees_the_same_error_live_and_read_back(
    url: str, make: Callable[[], BaseException], text: str
) -> None:
    work = Fails(9, make)
    assert await told(url, work, Retry(attempts=2, pause=0.01)) == [text, text]
    assert work.begun == 2


async def test_a_step_that_takes_too_long_is_ended_and_tried_again(file_url: str) -> None:
    begun = 0

    async def work() -> None:
        nonlocal begun
        begun += 1
        await asyncio.sleep(3600)

    retry = Retry(attempts=2, pause=0.01, seconds=0.05)
    expected = "StepFailed: breaks was not done within 0.05 s."
    assert await told(file_url, work, retry) == [expected, expected]
    assert begun == 2


async def test_tries_are_counted_and_measured(url: str) -> None:
    meter, work = CountingMeter(), Fails(2, lambda: AirflowUnavailable("down"))

    async def handler(body: Errand, steps: DurableSteps) -> str:
        return await steps.run("gather", work, QUICKLY)

    async with running(url, handler, meter=meter) as engine:
        await engine.start(errand("a"))
        [detail] = await finished(url, "a")
    assert detail.work.status is WorkStatus.DONE
    assert [(step.name, step.tries) for step in detail.steps] == [("gather", 3)]
    assert meter.steps == [("gather", "retried"), ("gather", "retried"), ("gather", "done")]


async def test_what_would_only_happen_again_is_not_tried_again(url: str) -> None:
    meter, work = CountingMeter(), Fails(9, lambda: BadRequest("There is no such Dag."))

    async def handler(body: Errand, steps: DurableSteps) -> str:
        return await steps.run("gather", work, QUICKLY)

    async with running(url, handler, meter=meter) as engine:
        await engine.start(errand("a"))
        [detail] = await finished(url, "a")
    assert detail.work.error == "There is no such Dag."
    assert work.begun == 1
    assert meter.steps == [("gather", "failed")]


@pytest.mark.parametrize(
    ("retry", "fails", "begun"),
    [
        (Retry(attempts=2, pause=0.0), 11, 12),
        (Retry(attempts=2, pause=0.0), 100, 12),
        (Retry(attempts=20, pause=0.0), 100, 20),
        (Retry(pause=0.0), 11, 12),
    ],
)
async def test_an_outage_of_the_database_has_more_tries_than_what_the_step_is_about(
    file_url: str, retry: Retry, fails: int, begun: int
) -> None:
    work = Fails(fails, lambda: StoreError("The database is away."))

    async def handler(body: Errand, steps: DurableSteps) -> object:
        return await steps.run("breaks", work, retry)

    async with running(file_url, handler) as engine:
        await engine.start(errand("a"))
        [detail] = await finished(file_url, "a")
    assert work.begun == begun
    assert detail.work.status is (WorkStatus.DONE if fails < begun else WorkStatus.FAILED)


def away() -> StoreError:
    error = StoreError("The database is away.")
    error.__cause__ = OperationalError("SELECT 1", {}, ConnectionRefusedError())
    return error


async def test_a_database_that_is_away_is_waited_for_beyond_what_a_store_that_refuses_is(
    file_url: str,
) -> None:
    work = Fails(30, away)

    async def handler(body: Errand, steps: DurableSteps) -> object:
        return await steps.run("reads", work, Retry(pause=0.0))

    async with running(file_url, handler) as engine:
        await engine.start(errand("a"))
        [detail] = await finished(file_url, "a")
    assert detail.work.status is WorkStatus.DONE
    assert work.begun == 31


async def test_tries_without_a_database_are_not_counted_against_the_step(file_url: str) -> None:
    """It still has its own when the database is back."""
    errors = [*(away() for _ in range(20)), AirflowUnavailable("slow")]

    async def work() -> str:
        if errors:
            raise errors.pop(0)
        return "seen"

    async def handler(body: Errand, steps: DurableSteps) -> object:
        return await steps.run("gather", work, Retry(attempts=2, pause=0.0))

    async with running(file_url, handler) as engine:
        await engine.start(errand("a"))
        [detail] = await finished(file_url, "a")
    assert detail.work.status is WorkStatus.DONE
    assert [step.tries for step in detail.steps] == [22]


async def test_a_step_that_waited_for_a_database_that_hangs_is_tried_again(
    file_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    hangs = 3
    begun = 0

    async def silence(engine: Engine) -> str:
        return "The database did not answer." if begun <= hangs else ""

    async def work() -> None:
        nonlocal begun
        begun += 1
        if begun <= hangs:
            await asyncio.sleep(3600)

    async def handler(body: Errand, steps: DurableSteps) -> None:
        await steps.run("reads", work, Retry(pause=0.0, seconds=0.05))

    monkeypatch.setattr(Engine, "_silence", silence)
    async with running(file_url, handler) as engine:
        await engine.start(errand("a"))
        [detail] = await finished(file_url, "a")
    assert detail.work.status is WorkStatus.DONE
    assert begun == hangs + 1


async def test_a_step_may_be_tried_for_as_long_as_its_retry_says(file_url: str) -> None:
    """Pauses that double pass every number there is."""
    work = Fails(1_100, lambda: AirflowUnavailable("down"))

    async def handler(body: Errand, steps: DurableSteps) -> object:
        return await steps.run("waits", work, replace(FOR_A_DAY, pause=0.0))

    async with running(file_url, handler) as engine:
        await engine.start(errand("a"))
        [detail] = await finished(file_url, "a")
    assert detail.work.status is WorkStatus.DONE
    assert work.begun == 1_101


async def test_finished_steps_are_read_back_after_the_process_is_gone(url: str) -> None:
    begun: list[str] = []
    hold = asyncio.Event()

    async def handler(body: Errand, steps: DurableSteps) -> list[str]:
        async def first() -> str:
            begun.append("first")
            return "one"

        async def second() -> str:
            begun.append("second")
            await hold.wait()
            return "two"

        return [await steps.run("first", first), await steps.run("second", second)]

    async with running(url, handler) as engine:
        await engine.start(errand("a"))
        await until(lambda: begun == ["first", "second"])
    hold.set()
    async with running(url, handler):
        [detail] = await finished(url, "a")
    assert begun == ["first", "second", "second"]
    assert [step.name for step in detail.steps] == ["first", "second"]


async def test_steps_side_by_side_are_read_back_each_to_its_own(url: str) -> None:
    results: list[list[str]] = []
    again = False

    async def handler(body: Errand, steps: DurableSteps) -> None:
        async def say(word: str) -> str:
            await asyncio.sleep(0.01 if word == "b" else 0.05)
            return word

        words = ["a", "b", "c"]
        results.append(
            await asyncio.gather(*(steps.run(word, partial(say, word)) for word in words))
        )
        if not again:
            await asyncio.sleep(3600)

    async with running(url, handler) as engine:
        await engine.start(errand("a"))
        await until(lambda: len(results) == 1)
    again = True
    async with running(url, handler):
        await finished(url, "a")
    assert results == [["a", "b", "c"], ["a", "b", "c"]]


async def test_work_handed_on_is_done_in_its_own_queue_and_its_result_comes_back(url: str) -> None:
    async def parent(body: Errand, steps: DurableSteps) -> list[object]:
        await steps.start(errand("aside", queue=Queue.LATER, kind="child"))
        posted = await steps.call(errand("post", queue=Queue.POSTS, kind="child"))
        same = await steps.call(errand("post", queue=Queue.POSTS, kind="child"))
        return [posted, same]

    done: list[str] = []

    async def child(body: Errand, steps: DurableSteps) -> Errand:
        done.append(body.text)
        return Errand(f"{body.text} done")

    async with running(url, {"errand": parent, "child": child}) as engine:
        await engine.start(errand("a"))
        whole, aside, post = await finished(url, "a", "aside", "post")
    assert whole.work.status is WorkStatus.DONE
    assert sorted(done) == ["aside", "post"]
    assert [step.child for step in whole.steps] == ["aside", "post", "post", "post", "post"]
    assert (aside.work.queue, post.work.queue) == ("later", "posts")
    assert {aside.work.part_of, post.work.part_of} == {"a"}
    assert {each.work.reference for each in (whole, aside, post)} == {reference_of("a")}


async def test_an_error_of_work_handed_on_is_raised_to_whoever_waits(url: str) -> None:
    seen: list[str] = []

    async def parent(body: Errand, steps: DurableSteps) -> None:
        for key in ("breaks", "breaks"):
            try:
                await steps.call(errand(key, kind=key, queue=Queue.POSTS))
            except BotError as error:
                seen.append(f"{type(error).__name__}: {error}")

    async def breaks(body: Errand, steps: DurableSteps) -> None:
        raise AirflowUnavailable("prod is down.")

    async with running(url, {"errand": parent, "breaks": breaks}) as engine:
        await engine.start(errand("a"))
        await finished(url, "a")
    assert seen == ["AirflowUnavailable: prod is down."] * 2


async def test_whoever_waits_for_work_that_is_cancelled_is_told(url: str) -> None:
    async def parent(body: Errand, steps: DurableSteps) -> None:
        await steps.call(errand("child", kind="child", queue=Queue.POSTS))

    begun = asyncio.Event()

    async def child(body: Errand, steps: DurableSteps) -> None:
        begun.set()
        await asyncio.sleep(3600)

    async with running(url, {"errand": parent, "child": child}) as engine:
        await engine.start(errand("a"))
        await asyncio.wait_for(begun.wait(), 20)
        async with looking(url) as admin:
            await admin.cancel("child")
        [detail] = await finished(url, "a")
    assert detail.work.status is WorkStatus.FAILED
    assert "child was cancelled" in detail.work.error


async def test_work_that_would_wait_for_a_place_it_holds_itself_fails_at_once(url: str) -> None:
    async def parent(body: Errand, steps: DurableSteps) -> None:
        await steps.call(errand("b"))

    async with running(url, parent) as engine:
        await engine.start(errand("a"))
        [detail] = await finished(url, "a")
    assert "Work in questions cannot wait for other work in questions" in detail.work.error


async def test_a_result_that_cannot_be_kept_fails_the_work_by_name(url: str) -> None:
    async def handler(body: Errand, steps: DurableSteps) -> None:
        async def work() -> object:
            return object()

        await steps.run("odd", work)

    async with running(url, handler) as engine:
        await engine.start(errand("a"))
        [detail] = await finished(url, "a")
    assert "builtins.object cannot be kept" in detail.work.error


async def test_pauses_between_tries_grow_up_to_the_longest(file_url: str) -> None:
    at: list[float] = []

    async def handler(body: Errand, steps: DurableSteps) -> None:
        async def work() -> None:
            at.append(asyncio.get_running_loop().time())
            if len(at) < 5:
                raise AirflowUnavailable("down")

        await steps.run("odd", work, Retry(attempts=5, pause=0.1, longest=0.2))

    async with running(file_url, handler) as engine:
        await engine.start(errand("a"))
        await finished(file_url, "a")
    # A pause may come out longer on a busy machine, never shorter.
    least = zip(pairwise(at), (0.1, 0.2, 0.2, 0.2), strict=True)
    assert all(after - before >= pause for (before, after), pause in least)
