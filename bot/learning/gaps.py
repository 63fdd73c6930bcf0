"""The figures of a gap report, out of how conversations ended."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from math import ceil
from zoneinfo import ZoneInfo

from bot.domain.escalations import WasRight
from bot.domain.gap_reports import (
    FEW,
    WEEK,
    CauseGap,
    ClusterSides,
    Side,
    WeekFigures,
)
from bot.domain.outcomes import EndedConversation, Ending
from bot.domain.runbooks import KnownFailure, RunbookReview
from bot.domain.verdicts import VerdictKind

_SILENT = (Ending.OPEN, Ending.ABANDONED)


@dataclass
class Tally:
    """Takes conversations one after the other, and holds no more than counts of them. `until` is
    the end of the last of `weeks` weeks."""

    until: datetime
    weeks: int
    _weeks: dict[int, _Week] = field(default_factory=lambda: defaultdict(_Week))
    _causes: dict[str, list[int]] = field(default_factory=lambda: defaultdict(lambda: [0, 0, 0]))
    _sides: Counter[tuple[str, int, str]] = field(default_factory=Counter)
    _said: dict[str, list[int]] = field(default_factory=lambda: defaultdict(lambda: [0, 0]))

    @property
    def since(self) -> datetime:
        return self.until - self.weeks * WEEK

    def take(self, one: EndedConversation) -> None:
        """Conversations that are about no failure, or of another time, are passed over."""
        place = (self.until - one.asked_at - timedelta.resolution) // WEEK
        if not one.verdict or not 0 <= place < self.weeks or one.asked_at >= self.until:
            return
        self._weeks[place].take(one)
        self._sides[one.cluster, place, one.verdict] += 1
        wrong = is_wrong(one)
        if one.ended.ending not in _SILENT:
            said = self._said[one.predicted]
            said[0] += 1
            said[1] += wrong
        if place == 0:
            cause = self._causes[one.predicted]
            cause[0] += is_unanswered(one)
            cause[1] += wrong
            cause[2] += 1

    def figures(self) -> tuple[WeekFigures, ...]:
        """Oldest first."""
        return tuple(
            self._weeks[place].figures(self.until - (place + 1) * WEEK)
            for place in reversed(range(self.weeks))
        )

    def causes(self, titles: Mapping[str, str]) -> tuple[CauseGap, ...]:
        """Those with a gap in the last week, the widest first."""
        found = [
            CauseGap(cause, titles.get(cause, cause), unanswered, wrong, questions)
            for cause, (unanswered, wrong, questions) in self._causes.items()
            if unanswered or wrong
        ]
        return tuple(sorted(found, key=lambda one: (-one.unanswered - one.wrong, one.cause)))

    def clusters(self) -> tuple[ClusterSides, ...]:
        """The busiest first."""
        sides: dict[str, list[Side]] = defaultdict(list)
        for (cluster, place, verdict), questions in sorted(self._sides.items()):
            start = self.until - (place + 1) * WEEK
            sides[cluster].append(Side(start, verdict, questions))
        found = [
            ClusterSides(name, tuple(sorted(group, key=lambda one: one.start)))
            for name, group in sides.items()
        ]
        return tuple(sorted(found, key=lambda one: (-one.questions, one.cluster)))

    def reviews(self, known: Iterable[KnownFailure], today: date) -> tuple[RunbookReview, ...]:
        """Runbooks whose answers were said to be wrong, and those whose review is overdue."""
        found = []
        for one in known:
            said, wrong = self._said.get(one.cause, (0, 0))
            due = due_on(one)
            late = due if due is not None and due < today else None
            if late or (wrong and one.verdict is not VerdictKind.UNKNOWN):
                found.append(RunbookReview(one.cause, one.title, one.owner, late, wrong, said))
        return tuple(sorted(found, key=lambda one: (-one.wrong, one.due or today, one.cause)))


@dataclass
class _Week:
    endings: Counter[Ending] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)
    unanswered: int = 0
    wrong: int = 0
    escalated: set[str] = field(default_factory=set)
    told: dict[str, bool] = field(default_factory=dict)

    def take(self, one: EndedConversation) -> None:
        self.endings[one.ended.ending] += 1
        self.seconds.append(one.seconds)
        self.unanswered += is_unanswered(one)
        self.wrong += is_wrong(one)
        self.escalated |= set(one.escalations)
        if one.ended.bot is not WasRight.NOT_SAID:
            right = one.ended.bot is WasRight.YES
            self.told.update(dict.fromkeys(one.escalations, right))

    def figures(self, start: datetime) -> WeekFigures:
        ordered = sorted(self.seconds)
        return WeekFigures(
            start=start,
            questions=len(ordered),
            unanswered=self.unanswered,
            wrong=self.wrong,
            contradicted=self.endings[Ending.CONTRADICTED],
            abandoned=self.endings[Ending.ABANDONED],
            said=sum(n for ending, n in self.endings.items() if ending not in _SILENT),
            alone=self.endings[Ending.SOLVED_BY_BOT],
            escalations=len(self.escalated),
            told=len(self.told),
            needless=sum(self.told.values()),
            p50=_percentile(ordered, 0.5) if ordered else None,
            p95=_percentile(ordered, 0.95) if len(ordered) >= FEW else None,
        )


def is_unanswered(one: EndedConversation) -> bool:
    """The bot could not tell, and that did not help."""
    return one.verdict == VerdictKind.UNKNOWN.value and one.ended.ending is not Ending.SOLVED_BY_BOT


def is_wrong(one: EndedConversation) -> bool:
    """Somebody said so, of a verdict that was given."""
    if one.verdict == VerdictKind.UNKNOWN.value:
        return False
    return one.ended.ending is Ending.WRONG or one.ended.bot is WasRight.NO


def due_on(known: KnownFailure) -> date | None:
    """When it is to be looked at again."""
    if known.last_reviewed is None:
        return None
    return known.last_reviewed + timedelta(days=known.review_after_days)


def last_due(at: datetime, weekday: int, hour: int, zone: str) -> datetime:
    """The newest moment up to `at` at which it was that weekday (0 is Monday) and hour, by the
    clock on the wall there; `at` is aware."""
    here = at.astimezone(ZoneInfo(zone))
    for back in range(8):
        day = here.date() - timedelta(days=back)
        moment = datetime(day.year, day.month, day.day, hour, tzinfo=ZoneInfo(zone))
        if day.weekday() == weekday and moment <= at:
            return moment.astimezone(at.tzinfo)
    raise AssertionError("there is one in every eight days")


def _percentile(ordered: Sequence[float], share: float) -> float:
    """The smallest that so large a share is not greater than."""
    return ordered[max(0, ceil(share * len(ordered)) - 1)]
