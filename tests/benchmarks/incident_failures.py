"""Failures as Airflow has them, made up of a scenario and of what differs each time."""

from __future__ import annotations

import json
import random
import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.adapters.evaluation import read_samples
from bot.domain.evidence import EventLogEntry, Evidence, TaskInstance, UnmetDependency
from bot.domain.targets import Target
from bot.services.evaluate import Sample
from tests.benchmarks.incident_cases import Raised, Scenario, Wording

_BEGAN = datetime(2026, 11, 20, tzinfo=UTC)
_WORDS = ("amber", "basil", "cedar", "delta", "ember", "fjord", "grove", "hazel", "iris", "maple")
_NOISE_BEFORE = 12  # lines at most
_VARIED = re.compile(r"\{(\w+)\}")
_TOKEN = re.compile(r"[\w./:@+-]*\d[\w./:@+-]*")
_LINE_HEAD = re.compile(r"^\[[^\]]{10,40}\] \{[^}]{1,80}\} \w+ - ")


@dataclass(frozen=True, slots=True)
class Failed:
    """`log` is as Airflow serves it, "" where there is none."""

    truth: str
    evidence: Evidence
    log: str = ""


@dataclass
class Variety:
    """What differs from one failure to the next; out of real logs, where a corpus is given."""

    random: random.Random
    corpus: Path | None = None
    lines: list[str] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        for path in sorted(self.corpus.glob("logs/*.log")) if self.corpus else ():
            for line in path.read_text("utf-8", "replace").splitlines():
                found = _LINE_HEAD.match(line)
                if found is None or " INFO - " not in found[0]:
                    continue
                said = line[found.end() :].strip()
                if 8 < len(said) < 200 and "rror" not in said and "ask" not in said:
                    self.lines.append(said)
                    self.tokens += [one for one in _TOKEN.findall(said) if 5 < len(one) < 60]

    def over(self, text: str) -> str:
        return (
            _VARIED.sub(lambda hit: self._value(hit[1]), text.replace("{{", "\1"))
            .translate({1: "{"})
            .replace("}}", "}")
        )

    def noise(self) -> list[str]:
        count = self.random.randrange(_NOISE_BEFORE)
        if self.lines:
            return self.random.choices(self.lines, k=count)
        return [self.over("{word}: {n} of {n} rows done, {path}") for _ in range(count)]

    def _value(self, name: str) -> str:
        pick = self.random
        if self.tokens and name in ("id", "path") and pick.random() < 0.5:
            return pick.choice(self.tokens)
        match name:
            case "n":
                return str(int(10 ** pick.uniform(0, 6)))
            case "id":
                return self._id()
            case "path":
                return (
                    f"/tmp/{pick.choice(_WORDS)}_{self._id()}/part-{pick.randrange(99999):05}.csv"
                )
            case "date":
                return (_BEGAN + timedelta(days=pick.randrange(-900, 1))).strftime("%Y-%m-%d")
            case "ip":
                return ".".join(str(pick.randrange(1, 255)) for _ in range(4))
            case "pod":
                tail = "".join(pick.choices("bcdfghjklmnpqrstvwxz2456789", k=8))
                return f"{pick.choice(_WORDS)}-load-{tail}"
            case "word":
                return pick.choice(_WORDS)
            case "hex2" | "hex10":
                return f"{pick.getrandbits(64):016x}"[: int(name[3:])]
        raise ValueError(f"nothing is known of {{{name}}}")

    def _id(self) -> str:
        pick = self.random
        long = uuid.UUID(int=pick.getrandbits(128))
        forms = (
            str(long),
            long.hex[:12],
            str(pick.randrange(10**9)),
            f"cust_{pick.randrange(10**5)}",
        )
        return pick.choice(forms)


def failure(scenario: Scenario, variety: Variety) -> Failed:
    """One failure of that cause: another Dag, run, try, host and wording each time."""
    pick = variety.random
    wording = pick.choice(scenario.wordings)
    at = _BEGAN + timedelta(seconds=pick.randrange(3 * 86_400))
    target = Target(
        cluster=pick.choice(scenario.clusters),
        dag_id=pick.choice(scenario.dags),
        run_id=f"scheduled__{at:%Y-%m-%dT%H:00:00}+00:00",
        task_id=pick.choice(("load", "extract", "transform", "publish")),
        try_number=pick.randrange(1, 4),
    )
    task = TaskInstance(
        dag_id=target.dag_id or "",
        run_id=target.run_id or "",
        task_id=target.task_id or "",
        state=scenario.state,
        try_number=target.try_number or 1,
        max_tries=2,
        start=at,
        end=at + timedelta(seconds=pick.randrange(5, 4_000)),
        hostname=variety.over("worker-{n}.pool.example.com"),
        operator=scenario.operator,
        pool=scenario.pool,
    )
    evidence, log = _told(wording, task, target, at, variety)
    return Failed(scenario.name, evidence, log)


def _told(
    wording: Wording, task: TaskInstance, target: Target, at: datetime, variety: Variety
) -> tuple[Evidence, str]:
    evidence = Evidence(target, task_instance=task, dag_exists=True, airflow_version="3.3.2")
    if wording.unmet:
        reason = variety.over(wording.unmet)
        return replace(evidence, unmet=(UnmetDependency("Pool Slots Available", reason),)), ""
    if wording.event:
        event = EventLogEntry(
            1,
            at,
            wording.event,
            None,
            target.dag_id,
            target.task_id,
            target.run_id,
            None,
            target.try_number,
        )
        evidence = replace(evidence, events=(event,))
        if not wording.lines:
            return replace(evidence, task_instance=replace(task, hostname="", start=None)), ""
    write = variety.random.choice((_as_airflow_3, _as_airflow_2))
    chain = tuple(_varied(one, variety) for one in wording.chain)
    said = [*variety.noise(), *map(variety.over, wording.lines)]
    return evidence, write(said, chain, at, variety)


def _varied(raised: Raised, variety: Variety) -> Raised:
    frames = tuple((variety.over(file), name) for file, name in raised.frames)
    return Raised(raised.type, variety.over(raised.message), frames)


def _as_airflow_3(
    said: list[str], chain: tuple[Raised, ...], at: datetime, variety: Variety
) -> str:
    rows: list[dict[str, object]] = [
        {"event": line, "level": "info", "logger": "task.stdout"} for line in said
    ]
    if chain:
        shift = variety.random.randrange(40)
        detail = [
            {
                "exc_type": one.type.rpartition(".")[2],
                "exc_value": one.message,
                "is_cause": place > 0,
                "frames": [
                    {"filename": file, "lineno": 40 + 7 * deep + shift, "name": name}
                    for deep, (file, name) in enumerate(one.frames)
                ],
            }
            for place, one in enumerate(chain)
        ]
        failed = {"event": "Task failed with exception", "level": "error", "logger": "task"}
        rows.append({**failed, "error_detail": detail})
    stamped = (
        {"timestamp": (at + timedelta(seconds=place)).isoformat(), **row}
        for place, row in enumerate(rows)
    )
    return "\n".join(map(json.dumps, stamped)) + "\n"


def _as_airflow_2(
    said: list[str], chain: tuple[Raised, ...], at: datetime, variety: Variety
) -> str:
    stamp = f"[{at:%Y-%m-%dT%H:%M:%S}.{variety.random.randrange(1000):03}+0000]"
    lines = [f"{stamp} {{taskinstance.py:1157}} INFO - Starting attempt 1 of 3"]
    lines += [f"{stamp} {{logging_mixin.py:188}} INFO - {line}" for line in said]
    if chain:
        lines.append(f"{stamp} {{taskinstance.py:3313}} ERROR - Task failed with exception")
        shift = variety.random.randrange(40)
        for place, one in enumerate(reversed(chain)):
            if place:
                lines += [
                    "",
                    "The above exception was the direct cause of the following exception:",
                    "",
                ]
            lines.append("Traceback (most recent call last):")
            for deep, (file, name) in enumerate(one.frames):
                lines += [
                    f'  File "{file}", line {40 + 7 * deep + shift}, in {name}',
                    "    return go(on)",
                ]
            lines += f"{one.type}: {one.message}".split("\n")
    return "\n".join(lines) + "\n"


def varied_rows(variety: Variety, path: Path, count: int) -> Iterator[Failed]:
    """Rows of a labelled corpus, each token that holds a digit replaced as it may come next time;
    where it stands twice in a row, by the same."""
    rows = [
        (one.case.id, one.case.evidence, "\n".join(one.case.log_lines))
        for one in read_samples([path])
        if isinstance(one, Sample) and one.case.evidence.log is not None
    ]
    for number in range(count):
        name, evidence, text = rows[number % len(rows)]
        yield Failed(name, evidence, _next_time(text, variety))


def _next_time(text: str, variety: Variety) -> str:
    known: dict[str, str] = {}

    def another(hit: re.Match[str]) -> str:
        digits = hit[0]
        if digits not in known:
            first = str(variety.random.randrange(1, 10))
            rest = "".join(variety.random.choices("0123456789", k=len(digits) - 1))
            known[digits] = first + rest
        return known[digits]

    # Dates, line numbers, codes of few digits stay: with them the text would mean another thing.
    return re.sub(r"(?<![\d.:-])\d{5,}(?![\d.:-])", another, text)
