"""Prints what is gained by learning from those who resolve failures:

    python -m tests.benchmarks.flywheel [--failures N] [--times N] [--seed N] [FILE.jsonl …]

Labelled failures come again and again, with other numbers in their logs, to a bot that lacks the
runbooks of every second cause: so are the failures of a site to a bot that comes there. Questions,
escalations, ratings, resolved cases and drafts of runbooks go through the services and the database
of the bot; only Airflow and the people are played. Whoever is shown the right fix calls nobody.
Whoever resolves an escalation writes down the fix, a reviewer approves cases and drafts.

`off`: nothing that people said is used. `on`: they say what is true. `adversarial`: three in ten
resolutions are those of something else, of which the reviewer overlooks one in ten; four in ten
askers thumb up whatever they are told, and three in ten say nothing at all.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import re
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog

from bot.adapters.evaluation import read_samples
from bot.diagnosis.classify import diagnose
from bot.diagnosis.known import Known
from bot.domain.runbooks import KnownFailure
from bot.services.evaluate import Sample
from tests.benchmarks.flywheel_bot import Asked, LearningBot, People
from tests.scenarios.shipped import catalogue

_CASES = Path(__file__).parents[1] / "payloads" / "failures"
_BEGAN = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)
_BETWEEN = timedelta(minutes=37)
_NUMBER = re.compile(r"(?<![\w.:-])\d{4,}(?![\w.:-])")

ARMS = {
    "off": People(learns=False),
    "on": People(),
    "adversarial": People(lies=0.3, overlooks=0.1, spams=0.4, silent=0.3),
}


@dataclass
class Figures:
    """Of failures that had come before."""

    asked: int = 0
    hits: int = 0
    misled: int = 0
    right: int = 0
    confidently_wrong: int = 0
    humans: int = 0
    tokens: list[int] = field(default_factory=list)

    def take(self, one: Asked) -> None:
        self.asked += 1
        self.hits += one.is_hit
        self.misled += one.is_misled
        self.right += one.is_right
        self.confidently_wrong += one.is_confidently_wrong
        self.humans += one.called_human
        self.tokens.append(one.tokens)

    def share(self, count: int) -> str:
        return f"{100 * count / max(1, self.asked):.0f} %"


def main() -> None:
    options = _options()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    failures = catalogue().failures
    samples = _samples(options.files, failures, options.failures)
    known, withheld = _withheld(failures, samples)
    print(
        f"{len(samples)} failures, {options.times} times each; the runbooks of {withheld} of "
        f"{len({one.cause for one in failures})} causes are withheld"
    )
    head = ("", "asked again", "hit", "misled", "right", "surely wrong", "humans", "tokens", "s")
    print(("{:<12}" + "{:>15}" * 8).format(*head))
    for name, people in ARMS.items():
        began = time.perf_counter()
        stream = list(_stream(samples, options.times, random.Random(options.seed)))
        found = asyncio.run(_played(stream, known, people, options.seed))
        print(_row(name, found, time.perf_counter() - began), flush=True)


async def _played(
    stream: Sequence[tuple[Sample, datetime]],
    known: Sequence[KnownFailure],
    people: People,
    seed: int,
) -> Figures:
    figures, seen = Figures(), set[str]()
    with tempfile.TemporaryDirectory() as folder:
        async with LearningBot.opened(Path(folder), known, people, random.Random(seed)) as bot:
            bot.fixes = tuple(dict.fromkeys(sample.case.id for sample, _ in stream))
            for number, (sample, at) in enumerate(stream):
                asked = await bot.ask(number, sample, at)
                if sample.case.id in seen:
                    figures.take(asked)
                seen.add(sample.case.id)
    return figures


def _row(name: str, found: Figures, seconds: float) -> str:
    tokens = sum(found.tokens) / max(1, len(found.tokens))
    cells = (
        str(found.asked),
        found.share(found.hits),
        found.share(found.misled),
        found.share(found.right),
        found.share(found.confidently_wrong),
        found.share(found.humans),
        f"{tokens:.0f}",
        f"{seconds:.0f}",
    )
    return f"{name:<12}" + "".join(f"{cell:>15}" for cell in cells)


def _samples(files: Sequence[Path], failures: Sequence[KnownFailure], most: int) -> list[Sample]:
    """Labelled failures with a log, one of each cause that the rules find, then further ones."""
    rows = read_samples(files or [_CASES / "seen.jsonl", _CASES / "unseen.jsonl"])
    found = [row for row in rows if isinstance(row, Sample) and row.label and row.case.log_lines]
    known = Known(failures)
    causes: dict[str, list[Sample]] = {}
    for sample in found:
        causes.setdefault(diagnose(sample.case.evidence, known).cause, []).append(sample)
    in_turn = [one for turn in range(len(found)) for one in _nth(causes.values(), turn)]
    return in_turn[:most]


def _nth(groups: Iterable[Sequence[Sample]], turn: int) -> Iterator[Sample]:
    for group in groups:
        if turn < len(group):
            yield group[turn]


def _withheld(
    failures: Sequence[KnownFailure], samples: Sequence[Sample]
) -> tuple[list[KnownFailure], int]:
    """Without the runbooks of every second cause that the samples have."""
    known = Known(failures)
    causes = sorted({diagnose(one.case.evidence, known).cause for one in samples})
    gone = {
        one
        for one in causes[::2]
        if one not in ("insufficient_evidence", "unrecognised_error", "python_exception")
    }
    return [one for one in failures if one.cause not in gone], len(gone)


def _stream(
    samples: Sequence[Sample], times: int, pick: random.Random
) -> Iterator[tuple[Sample, datetime]]:
    """Each failure so many times, in a mixed order, with other numbers each time."""
    order = [sample for sample in samples for _ in range(times)]
    pick.shuffle(order)
    for number, sample in enumerate(order):
        yield _varied(sample, pick), _BEGAN + number * _BETWEEN


def _varied(sample: Sample, pick: random.Random) -> Sample:
    def other(hit: re.Match[str]) -> str:
        return "".join(str(pick.randrange(1, 10)) for _ in hit[0])

    lines = tuple(_NUMBER.sub(other, line) for line in sample.case.log_lines)
    return replace(sample, case=replace(sample.case, log_lines=lines))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="*", type=Path, help="labelled failures, as eval reads them")
    parser.add_argument("--failures", type=int, default=20)
    parser.add_argument("--times", type=int, default=5)
    parser.add_argument("--seed", type=int, default=7)
    return parser.parse_args()


if __name__ == "__main__":
    main()
