"""Spans for OpenTelemetry, over OTLP: one trace for each piece of work, whoever works on it.

The trace's id is made from the work's key. So nothing has to be handed from the process that took
it on to the one that does it, and a second try after a crash is found beside the first.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.trace import (
    NonRecordingSpan,
    Span,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
    set_span_in_context,
    use_span,
)

from bot.services.at_work import Note, Tracer, Value

SERVICE = "airflow-support-bot"
SEND_SECONDS = 5.0  # for one batch, tries included
CLOSE_SECONDS = 3.0  # for what is left at the end

_chosen: ContextVar[SpanContext | None] = ContextVar("chosen", default=None)


class OtlpTracer(Tracer):
    """Sends spans in batches from a thread of its own; what cannot be sent is dropped.

    `endpoint` is the whole address, as http://collector:4318/v1/traces. Headers for it are taken
    from OTEL_EXPORTER_OTLP_HEADERS, as everywhere with OpenTelemetry.
    """

    def __init__(
        self, endpoint: str, *, version: str, redact: Callable[[str], str] = str, instance: str = ""
    ) -> None:
        """`instance` tells the replicas apart."""
        named = {"service.name": SERVICE, "service.version": version}
        if instance:
            named["service.instance.id"] = instance
        self._redact = redact
        self._provider = TracerProvider(
            resource=Resource.create(named), id_generator=_Ids(), shutdown_on_exit=False
        )
        self._exporter = OTLPSpanExporter(endpoint=endpoint, timeout=SEND_SECONDS)
        self._provider.add_span_processor(
            BatchSpanProcessor(self._exporter, schedule_delay_millis=1_000)
        )
        self._tracer = self._provider.get_tracer("bot", version)

    def close(self) -> None:
        """Sends what is left; takes some seconds at most. Blocks, so not for the event loop."""
        sending = threading.Thread(target=self._provider.shutdown, daemon=True)
        sending.start()
        sending.join(CLOSE_SECONDS)
        if sending.is_alive():
            self._exporter.shutdown()  # type: ignore[no-untyped-call]  # ends its tries

    def delivered(self, key: str, kind: str, outcome: str, seconds: float) -> None:
        ended = time.time_ns()
        taken = outcome == "taken"
        # What was taken is the root that the work's own spans name as their parent.
        choice = _chosen.set(_root(key) if taken else None)
        try:
            span = self._tracer.start_span(
                f"delivery {kind}",
                context=Context() if taken else _below(key),
                kind=SpanKind.SERVER,
                attributes=self._clean({"work": key, "outcome": outcome}),
                start_time=ended - int(seconds * 1e9),
            )
        finally:
            _chosen.reset(choice)
        span.end(ended)

    @contextmanager
    def work(self, key: str, name: str) -> Iterator[Note]:
        span = self._tracer.start_span(
            name,
            context=_below(key),
            kind=SpanKind.CONSUMER,
            attributes=self._clean({"work": key}),
        )
        with self._open(span) as note:
            yield note

    @contextmanager
    def span(self, name: str, attributes: Mapping[str, Value]) -> Iterator[Note]:
        with self._open(self._tracer.start_span(name, attributes=self._clean(attributes))) as note:
            yield note

    @contextmanager
    def _open(self, span: Span) -> Iterator[Note]:
        """Current until left. An error is named by its type: its words may quote anything."""

        def note(**attributes: Value) -> None:
            span.set_attributes(self._clean(attributes))

        with use_span(
            span, end_on_exit=True, record_exception=False, set_status_on_exception=False
        ):
            try:
                yield note
            except BaseException as error:
                span.set_attribute("error.type", type(error).__name__)
                span.set_status(Status(StatusCode.ERROR))
                raise

    def _clean(self, attributes: Mapping[str, Value]) -> dict[str, Value]:
        return {
            name: self._redact(value) if isinstance(value, str) else value
            for name, value in attributes.items()
        }


class _Ids(RandomIdGenerator):
    """Random, save for the one span whose ids are given."""

    def generate_trace_id(self) -> int:
        chosen = _chosen.get()
        return chosen.trace_id if chosen else super().generate_trace_id()

    def generate_span_id(self) -> int:
        chosen = _chosen.get()
        return chosen.span_id if chosen else super().generate_span_id()


def _root(key: str) -> SpanContext:
    """The first span of the work's trace, the same in every process."""
    digest = hashlib.sha256(key.encode()).digest()
    return SpanContext(
        trace_id=int.from_bytes(digest[:16]),
        span_id=int.from_bytes(digest[16:24]),
        is_remote=True,
        trace_flags=TraceFlags(TraceFlags.SAMPLED),
    )


def _below(key: str) -> Context:
    return set_span_in_context(NonRecordingSpan(_root(key)), Context())
