"""Turns to store, with everything filled in that a store could lose."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from bot.domain.answers import (
    Claim,
    Diagnosis,
    Explanation,
    Link,
    ModelOutcome,
    Reply,
)
from bot.domain.conversations import Turn
from bot.domain.evidence import Evidence, Gap, GapReason, NamedText, TaskInstance
from bot.domain.logs import LogLine, LogReading, Speaker
from bot.domain.questions import (
    Asker,
    Author,
    EarlierMessage,
    Intent,
    Origin,
    Question,
    ThreadKey,
)
from bot.domain.targets import Target
from bot.domain.verdicts import ErrorClass, Quote, RetryAdvice, RuledOut, Verdict, VerdictKind

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
THREAD = ThreadKey("T1", "C1", "1700000000.000100")
TARGET = Target("prod", "orders_daily", "scheduled__2026-11-20", "load", 3, 2)


def question(
    message_ts: str = "1700000000.000100",
    *,
    thread: ThreadKey = THREAD,
    text: str = "why did orders_daily fail?",
    asked_at: datetime = NOON,
) -> Question:
    return Question(
        id=f"{thread.workspace}:{thread.channel}:{message_ts}",
        origin=Origin.SLACK,
        asker=Asker("U1", "T1"),
        thread=thread,
        message_ts=message_ts,
        text=text,
        asked_at=asked_at,
        links=("https://airflow.example.com/dags/orders_daily",),
        earlier=(EarlierMessage(Author.APP, "orders_daily failed", "1699999999.000100"),),
    )


def diagnosis(reference: str = "K7QX2M") -> Diagnosis:
    quote = Quote("L2", "MemoryError", "task log", try_number=2, line=2, at="2026-11-20T11:00:00Z")
    gap = Gap("event log", GapReason.FORBIDDEN, "403", "Grant can_read on Audit Logs.")
    verdict = Verdict(
        kind=VerdictKind.CAPACITY,
        cause="out_of_memory",
        title="Task ran out of memory",
        confidence=0.9,
        quotes=(quote,),
        why="The task asked for more memory than it had.",
        retry=RetryAdvice.POINTLESS,
        owner="platform",
        error_class=ErrorClass.RESOURCE,
        ruled_out=(RuledOut("user_code", "no exception of its own", quote),),
        also_possible=("data_grew",),
        gaps=(gap,),
    )
    return Diagnosis(
        reference=reference,
        target=TARGET,
        understood_as="the latest failed run",
        verdict=verdict,
        steps=("Raise the memory limit.",),
        check="Look at the memory of the worker.",
        owner="the platform team",
        retry_text="A retry will not help.",
        what_happened="The task was killed.",
        facts=(("State", "failed"), ("Try", "2 of 2")),
        links=(Link("Task", "https://airflow.example.com/t"),),
        explanation=Explanation(ModelOutcome.USED, (Claim("It ran out.", ("L2",)),), cost=0.01),
    )


def evidence(lines: int = 3, text: str = "MemoryError") -> Evidence:
    log = LogReading(
        try_number=2,
        lines=tuple(
            LogLine(number, f"{text} {number}", NOON, "error", speaker=Speaker.TASK)
            for number in range(1, lines + 1)
        ),
        lines_read=lines,
        longest_gap=1.5,
    )
    return Evidence(
        target=TARGET,
        airflow_version="3.3.2",
        gathered_at=NOON,
        task_instance=TaskInstance("orders_daily", "run", "load", 3, "failed", 2, start=NOON),
        log=log,
        extra=(NamedText("message", "exit code 137"),),
        gaps=(Gap("event log", GapReason.FORBIDDEN),),
    )


def turn(
    turn_id: str = "turn-1",
    *,
    asked: Question | None = None,
    reply: Reply | None = None,
    seen: Evidence | None = None,
    reply_ts: str | None = None,
) -> Turn:
    asked = asked or question()
    return Turn(
        id=turn_id,
        question=asked,
        intent=Intent.DIAGNOSE,
        reply=reply or diagnosis(),
        evidence=seen,
        answered_at=asked.asked_at + timedelta(seconds=4.2),
        seconds=4.2,
        reply_ts=reply_ts,
    )
