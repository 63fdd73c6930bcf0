"""The second half of an export: the rows that were chosen, page by page, into their files."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from bot.domain.datasets import Example, Snapshot, Split
from bot.domain.errors import ExportRefused
from bot.learning.formats import Format
from bot.learning.rows import lines_of, provenance_of
from bot.services.export_ports import Chosen, Desk, Plan, Progress, SnapshotTurn, TurnPages
from bot.services.export_scrub import Report, scrubbed
from bot.services.export_survey import PAGE, Surveyor, as_before, void
from bot.services.lessons import Grounds
from bot.services.scrub_ports import Scrubber

_TALLY = "tally"
_PAGES = 5
"""So many are kept together: to make sure of files costs more than to write them."""


class Tally(msgspec.Struct):
    """What was written up to `number`: rows by path, examples by what they are, what was masked.
    `samples` are for a person to read."""

    number: int = 0
    done: int = 0
    rows: dict[str, int] = {}
    labels: dict[str, int] = {}
    judged: dict[str, int] = {}
    origins: dict[str, int] = {}
    languages: dict[str, int] = {}
    secrets: dict[str, int] = {}
    names: dict[str, int] = {}
    first: str = ""
    last: str = ""
    samples: list[str] = []


def tally_of(plan: Plan) -> Tally:
    return msgspec.json.decode(plan.notes().get(_TALLY, "{}"), type=Tally)


@dataclass(frozen=True, slots=True)
class Writer:
    pages: TurnPages
    surveyor: Surveyor
    scrubber: Scrubber
    formats: Sequence[Format]

    async def write(self, desk: Desk, snapshot: Snapshot, progress: Progress) -> None:
        """Raises `ExportRefused` where a row is gone, is another one, or holds a secret."""
        tally = tally_of(desk.plan)
        counts = desk.plan.counts()
        total = sum(counts.get(split.value, 0) for split in Split)
        progress.stage("Writing", total, tally.done)
        waiting = 0
        while chosen := desk.plan.chosen(tally.number, PAGE):
            rows = await self.pages.of_snapshot(snapshot.id, [one.number for one in chosen])
            if len(rows) < len(chosen):
                raise ExportRefused(void(await self.surveyor.found(snapshot.id)))
            grounds = await self.surveyor.grounds(snapshot)
            await asyncio.to_thread(self._page, desk, tally, chosen, rows, grounds)
            tally.number = chosen[-1].number + 1
            tally.done += len(chosen)
            waiting += 1
            if waiting == _PAGES:
                await asyncio.to_thread(_keep, desk, tally)
                waiting = 0
            progress.advance(len(chosen))
        await asyncio.to_thread(_keep, desk, tally)

    def _page(
        self,
        desk: Desk,
        tally: Tally,
        chosen: Sequence[Chosen],
        rows: Sequence[SnapshotTurn],
        grounds: Grounds,
    ) -> None:
        report = Report(Counter(tally.secrets), Counter(tally.names))
        pairs = zip(chosen, rows, strict=True)
        examples = [as_before(row.stored, one.digest, grounds) for one, row in pairs]
        for one, example in zip(chosen, scrubbed(examples, self.scrubber, report), strict=True):
            for form in self.formats:
                for path, row in lines_of(form, one.split, example):
                    desk.append(path, msgspec.json.encode(row) + b"\n")
                    _count(tally.rows, path)
            _count(tally.labels, f"{one.split.value} {_label(example)}")
            _count(tally.judged, f"{example.source.value}, {example.judgement.value}")
            _count(tally.origins, example.provenance.origin.value)
            _count(tally.languages, example.language)
            day = example.asked_at.date().isoformat()
            tally.first = min(tally.first or day, day)
            tally.last = max(tally.last, day)
            if one.is_sample:
                tally.samples.append(_sample(example))
        tally.secrets, tally.names = dict(report.secrets), dict(report.names)


def _keep(desk: Desk, tally: Tally) -> None:
    desk.keep(**{_TALLY: msgspec.json.encode(tally).decode()})


def _count(counts: dict[str, int], key: str) -> None:
    counts[key] = counts.get(key, 0) + 1


def _label(example: Example) -> str:
    if example.truth is not None:
        return example.truth[0].value
    return "how-to" if example.said is None else "not known"


def _sample(example: Example) -> str:
    """In code blocks of four backticks, which no text of a log ends."""
    parts = {
        "Asked": example.question,
        "Seen": example.evidence,
        "Answered": example.answer,
        "Found out": "\n".join(
            filter(None, (example.correction.wrong, example.correction.fix))
            if example.correction
            else ()
        ),
    }
    shown = [
        f"{name}:\n\n````text\n{text.replace('````', '`` ``')}\n````"
        for name, text in parts.items()
        if text
    ]
    origin = json.dumps(provenance_of(example), ensure_ascii=False)
    return "\n\n".join([f"`{origin}`", *shown])
