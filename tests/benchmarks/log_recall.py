"""Prints how often the line that decides a failure is in the pack, beside simpler ways to cut.

    python -m tests.benchmarks.log_recall [logs.jsonl dev.jsonl ...] [--misses]

Without paths the written logs of `tests/benchmarks/written` are read, in Airflow 2's form and in
Airflow 3's. A file whose entries name a log file and the number of its deciding line is read as it
is, as Airflow 3's records, and under noise with a failing callback; one whose entries hold the log
itself is searched for the text of its deciding line. Written logs are packed once more beside the
log of a run that went well: the same without what failed, under other noise. The lowest of five
folds, by source where an entry names one and by name else, is printed beside the whole.
"""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path

from bot.diagnosis.logs import LogReader
from bot.diagnosis.logs.novelty import LineKinds
from bot.diagnosis.logs.select import CHARACTERS_A_TOKEN
from tests.benchmarks.log_cases import structured, written_logs
from tests.benchmarks.log_noise import Noise

BUDGETS = (500, 1000, 2000)
NOISE_LINES = 3000
FOLDS = 5
_PREFIX = re.compile(r"^\[(\d{4}-[^\]]+)\] \{+([^}]+)\}+ ([A-Z]+) - ?")
_CONSOLE = re.compile(r"^\[?\d{4}-\d\d-\d\d[T ][\d:.,]+[^\s\]]*\]? (?:\[\w+ *\] |[A-Z]+ - )")
_TELLING = re.compile(r"error|exception|fail|fatal|denied|refused|traceback|killed|timeout", re.I)
_FAILED = re.compile(r"Traceback|\b(?:ERROR|CRITICAL)\b")
BESIDE = "pack beside a good run"
_WHO = ("logging_mixin.py:190", "subprocess.py:93", "spark_submit.py:649", "pod_manager.py:536")


@dataclass(frozen=True, slots=True)
class Case:
    """A log and the text that decides. `source` names where it is from; `green` is the log of a run
    that went well, "" where there is none."""

    name: str
    source: str
    log: str
    root_text: str
    green: str = ""

    @property
    def fold(self) -> int:
        return sha256(self.source.encode()).digest()[0] % FOLDS


def cases_of(path: Path) -> Iterator[Case]:
    for line in path.read_text().splitlines():
        entry = json.loads(line)
        if "file" in entry:
            log = (path.parent / "logs" / entry["file"]).read_bytes().decode("utf-8", "replace")
            yield Case(entry["file"], entry["file"], log, entry["root_text"])
        elif entry["expected"]["root_line"] and entry["expected"]["root_line"] in entry["log"]:
            source = entry.get("source") or entry["id"]
            yield Case(entry["id"], source, entry["log"], entry["expected"]["root_line"])


def as_records(case: Case) -> Case:
    """The logs as Airflow 3 would have written them: a record for each plain one."""
    return replace(case, log=_as_records(case.log), green=case.green and _as_records(case.green))


def _as_records(log: str) -> str:
    records: list[tuple[str, str, list[str]]] = []
    for line in log.split("\n"):
        match = _PREFIX.match(line)
        if match is not None or not records:
            source, level = (match[2], match[3]) if match else ("task.py:1", "INFO")
            records.append((source, level, [line[match.end() :] if match else line]))
        else:
            records[-1][2].append(line)
    written = (
        json.dumps(structured(number, *_place(source), level, tuple(texts)))
        for number, (source, level, texts) in enumerate(records)
    )
    return "\n".join(written)


def _place(source: str) -> tuple[str, str]:
    file, _, line = source.rpartition(":")
    return file, line if line.isdigit() else "1"


def under_noise(case: Case) -> Case:
    """Thousands of lines before the failure, and a failing callback after it."""
    at = _begun_at(case.log)
    noisy = "\n".join((_noisy(case.log, case.name), *_callback(at)))
    return replace(case, log=noisy, green=case.green and _noisy(case.green, f"{case.name} green"))


def _begun_at(log: str) -> str:
    match = next((found for line in log.split("\n") if (found := _PREFIX.match(line))), None)
    return match[1] if match else "2026-03-02T04:00:00.000+0000"


def _noisy(log: str, name: str) -> str:
    lines = log.split("\n")
    started = next((i for i, line in enumerate(lines) if "Executing <Task" in line), -1)
    match = _PREFIX.match(lines[max(started, 0)])
    at = match[1] if match else "2026-03-02T04:00:00.000+0000"
    seed = int.from_bytes(sha256(name.encode()).digest()[:4], "big")
    before = [
        f"[{at}] {{{_WHO[seed % len(_WHO)]}}} INFO - {line}" if number == 0 else line
        for record in Noise(seed).lines(NOISE_LINES)
        for number, line in enumerate(record)
    ]
    return "\n".join([*lines[: started + 1], *before, *lines[started + 1 :]])


def calm(case: Case) -> str:
    """The log as it would be, had nothing failed: up to what failed, and how such a run ends."""
    lines, wanted = case.log.split("\n"), normal(case.root_text)[:100]
    failed = (i for i, line in enumerate(lines) if wanted in normal(line) or _FAILED.search(line))
    lead = f"[{_begun_at(case.log)}] {{taskinstance.py:1225}} INFO - "
    end = f"{lead}Marking task as SUCCESS. dag_id=d, task_id=t, run_id=manual__0"
    return "\n".join([*lines[: next(failed, len(lines))], end])


def under_noise_as_records(case: Case) -> Case:
    return as_records(under_noise(case))


def as_it_is(case: Case) -> Case:
    return case


def _callback(at: str) -> Iterator[str]:
    lead = f"[{at}] {{taskinstance.py:1800}} "
    yield f"{lead}ERROR - Error when executing notify callback"
    yield "Traceback (most recent call last):"
    yield '  File "/opt/airflow/dags/lib/notify.py", line 20, in on_failure_callback'
    yield "    hook.post(text)"
    yield "slack_sdk.errors.SlackApiError: The request to the Slack API failed."
    for number in range(60):
        yield f"{lead}INFO - Deleting pod part-{number}"


def packed(text: str, budget: int, green: str = "") -> str:
    known = LineKinds() if green else None
    if known is not None:
        known.feed(green.encode())
        known.finish()
    reader = LogReader(token_budget=budget, known=known)
    reader.feed(text.encode())
    return "\n".join(line.text for line in reader.finish().lines)


def tail(text: str, budget: int) -> str:
    return text[-int(budget * CHARACTERS_A_TOKEN) :]


def head_and_tail(text: str, budget: int) -> str:
    half = int(budget * CHARACTERS_A_TOKEN) // 2
    return text[:half] + "\n" + text[-half:]


def grep(text: str, budget: int) -> str:
    """Lines that sound like failure, with five around each, from the end."""
    lines, left = text.split("\n"), int(budget * CHARACTERS_A_TOKEN)
    chosen: set[int] = set()
    for index in range(len(lines) - 1, -1, -1):
        if _TELLING.search(lines[index]):
            for near in range(min(len(lines) - 1, index + 5), max(0, index - 5) - 1, -1):
                if near not in chosen and left - len(lines[near]) - 1 >= 0:
                    chosen.add(near)
                    left -= len(lines[near]) + 1
    return "\n".join(lines[index] for index in sorted(chosen))


WAYS: dict[str, Callable[[Case, int], str]] = {
    "pack": lambda case, budget: packed(case.log, budget),
    BESIDE: lambda case, budget: packed(case.log, budget, case.green),
    "tail": lambda case, budget: tail(case.log, budget),
    "head+tail": lambda case, budget: head_and_tail(case.log, budget),
    "grep ±5": lambda case, budget: grep(case.log, budget),
}


def holds(found: str, case: Case) -> bool:
    """The same words may stand in several tries: where they stand is not asked."""
    wanted = normal(case.root_text)[:100]
    if any(wanted in normal(line) for line in found.split("\n")):
        return True
    # In a record's JSON the words stand escaped; a cut through them is no loss.
    return json.dumps(wanted)[1:-1] in " ".join(found.split())


def normal(text: str) -> str:
    """Without prefix, terminal codes, relays' margins and the width of gaps."""
    if text.startswith('{"timestamp"') and text.endswith("}"):
        record = json.loads(text)
        detail = record.get("error_detail")
        text = f"{detail[-1]['exc_type']}: {detail[-1]['exc_value']}" if detail else record["event"]
    text = re.sub(r"\x1b?\[\d+(;\d+)*m", "", text)
    text = " ".join(_CONSOLE.sub("", _PREFIX.sub("", _PREFIX.sub("", text.strip()))).split())
    # A structured exception names its type without the module.
    return re.sub(r"^(?:\w+\.)+(?=\w+(?::|$))", "", text)


def report(cases: Sequence[Case], label: str, show_misses: bool, ways: Sequence[str]) -> None:
    for way in ways:
        shown = []
        for budget in BUDGETS:
            cut = WAYS[way]
            lost = [case for case in cases if not holds(cut(case, budget), case)]
            share = 100 * (1 - len(lost) / max(1, len(cases)))
            shown.append(f"{budget}: {share:5.1f} % (fold {_lowest(cases, lost):5.1f})")
            if show_misses and lost and way == "pack":
                print(f"    lost at {budget}: {' '.join(case.name for case in lost)}")
        print(f"{label:30} n={len(cases):3}  {way:24} " + "   ".join(shown), flush=True)


def _lowest(cases: Sequence[Case], lost: Sequence[Case]) -> float:
    shares = []
    for fold in range(FOLDS):
        size = sum(case.fold == fold for case in cases)
        if size:
            shares.append(100 * (1 - sum(case.fold == fold for case in lost) / size))
    return min(shares, default=0.0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("paths", nargs="*", type=Path)
    parser.add_argument("--misses", action="store_true", help="name what the pack loses")
    options = parser.parse_args()
    groups = [(path.name, list(cases_of(path))) for path in options.paths]
    if not groups:
        written = [Case(one.name, one.kind, one.as_text(), one.deciding) for one in written_logs()]
        groups = [("written", [replace(case, green=calm(case)) for case in written])]
    for name, cases in groups:
        whole = sum(len(case.log) > 20 * len(case.root_text) for case in cases) * 2 > len(cases)
        shapes = (
            (as_it_is, as_records, under_noise, under_noise_as_records) if whole else (as_it_is,)
        )
        for shape in shapes:
            shaped = [shape(case) for case in cases]
            label = f"{name} {shape.__name__.replace('_', ' ')}"
            ways = [way for way in WAYS if way != BESIDE or all(case.green for case in shaped)]
            report(shaped, label, options.misses, ways)


if __name__ == "__main__":
    main()
