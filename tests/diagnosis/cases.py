"""Small evidence and known failures for tests of the diagnosis."""

from __future__ import annotations

from collections.abc import Sequence

from bot.domain.evidence import Evidence, Gap, GapReason, TaskInstance
from bot.domain.logs import (
    ExceptionChain,
    Frame,
    LogLine,
    LogReading,
    RaisedException,
    Speaker,
)
from bot.domain.runbooks import Condition, KnownFailure, Signature, When
from bot.domain.signals import Signal, Signals
from bot.domain.targets import Target
from bot.domain.verdicts import Quote, RetryAdvice, VerdictKind

TARGET = Target("prod", "orders", "scheduled__2026-11-20", "load")


def known(
    cause: str = "some_cause",
    verdict: VerdictKind = VerdictKind.CODE,
    *,
    signatures: Sequence[str] = (),
    every: Sequence[tuple[str, str]] = (),
    some: Sequence[tuple[str, str]] = (),
    none: Sequence[tuple[str, str]] = (),
    rank: int = 0,
    confidence: float = 0.85,
    explains: str = "",
    judgement: str | None = None,
    airflow: str = "",
    executors: tuple[str, ...] = (),
) -> KnownFailure:
    return KnownFailure(
        cause=cause,
        title=cause.replace("_", " ").capitalize(),
        verdict=verdict,
        retry=RetryAdvice.UNKNOWN,
        signatures=tuple(_signature(text) for text in signatures),
        when=When(*(tuple(Condition(*pair) for pair in part) for part in (every, some, none))),
        owner="dag_owner",
        sections=(),
        path=f"runbooks/{cause}.md",
        rank=rank,
        confidence=confidence,
        explains=explains,
        judgement=judgement,
        airflow=airflow,
        executors=executors,
    )


def _signature(text: str) -> Signature:
    is_regex = len(text) > 2 and text[0] == text[-1] == "/"
    return Signature(text[1:-1] if is_regex else text, is_regex)


def signal(name: str, value: str, depth: int = 0, line: int | None = None) -> Signal:
    ident = f"L{line}" if line else f"M-{name}-{value}-{depth}"
    return Signal(name, value, Quote(ident, f"{name} {value}", "test", line=line), depth)


def signals(*items: Signal, blind: Sequence[str] = ()) -> Signals:
    return Signals(items, frozenset(blind))


def evidence(
    *,
    log: LogReading | None = None,
    gaps: Sequence[Gap] = (),
    state: str = "failed",
    **more: object,
) -> Evidence:
    task = TaskInstance("orders", TARGET.run_id or "", "load", state=state, try_number=1)
    fields: dict[str, object] = {"task_instance": task, **more}
    return Evidence(TARGET, log=log, gaps=tuple(gaps), **fields)  # type: ignore[arg-type]


def gap(source: str) -> Gap:
    return Gap(source, GapReason.FORBIDDEN)


def line(
    number: int,
    text: str,
    speaker: Speaker = Speaker.AIRFLOW,
    level: str = "info",
    source: str | None = None,
) -> LogLine:
    return LogLine(number, text, level=level, speaker=speaker, source=source)


def error(
    kind: str, message: str, number: int, *, user: bool = True, speaker: Speaker = Speaker.TASK
) -> RaisedException:
    frame = Frame("/dags/orders.py" if user else "/site-packages/x.py", 7, "load", user)
    return RaisedException(kind, message, number, (frame,), speaker)


def chain(*errors: RaisedException, **more: bool) -> ExceptionChain:
    return ExceptionChain(errors, **more)  # type: ignore[arg-type]


def reading(*lines: LogLine, chains: Sequence[ExceptionChain] = (), **more: object) -> LogReading:
    return LogReading(1, lines, tuple(chains), lines_read=len(lines), **more)  # type: ignore[arg-type]
