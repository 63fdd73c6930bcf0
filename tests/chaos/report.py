"""What a run has shown: one closing line, what went wrong on purpose, and what was found."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bot.playground.workspace import Message
from tests.chaos.asks import Answer, Ask, Kind, Pressed
from tests.chaos.reading import Said
from tests.chaos.reporting import Reporter
from tests.chaos.standstill import Standstill
from tests.chaos.tally import Tally

_SHOWN = 5  # of each kind of finding
_SLOWEST = 3


@dataclass(frozen=True)
class Findings:
    """What is wrong with the answers. `lost`, `excused` and `doubled` are questions, `untold` and
    `retold` Dags whose failure Airflow reported.

    `excused` got an apology for an answer, or word that an operator whom nobody saw called them
    off. No fault of a run explains one: a silent Airflow or model makes an answer with gaps, and
    all else can be tried again.
    """

    lost: Sequence[Ask]
    excused: Sequence[Ask]
    doubled: Sequence[Ask]
    strays: Sequence[Answer]
    misplaced: Sequence[tuple[Ask, Message]]
    disordered: Sequence[tuple[Ask, Ask]]
    hanging: Sequence[str]
    unheeded: Sequence[Pressed]
    untold: Sequence[str]
    retold: Mapping[str, Sequence[Message]]

    @classmethod
    def of(cls, tally: Tally, reporter: Reporter) -> Findings:
        """Read once everything has ended."""
        told = reporter.told(tally.ws)
        strays = tally.settle()
        taken = [ask for ask in tally.asks if ask.acked is not None]
        return cls(
            lost=[ask for ask in taken if ask.said is None],
            excused=[ask for ask in tally.asks if _is_excused(ask)],
            doubled=[ask for ask in tally.asks if len(ask.answers) > 1],
            strays=strays,
            misplaced=list(tally.misplaced()),
            disordered=tally.disordered(),
            hanging=tally.hanging(),
            unheeded=tally.unheeded(),
            untold=reporter.untold(tally.ws),
            retold={dag: messages for dag, messages in told.items() if len(messages) > 1},
        )

    @property
    def count(self) -> int:
        answers = (
            self.lost,
            self.excused,
            self.doubled,
            self.strays,
            self.misplaced,
            self.disordered,
        )
        rest = (self.hanging, self.unheeded, self.untold, self.retold)
        return sum(len(one) for one in (*answers, *rest))

    def lines(self) -> Iterator[str]:
        for ask in self.excused[:_SHOWN]:
            yield f"no answer but an apology: {ask.line}: {ask.said}"
        for ask in self.doubled[:_SHOWN]:
            yield f"doubled: {ask.line}: {', '.join(answer.ts for answer in ask.answers)}"
        for answer in self.strays[:_SHOWN]:
            yield f"belongs to no question: {answer.channel} {answer.ts}"
        for ask, message in self.misplaced[:_SHOWN]:
            yield f"about another Dag: {ask.line}: {message.ts}"
        for first, second in self.disordered[:_SHOWN]:
            yield f"wrong order: {first.line} was answered after {second.line}"
        for sign in self.hanging[:_SHOWN]:
            yield f"left hanging: {sign}"
        for press in self.unheeded[:_SHOWN]:
            yield f"pressed in vain: by {press.user} in {press.channel} {press.root}"
        for dag in self.untold[:_SHOWN]:
            yield f"never told of: {dag}"
        for dag, messages in list(self.retold.items())[:_SHOWN]:
            for message in messages:
                told = f"in {message.thread_ts or 'the channel'}: {message.text!r}"
                yield f"told of more than once: {dag}: {message.ts} {told}"


@dataclass(frozen=True)
class Course:
    """How the run went. `stormy` and `drained` are seconds, `drained` None where work was left at
    the end; `stopped` are seconds from SIGTERM to the end of each process, None where killed.
    `standstill` is on the work of killed processes, None where it was not looked at."""

    faults: Mapping[str, int]
    stormy: float
    drained: float | None
    stopped: Sequence[float | None]
    lost_processes: int
    starts: int
    standstill: Standstill | None = None

    def figures(self) -> Iterator[tuple[str, str]]:
        yield "processes that ended by themselves", str(self.lost_processes)
        yield "starts of processes", str(self.starts)
        yield "trouble lasted", f"{self.stormy:.0f} s"
        yield "drained within", "never" if self.drained is None else f"{self.drained:.0f} s"
        words = ("killed" if one is None else f"{one:.1f} s" for one in self.stopped)
        yield "stopped within", ", ".join(words)
        if self.standstill is not None:
            yield "work of the killed stood p50 / p99 / max", self.standstill.line


@dataclass(frozen=True)
class Report:
    """`mentions` are the questions that were acknowledged, however they were asked.

    `traces` are lines on questions that were lost, `folder` is where the logs of all are.
    """

    tally: Tally
    reporter: Reporter
    findings: Findings
    course: Course
    folder: Path
    traces: Sequence[str] = field(default=())

    @property
    def taken(self) -> list[Ask]:
        return [ask for ask in self.tally.asks if ask.acked is not None]

    @property
    def mentions(self) -> int:
        return len(self.taken)

    @property
    def answers(self) -> int:
        return _saying(Said.ANSWER, self.taken)

    @property
    def apologies(self) -> int:
        return _saying(Said.APOLOGY, self.taken)

    @property
    def called_off(self) -> int:
        return _saying(Said.CALLED_OFF, self.taken)

    @property
    def lost(self) -> int:
        return len(self.findings.lost)

    @property
    def doubled(self) -> int:
        return len(self.findings.doubled)

    @property
    def kills(self) -> int:
        return sum(count for name, count in self.course.faults.items() if name.startswith("kill"))

    @property
    def kinds_of_trouble(self) -> int:
        """Of those besides kills."""
        return sum(not name.startswith("kill") for name in self.course.faults)

    @property
    def is_clean(self) -> bool:
        """Nothing lost, doubled, out of place or left undone, and all processes ended in time."""
        ended = self.course.drained is not None and None not in self.course.stopped
        return ended and not self.findings.count

    @property
    def closing_line(self) -> str:
        counted = [f"mentions {self.mentions}", f"answers {self.answers}"]
        counted += [f"apologies {self.apologies}"] if self.apologies else []
        counted += [f"called off {self.called_off}"] if self.called_off else []
        return ", ".join([*counted, f"lost {self.lost}", f"doubled {self.doubled}"])

    def lines(self) -> Iterator[str]:
        yield "faults injected"
        for name, count in sorted(self.course.faults.items()):
            yield f"  {count:5}  {name}"
        yield "figures"
        for name, value in (*self._figures(), *self.course.figures()):
            yield f"  {name:<42} {value}"
        yield from self.findings.lines()
        for ask in sorted(self.taken, key=_wait)[-_SLOWEST:]:
            yield f"among the slowest: {ask.line}: {_wait(ask):.0f} s"
        yield from self.traces
        if not self.is_clean:
            yield f"settings and logs of all processes are kept in {self.folder}"
        yield self.closing_line

    def _figures(self) -> Iterator[tuple[str, str]]:
        asks, found = self.tally.asks, self.findings
        yield "questions asked", str(len(asks))
        for kind in Kind:
            yield f"  {kind}", str(sum(ask.kind is kind for ask in asks))
        yield "acknowledged", str(self.mentions)
        yield "given up by Slack, never acknowledged", str(len(asks) - self.mentions)
        untaken = [ask for ask in asks if ask.acked is None]
        yield "  of these answered all the same", str(_saying(Said.ANSWER, untaken))
        yield "answers", str(self.answers)
        yield "apologies in place of an answer", str(_saying(Said.APOLOGY, asks))
        yield "word that it was called off", str(_saying(Said.CALLED_OFF, asks))
        yield "answers too many", str(sum(len(ask.answers) - 1 for ask in found.doubled))
        yield "answers that belong to no question", str(len(found.strays))
        yield "answers about another Dag", str(len(found.misplaced))
        yield "answers in the wrong order", str(len(found.disordered))
        yield "signs of work left hanging", str(len(found.hanging))
        yield "failures reported / taken", f"{self.reporter.sent} / {len(self.reporter.taken)}"
        yield "  of these untold / told twice", f"{len(found.untold)} / {len(found.retold)}"
        yield "presses taken / shown / shown twice", _pressed(self.tally.presses)
        yield "deliveries tried again", str(self.tally.redelivered)
        for reason, count in self.tally.refusals.most_common():
            yield f"  questions not taken: {reason}", str(count)
        yield "Web API calls spoilt", str(self.tally.unanswered_calls)
        yield "question to answer p50 / p99 / max", _waits(self.taken)


def _wait(ask: Ask) -> float:
    """Seconds from question to answer."""
    return ask.answers[0].at - ask.said_at if ask.answers else math.inf


def _saying(said: Said, asks: Sequence[Ask]) -> int:
    return sum(ask.said is said for ask in asks)


def _is_excused(ask: Ask) -> bool:
    return ask.said is Said.APOLOGY or (ask.said is Said.CALLED_OFF and not ask.cancelled)


def _pressed(presses: Sequence[Pressed]) -> str:
    shown = [press.shown for press in presses if press.taken]
    return f"{len(shown)} / {sum(map(bool, shown))} / {sum(one > 1 for one in shown)}"


def _waits(asks: Sequence[Ask]) -> str:
    waits = sorted(_wait(ask) for ask in asks if ask.answers)
    if not waits:
        return "-"
    p99 = waits[min(len(waits) - 1, int(len(waits) * 0.99))]
    return f"{waits[len(waits) // 2]:.1f} / {p99:.1f} / {waits[-1]:.1f} s"
