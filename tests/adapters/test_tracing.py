"""Traces, as a collector receives them."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator

import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from opentelemetry.proto.trace.v1.trace_pb2 import Status as SpanStatus

from bot.adapters.tracing import OtlpTracer
from bot.services.at_work import delivered, span, trace_with, working_on
from tests.fakes.collector import Collector

KEY = "T1:C1:17.5"


@pytest.fixture
def collector() -> Iterator[Collector]:
    with Collector() as running:
        yield running
    trace_with(None)


def tracing(collector: Collector, **more: str) -> OtlpTracer:
    tracer = OtlpTracer(
        collector.endpoint,
        version="1.2.3",
        redact=lambda text: text.replace("hunter2", "[secret]"),
        **more,
    )
    trace_with(tracer)
    return tracer


def attributes(one: Span) -> dict[str, str]:
    return {pair.key: pair.value.string_value for pair in one.attributes}


async def test_a_question_is_one_trace_from_delivery_to_post(collector: Collector) -> None:
    taking = tracing(collector, instance="web-1")
    delivered(KEY, "event", "taken", 0.02)
    taking.close()

    working = tracing(collector, instance="worker-2")  # as in another process
    with working_on(KEY, "job arrival"), span("step gather"):
        await asyncio.gather(_airflow("health"), _airflow("pools"))
    with working_on(f"{KEY}/post", "job post", part_of=KEY), span("slack chat.postMessage"):
        pass
    working.close()

    spans = collector.spans
    assert len({one.trace_id for one in spans.values()}) == 1
    root = spans["delivery event"]
    assert root.parent_span_id == b""
    assert spans["job arrival"].parent_span_id == root.span_id
    assert spans["job post"].parent_span_id == root.span_id
    assert spans["step gather"].parent_span_id == spans["job arrival"].span_id
    for name in ("airflow health", "airflow pools"):
        assert spans[name].parent_span_id == spans["step gather"].span_id
    assert spans["slack chat.postMessage"].parent_span_id == spans["job post"].span_id
    assert attributes(spans["job post"]) == {"work": KEY, "job": f"{KEY}/post"}


async def _airflow(piece: str) -> None:
    with span(f"airflow {piece}", cluster="prod") as note:
        await asyncio.sleep(0)
        note(outcome="ok", gaps=0)


def test_the_delivery_lasts_as_long_as_it_took(collector: Collector) -> None:
    tracer = tracing(collector)
    delivered(KEY, "event", "taken", 0.25)
    tracer.close()
    one = collector.spans["delivery event"]
    assert one.end_time_unix_nano - one.start_time_unix_nano == 250_000_000


def test_a_repeated_delivery_hangs_below_the_first(collector: Collector) -> None:
    tracer = tracing(collector)
    delivered(KEY, "event", "taken", 0.02)
    delivered(KEY, "retry", "duplicate", 0.01)
    tracer.close()
    first, second = collector.spans["delivery event"], collector.spans["delivery retry"]
    assert second.parent_span_id == first.span_id
    assert second.span_id != first.span_id


def test_every_process_and_every_try_makes_the_same_trace(collector: Collector) -> None:
    for number in range(2):
        tracer = tracing(collector)
        with working_on(KEY, f"job try {number}"):
            pass
        tracer.close()
    first, second = collector.spans["job try 0"], collector.spans["job try 1"]
    assert first.trace_id == second.trace_id
    assert first.span_id != second.span_id


def test_different_work_is_a_different_trace(collector: Collector) -> None:
    tracer = tracing(collector)
    for number in range(2):
        with working_on(f"T1:C1:{number}", f"job {number}"):
            pass
    tracer.close()
    assert collector.spans["job 0"].trace_id != collector.spans["job 1"].trace_id


def test_an_error_is_told_by_its_type_and_no_secret_leaves(collector: Collector) -> None:
    tracer = tracing(collector)
    with pytest.raises(RuntimeError), working_on(KEY, "job"), span("step", note="hunter2"):
        raise RuntimeError("hunter2")
    tracer.close()
    step = collector.spans["step"]
    assert step.status.code == SpanStatus.STATUS_CODE_ERROR
    assert attributes(step) == {"note": "[secret]", "error.type": "RuntimeError"}
    assert not step.events
    assert b"hunter2" not in b"".join(one.SerializeToString() for one in collector.requests)


def test_replicas_and_version_are_told(collector: Collector) -> None:
    tracer = tracing(collector, instance="worker-2")
    with working_on(KEY, "job"):
        pass
    tracer.close()
    (request,) = collector.requests
    resource = {
        pair.key: pair.value.string_value for pair in request.resource_spans[0].resource.attributes
    }
    assert resource["service.name"] == "airflow-support-bot"
    assert (resource["service.version"], resource["service.instance.id"]) == ("1.2.3", "worker-2")


@pytest.mark.parametrize("status", [400, 500, None])
async def test_a_collector_that_fails_disturbs_nobody(
    collector: Collector, status: int | None
) -> None:
    if status is None:
        tracer = OtlpTracer("http://127.0.0.1:9/v1/traces", version="1")
        trace_with(tracer)
    else:
        collector.status = status
        tracer = tracing(collector)
    done = 0
    for number in range(5_000):  # more than are kept
        with working_on(f"T1:C1:{number}", "job"), span("step"):
            done += 1
    await asyncio.wait_for(asyncio.to_thread(tracer.close), 60)
    assert done == 5_000


def test_without_a_tracer_nothing_is_traced_and_nothing_imported() -> None:
    program = """
import sys
from bot.services.at_work import delivered, span, working_on
delivered("T1:C1:1", "event", "taken", 0.1)
with working_on("T1:C1:1", "job"), span("step", cluster="a") as note:
    note(outcome="ok")
print(any(name.startswith("opentelemetry") for name in sys.modules))
"""
    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    assert ended.stdout.strip() == "False"
