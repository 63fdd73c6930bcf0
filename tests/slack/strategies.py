"""Replies of every kind with anything at all in them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TypeVar

from hypothesis import strategies as st

from bot.domain.answers import (
    Apology,
    Choice,
    Claim,
    ClusterReport,
    Diagnosis,
    Explanation,
    HealthReport,
    Help,
    HowTo,
    Link,
    LogReport,
    ModelOutcome,
    NotFound,
    StatusReport,
    Unsupported,
)
from bot.domain.evidence import ComponentHealth, DagRun, Gap, GapReason, Pool, TaskInstance
from bot.domain.logs import LogLine
from bot.domain.oncall import OnCallNow, Responder
from bot.domain.reports import (
    FailingDag,
    FailingDags,
    OnCallLevel,
    OnCallReport,
    RunbookName,
    RunbookReport,
)
from bot.domain.runbooks import Passage
from bot.domain.targets import Ambiguous, Nowhere, Option, Target
from bot.domain.verdicts import ErrorClass, Quote, RetryAdvice, RuledOut, Verdict, VerdictKind

NASTY = (
    "<!channel>",
    "<!here|here>",
    "<@U0ONCALL01>",
    "<#C0GENERAL1|general>",
    "<!subteam^S0TEAM0001>",
    "\uff1c!channel\uff1e \uff20channel \ufe64!here",
    "<\u200b!channel>",
    "<https://evil.example.com|click here>",
    "https://evil.example.com/?leak=1",
    "[click](https://evil.example.com)",
    "![pixel](https://evil.example.com/p.png)",
    "<https://evil.example.com>",
    "\u202egnp.exe\u2066 \u200f\u200d\ufeff",
    "\x00\x07\x1b[31mred\x1b[0m\x1b]8;;https://evil.example.com\x07x\x1b]8;;\x07",
    "```\nnever closed",
    "> quote\n\n- a\n  - b\n    - c\n      1. d",
    "| a | b |\n|---|---|\n| 1 | 2 |",
    "<script>alert(1)</script><!-- <!channel> -->",
    "&lt;!channel&gt; &amp;lt;!here&amp;gt;",
    "🏳️‍🌈👩‍👩‍👧‍👦🧨",
    "日本語のエラー",
    "عربى",
    "\ud800",
    "*bold* _it_ ~s~ `code`",
    "#" * 30,
    "- " * 40,
    "",
    " ",
    "\n\n\n",
)
words = st.one_of(
    st.text(max_size=40),
    st.sampled_from(NASTY),
    st.builds(lambda piece, times: piece * times, st.sampled_from(NASTY), st.integers(1, 500)),
)
names = st.one_of(st.text(min_size=1, max_size=250), st.sampled_from(NASTY))
moments = st.none() | st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1)).map(  # noqa: DTZ001
    lambda at: at.replace(tzinfo=UTC)
)
counts = st.integers(-5, 10**9)
OWN_HOST = "https://airflow.example.com/"


T = TypeVar("T")


def several(strategy: st.SearchStrategy[T], most: int = 12) -> st.SearchStrategy[tuple[T, ...]]:
    return st.lists(strategy, max_size=most).map(tuple)


targets = st.builds(
    Target,
    names,
    st.none() | names,
    st.none() | names,
    st.none() | names,
    st.none() | st.integers(-1, 10**6),
    st.none() | st.integers(0, 99),
)
links = several(
    st.builds(Link, words, st.integers(0, 3_500).map(lambda size: OWN_HOST + "x" * size)), 5
)
gaps = several(st.builds(Gap, words, st.sampled_from(GapReason), words, words))
lines = several(
    st.builds(
        LogLine,
        st.integers(1, 10**6),
        words,
        moments,
        st.none() | words,
        repeated=st.integers(1, 10**6),
    ),
    60,
)
quotes = st.builds(
    Quote, names, words, words, st.none() | counts, st.none() | counts, st.none() | words
)
verdicts = st.builds(
    Verdict,
    st.sampled_from(VerdictKind),
    names,
    words,
    st.floats(0, 1),
    several(quotes, 6),
    words,
    st.sampled_from(RetryAdvice),
    names,
    st.sampled_from(ErrorClass),
    several(st.builds(RuledOut, names, words, st.none() | quotes), 15),
    several(names, 15),
    gaps,
)
claims = several(st.builds(Claim, words, several(names, 5), st.booleans()), 8)
explanations = st.builds(
    Explanation,
    st.sampled_from(ModelOutcome),
    claims,
    claims,
    words,
    st.integers(0, 9),
    names,
)
passages = several(
    st.builds(Passage, names, words, words, st.sampled_from(["runbook", "dag docs"])), 6
)
options = several(st.builds(Option, words, targets), 120)
runs = st.builds(
    DagRun,
    names,
    names,
    st.none() | words,
    start=moments,
    duration=st.none() | st.floats(0, 10**7),
)
tasks = st.builds(
    TaskInstance, names, names, names, st.integers(-1, 999), st.none() | words, counts, end=moments
)
pools = st.builds(Pool, names, counts, counts, counts, counts, counts, counts)
clusters = st.builds(
    ClusterReport,
    names,
    st.booleans(),
    st.none() | words,
    several(st.builds(ComponentHealth, words, st.none() | words, moments)),
    pools=several(pools),
    import_errors=st.none() | counts,
    failed_last_hour=st.none() | counts,
    gaps=gaps,
)
diagnoses = st.builds(
    Diagnosis,
    names,
    targets,
    words,
    verdicts,
    several(words, 8),
    words,
    words,
    words,
    words,
    several(st.tuples(words, words), 16),
    links,
    passages,
    lines,
    counts,
    explanations,
)
failing = st.builds(
    FailingDag,
    names,
    names,
    words,
    names,
    names,
    moments,
    counts,
    st.booleans(),
    st.integers(0, 3_500).map(lambda size: OWN_HOST + "x" * size),
)
on_calls = st.builds(
    OnCallNow,
    counts,
    several(st.builds(Responder, names, words, words), 9),
    names,
    moments,
    words,
    words,
)
replies = st.one_of(
    diagnoses,
    st.builds(
        StatusReport,
        names,
        targets,
        several(runs),
        several(tasks, 40),
        links,
        st.none() | st.booleans(),
        several(names),
        gaps,
    ),
    st.builds(HealthReport, names, several(clusters, 14)),
    st.builds(LogReport, names, targets, lines, counts, counts, links, gaps),
    st.builds(HowTo, names, words, passages, explanations),
    st.builds(Choice, names, st.builds(Ambiguous, words, options)),
    st.builds(NotFound, names, st.builds(Nowhere, words, several(words), options, words)),
    st.builds(Help, names, several(names), words),
    st.builds(Unsupported, names, words, words),
    st.builds(Apology, names, words),
    st.builds(
        FailingDags,
        names,
        several(failing),
        counts,
        several(words),
        several(words),
        st.booleans(),
        counts,
        gaps,
    ),
    st.builds(
        RunbookReport,
        names,
        words,
        words,
        words,
        words,
        several(st.tuples(names, words), 8),
        st.just(""),
        several(st.builds(RunbookName, names, words), 90),
    ),
    st.builds(
        OnCallReport, names, several(st.builds(OnCallLevel, on_calls, st.none() | on_calls), 6)
    ),
)
