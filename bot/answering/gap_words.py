"""The words of a gap report, for Slack and for the terminal; small numbers are said as numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from bot.answering.wording import duration
from bot.domain.gap_reports import FEW, CauseGap, ClusterSides, GapReport, WeekFigures
from bot.domain.runbooks import RunbookReview
from bot.domain.verdicts import VerdictKind
from bot.words import mark, number, percent, say, say_many

_NOTHING = mark("-")
CHARTED = (VerdictKind.CAPACITY, VerdictKind.CODE)
"""The two sides that are compared over the weeks."""


def title_words(report: GapReport) -> str:
    week = report.week
    first, last = _day(week.start), _day(week.until)
    return say("What I could not do, {first} to {last}", first=first, last=last)


def summary_words(report: GapReport) -> str:
    week = report.week
    if not week.questions:
        return say("Nobody asked about a failure in this week.")
    asked = say_many("{n} question about a failure", "{n} questions about failures", week.questions)
    left = say_many("{n} without an answer", "{n} without an answer", week.unanswered)
    wrong = say_many("{n} answered wrongly", "{n} answered wrongly", week.wrong)
    return f"{asked}: {left}, {wrong}."


def rows(report: GapReport) -> Iterator[tuple[str, str, str]]:
    """What is counted, in this week, in the week before."""
    for name, words in _ROWS:
        before = words(report.before) if report.before is not None else say(_NOTHING)
        yield say(name), words(report.week), before


def cause_words(gap: CauseGap) -> str:
    parts = []
    if gap.unanswered:
        parts.append(say_many("{n} unanswered", "{n} unanswered", gap.unanswered))
    if gap.wrong:
        parts.append(say_many("{n} wrong", "{n} wrong", gap.wrong))
    title = say(gap.title)
    return say(
        "{title}: {parts}, of {n}", title=title, parts=", ".join(parts), n=number(gap.questions)
    )


def review_words(review: RunbookReview) -> str:
    parts = []
    if review.wrong:
        parts.append(
            say(
                "{wrong} of {said} answers were said to be wrong",
                wrong=number(review.wrong),
                said=number(review.said),
            )
        )
    if review.due is not None:
        parts.append(say("its review was due on {date}", date=review.due.isoformat()))
    return f"{review.cause} ({review.owner}): {'; '.join(parts)}"


def drafts_words(report: GapReport) -> str:
    if not report.drafts:
        return ""
    return say_many(
        "{n} draft of a runbook awaits a decision.",
        "{n} drafts of runbooks await a decision.",
        report.drafts,
    )


def few_words(report: GapReport) -> str:
    """ "" where there are enough to go by."""
    if report.week.said >= FEW:
        return ""
    return say_many(
        "Somebody said how it ended in {n} question only: read these as single cases.",
        "Somebody said how it ended in {n} questions only: read these as single cases.",
        report.week.said,
    )


def chart_words(cluster: ClusterSides) -> str:
    """What its chart shows, for whoever cannot see it."""
    starts = sorted({one.start for one in cluster.sides})
    weeks = ", ".join(
        f"{_day(start)}: {'/'.join(str(cluster.count(start, kind)) for kind in CHARTED)}"
        for start in starts
    )
    return say("{cluster}, capacity/code by week: {weeks}", cluster=cluster.cluster, weeks=weeks)


def share_words(part: int, whole: int) -> str:
    """`7 of 12`; in percent as well where there are enough."""
    if not whole:
        return say(_NOTHING)
    counted = say("{part} of {whole}", part=number(part), whole=number(whole))
    return f"{counted} ({percent(part / whole)})" if whole >= FEW else counted


def _seconds(value: float | None) -> str:
    return say(_NOTHING) if value is None else duration(value)


def _day(at: object) -> str:
    return f"{at:%Y-%m-%d}"


_ROWS: tuple[tuple[str, Callable[[WeekFigures], str]], ...] = (
    (mark("Questions about failures"), lambda week: number(week.questions)),
    (mark("Without an answer"), lambda week: share_words(week.unanswered, week.questions)),
    (mark("Said to be wrong"), lambda week: share_words(week.wrong, week.questions)),
    (mark("Solved without a human"), lambda week: share_words(week.alone, week.said)),
    (mark("Nobody said how it ended"), lambda week: share_words(week.abandoned, week.questions)),
    (mark("Contradict themselves"), lambda week: number(week.contradicted)),
    (mark("Humans called"), lambda week: number(week.escalations)),
    (mark("Called though I was right"), lambda week: share_words(week.needless, week.told)),
    (mark("First answer, median"), lambda week: _seconds(week.p50)),
    (mark("First answer, 95th percentile"), lambda week: _seconds(week.p95)),
)
