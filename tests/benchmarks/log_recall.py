"""Prints how often the line that decides a failure is among the lines a reading keeps.

    python -m tests.benchmarks.log_recall logs.jsonl dev.jsonl [--misses]

A file whose entries name a log file and the number of its deciding line is read as it is,
re-shaped as Airflow 3's ndjson, and under noise with a failing callback; one whose entries hold
the log itself is searched for the text of its deciding line. One third of each file, by hash of
the name, is reported apart: look at it only to see whether what was learnt on the rest holds.
"""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from bot.diagnosis.logs import LogReader
from bot.domain.logs import LogReading

BUDGETS = (200, 500, 1000, 4000)
_PREFIX = re.compile(r"^\[(\d{4}-[^\]]+)\] \{+([^}]+)\}+ ([A-Z]+) - ?")
_CONSOLE = re.compile(r"^\[?\d{4}-\d\d-\d\d[T ][\d:.,]+[^\s\]]*\]? (?:\[\w+ *\] |[A-Z]+ - )")


@dataclass(frozen=True)
class Case:
    name: str
    log: str
    root_text: str
    root_number: int | None = None

    @property
    def is_held_back(self) -> bool:
        return sha256(self.name.encode()).digest()[0] % 3 == 0


def cases_of(path: Path) -> Iterator[Case]:
    for line in path.read_text().splitlines():
        entry = json.loads(line)
        if "file" in entry:
            log = (path.parent / "logs" / entry["file"]).read_bytes().decode("utf-8", "replace")
            yield Case(entry["file"], log, entry["root_text"], entry["root_line"])
        elif entry["expected"]["root_line"] and entry["expected"]["root_line"] in entry["log"]:
            yield Case(entry["id"], entry["log"], entry["expected"]["root_line"])


def as_records(case: Case) -> str:
    """The log as Airflow 3 would have written it: a record for each plain one."""
    records: list[dict[str, str]] = []
    for line in case.log.split("\n"):
        match = _PREFIX.match(line)
        if match is not None or not records:
            at, source, level = match.groups() if match else ("", "task.py:1", "INFO")
            file = source.split(":")[0]
            logger = "task.stdout" if file == "logging_mixin.py" else f"airflow.{file}"
            event = line[match.end() :] if match else line
            records.append(
                {
                    "timestamp": at.replace(" ", "T").replace(",", "."),
                    "event": event,
                    "level": level.lower(),
                    "logger": "task" if file.startswith(("taskinst", "task_")) else logger,
                    "filename": file,
                }
            )
        else:
            records[-1]["event"] += "\n" + line
    return "\n".join(json.dumps(record) for record in records)


def as_it_is(case: Case) -> str:
    return case.log


def under_noise(case: Case) -> str:
    """3,000 lines of retries and false alarms before the failure, a failing callback after it."""
    lines = case.log.split("\n")
    started = next((i for i, line in enumerate(lines) if "Executing <Task" in line), -1)
    return "\n".join([*lines[: started + 1], *_noise(), *lines[started + 1 :], *_callback()])


def _noise() -> Iterator[str]:
    lead = "[2024-05-01T03:00:00.000+0000] {logging_mixin.py:190} INFO - "
    for number in range(0, 3000, 12):
        yield f"{lead}batch {number} done, errors=[] failed=0"
        yield f"{lead}WARN retrying part {number}: connection error, will try again"
        yield "[2024-05-01T03:00:00.000+0000] {retry.py:40} WARNING - request failed, retry"
        yield "Traceback (most recent call last):"
        yield f'  File "/opt/airflow/dags/lib/fetch.py", line {number % 90}, in fetch'
        yield "    response.raise_for_status()"
        yield f"requests.exceptions.ReadTimeout: attempt {number} timed out"
        for part in range(5):
            yield f"{lead}row {number + part} checked, on_error=continue, no errors found"


def _callback() -> Iterator[str]:
    lead = "[2024-05-01T05:00:00.000+0000] {taskinstance.py:1800} "
    yield f"{lead}ERROR - Error when executing notify callback"
    yield "Traceback (most recent call last):"
    yield '  File "/opt/airflow/dags/lib/notify.py", line 20, in on_failure_callback'
    yield "    hook.post(text)"
    yield "slack_sdk.errors.SlackApiError: The request to the Slack API failed."
    for number in range(60):
        yield f"{lead}INFO - Deleting pod part-{number}"


def read(text: str, budget: int) -> LogReading:
    reader = LogReader(token_budget=budget)
    reader.feed(text.encode())
    return reader.finish()


def holds(reading: LogReading, case: Case) -> bool:
    """The same words may stand in several tries: where they stand is not asked."""
    wanted = normal(case.root_text)[:100]
    return any(wanted in normal(line.text) for line in reading.lines)


def normal(text: str) -> str:
    """Without prefix, terminal codes and the width of gaps; of a record, what it tells."""
    if text.startswith('{"timestamp"'):
        record = json.loads(text)
        detail = record.get("error_detail")
        text = f"{detail[-1]['exc_type']}: {detail[-1]['exc_value']}" if detail else record["event"]
    text = re.sub(r"\x1b?\[\d+(;\d+)*m", "", text)
    return " ".join(_CONSOLE.sub("", _PREFIX.sub("", _PREFIX.sub("", text.strip()))).split())


def report(cases: list[Case], label: str, reshape: Callable[[Case], str], misses: bool) -> None:
    for is_held_back in (False, True):
        part = [case for case in cases if case.is_held_back == is_held_back]
        shown = []
        for budget in BUDGETS:
            lost = [case.name for case in part if not holds(read(reshape(case), budget), case)]
            shown.append(f"{budget}: {100 * (1 - len(lost) / max(1, len(part))):5.1f} %")
            if misses and lost and not is_held_back:
                print(f"    lost at {budget}: {' '.join(lost)}")
        name = "held back" if is_held_back else "developed on"
        print(f"{label:28} {name:13} n={len(part):3}   " + "   ".join(shown))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("paths", nargs="+", type=Path)
    parser.add_argument("--misses", action="store_true", help="name what is lost")
    options = parser.parse_args()
    for path in options.paths:
        cases = list(cases_of(path))
        report(cases, path.name, as_it_is, options.misses)
        if any(case.root_number for case in cases):
            report(cases, f"{path.name} as ndjson", as_records, options.misses)
            report(cases, f"{path.name} under noise", under_noise, options.misses)


if __name__ == "__main__":
    main()
