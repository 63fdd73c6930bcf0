"""A question and the message that it led to are one trace and one key in the log."""

from __future__ import annotations

from typing import Any

import structlog

from bot.adapters.tracing import OtlpTracer
from bot.domain.references import reference_of
from bot.domain.work import Queue
from bot.services.at_work import delivered, trace_with
from bot.services.ports import DurableSteps
from tests.fakes.collector import Collector
from tests.workflows.support import Errand, errand, finished, running


async def test_a_question_and_its_message_are_one_trace(url: str) -> None:
    seen: list[Any] = []

    async def ask(body: Errand, steps: DurableSteps) -> str:
        async def gather() -> str:
            seen.append(structlog.contextvars.get_contextvars())
            return "evidence"

        await steps.run("gather", gather)
        return str(await steps.call(errand("post-1", kind="post", queue=Queue.POSTS)))

    async def post(body: Errand, steps: DurableSteps) -> str:
        async def send() -> str:
            seen.append(structlog.contextvars.get_contextvars())
            return "ts"

        return await steps.run("post", send)

    with Collector() as collector:
        tracer = OtlpTracer(collector.endpoint, version="1")
        trace_with(tracer)
        delivered("T:C:1", "event", "taken", 0.01)
        async with running(url, {"errand": ask, "post": post}) as engine:
            await engine.start(errand("T:C:1"))
            await finished(url, "T:C:1")
        tracer.close()
        trace_with(None)
        spans = collector.spans
        names = {one.span_id: one.name for one in spans.values()}
        tree = {name: names.get(one.parent_span_id) for name, one in spans.items()}
        assert len({one.trace_id for one in spans.values()}) == 1
        assert tree == {
            "delivery event": None,
            "job errand": "delivery event",
            "step gather": "job errand",
            "job post": "delivery event",
            "step post": "job post",
        }
    assert seen[1] == {"work": "T:C:1", "reference": reference_of("T:C:1"), "job": "post-1"}
