"""Prints how often the line that decides a failure is in the pack, beside simpler ways to cut.

    python -m tests.benchmarks.log_recall [logs.jsonl dev.jsonl ...] [--misses]

Without paths the written logs of `tests/benchmarks/written` are read, in Airflow 2's form and in
Airflow 3's. A file whose entries name a log file and the number of its deciding line is read as
it is, as Airflow 3's records, and under noise with a failing callback; one whose entries hold the
log itself is searched for the text of its deciding line. The lowest of five folds, by source where
an entry names one and by name else, is printed beside the whole.
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
from bot.diagnosis.logs.select import CHARACTERS_A_TOKEN
from tests.benchmarks.log_cases import structured, written_logs
from tests.benchmarks.log_noise import Noise

BUDGETS = (500, 1000, 2000)
NOISE_LINES = 3000
FOLDS = 5
_PREFIX = re.compile(r"^\[(\d{4}-[^\]]+)\] \{+([^}]+)\}+ ([A-Z]+) - ?")
_CONSOLE = re.compile(r"^\[?\d{4}-\d\d-\d\d[T ][\d:.,]+[^\s\]]*\]? (?:\[\w+ *\] |[A-Z]+ - )")
_TELLING = re.compile(r"error|exception|fail|fatal|denied|refused|traceback|killed|timeout", re.I)
_WHO = ("logging_mixin.py:190", "subprocess.py:93", "spark_submit.py:649", "pod_manager.py:536")


@dataclass(frozen=True, slots=True)
class Case:
    """A log and the text that decides. `source` names where it is from."""

    name: str
    source: str
    log: str
    root_text: str

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
    """The log as Airflow 3 would have written it: a record for each plain one."""
    records: list[tuple[str, str, list[str]]] = []
    for line in case.log.split("\n"):
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
    return replace(case, log="\n".join(written))


def _place(source: str) -> tuple[str, str]:
    file, _, line = source.rpartition(":")
    return file, line if line.isdigit() else "1"


def under_noise(case: Case) -> Case:
    """Thousands of lines before the failure, and a failing callback after it."""
    lines = case.log.split("\n")
    started = next((i for i, line in enumerate(lines) if "Executing <Task" in line), -1)
    match = _PREFIX.match(lines[max(started, 0)])
    at = match[1] if match else "2026-03-02T04:00:00.000+0000"
    seed = int.from_bytes(sha256(case.name.encode()).digest()[:4], "big")
    before = [
        f"[{at}] {{{_WHO[seed % len(_WHO)]}}} INFO - {line}" if number == 0 else line
        for record in Noise(seed).lines(NOISE_LINES)
        for number, line in enumerate(record)
    ]
    noisy = [*lines[: started + 1], *before, *lines[started + 1 :], *_callback(at)]
    return replace(case, log="\n".join(noisy))


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


def packed(text: str, budget: int) -> str:
    reader = LogReader(token_budget=budget)
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


WAYS: dict[str, Callable[[str, int], str]] = {
    "pack": packed,
    "tail": tail,
    "head+tail": head_and_tail,
    "grep ±5": grep,
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
            lost = [case for case in cases if not holds(cut(case.log, budget), case)]
            share = 100 * (1 - len(lost) / max(1, len(cases)))
            shown.append(f"{budget}: {share:5.1f} % (fold {_lowest(cases, lost):5.1f})")
            if show_misses and lost and way == "pack":
                print(f"    lost at {budget}: {' '.join(case.name for case in lost)}")
        print(f"{label:30} n={len(cases):3}  {way:10} " + "   ".join(shown), flush=True)


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
        groups = [("written", written)]
    for name, cases in groups:
        whole = sum(len(case.log) > 20 * len(case.root_text) for case in cases) * 2 > len(cases)
        shapes = (
            (as_it_is, as_records, under_noise, under_noise_as_records) if whole else (as_it_is,)
        )
        for shape in shapes:
            shaped = [shape(case) for case in cases]
            label = f"{name} {shape.__name__.replace('_', ' ')}"
            report(shaped, label, options.misses, tuple(WAYS))


if __name__ == "__main__":
    main()
