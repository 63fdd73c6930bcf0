"""Prints what reading huge logs costs: processor time beside ripgrep's, and memory.

    python -m tests.benchmarks.log_speed [--megabytes 1000] [--rg rg] [--only plain]

Each step is a process of its own; figures are processor seconds (user and system) and peak memory.
ripgrep seeks the same patterns in one thread and counts lines. A bot at work has started long ago:
its start (imports, compiling its patterns and its rules for redaction) is told apart and not in the
ratio, nor is ripgrep's, which is what it takes for an empty file. The text is made up: 64 MB in
which lines differ, said again up to the size.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from tests.benchmarks.log_noise import Noise

if TYPE_CHECKING:
    from bot.domain.runbooks import Signature

FORMS = ("plain", "ndjson")
SIGNATURES = 300
_VARIED = 64 << 20
_CHUNK = 1 << 16
_STARTED = re.compile(r"\(start ([\d.]+) s apart\)")
_FAILURE = (
    "Traceback (most recent call last):",
    '  File "/opt/airflow/dags/orders.py", line 33, in load',
    "    total = row['amount']",
    "KeyError: 'amount'",
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--megabytes", type=int, default=1000)
    parser.add_argument("--rg", default=shutil.which("rg"), help="where ripgrep is")
    parser.add_argument("--only", choices=FORMS)
    parser.add_argument("--step", choices=[*STEPS, "write"], help=argparse.SUPPRESS)
    parser.add_argument("--path", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--patterns", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.step:
        if options.step == "write":
            write(options.path, str(options.patterns), options.megabytes << 20)
        else:
            STEPS[options.step](options.path, options.patterns)
        return
    with tempfile.TemporaryDirectory() as folder:
        for form in [options.only] if options.only else FORMS:
            compare(Path(folder), form, options.megabytes, options.rg)
        single_costs(Path(folder))


def compare(folder: Path, form: str, megabytes: int, rg: str | None) -> None:
    """ripgrep, the bare scan and the whole way to a pack over one file."""
    path, patterns, all_patterns = (folder / name for name in (f"{form}.log", "some", "all"))
    empty = folder / "empty.log"
    empty.touch()
    subprocess.run([*own("write", path, Path(form)), "--megabytes", str(megabytes)], check=True)
    subprocess.run(own("patterns", patterns, all_patterns), check=True)
    print(f"{form}, {path.stat().st_size / 1e6:,.0f} MB")
    for step, sought in (("scan", patterns), ("pack", all_patterns)):
        count = len(sought.read_text().split("\n"))
        base = None
        if rg:
            flags = ["-c", "-a", "-i", "-j1", "--no-unicode", "--no-config", "--no-ignore", "-f"]
            command = [rg, *flags, str(sought)]
            start = run(f"rg, its start with {count} patterns", [*command, str(empty)], None)
            base = run(f"rg -c, {count} patterns", [*command, str(path)], None) - start
        else:
            print("  ripgrep is not installed; name it with --rg")
        words = "scan" if step == "scan" else "whole log to a pack"
        run(f"{words}, {count} patterns", own(step, path, sought), base)
    path.unlink()


def single_costs(folder: Path) -> None:
    """A record of 120 MB beside as much in lines, and a log of 5 MB to its verdict."""
    path = folder / "one.log"
    for words, piece in (
        ("120 MB in lines", b"x" * 119 + b"\n"),
        ("120 MB in one line", b"x" * 120),
    ):
        with path.open("wb") as file:
            for _ in range(1000):
                file.write(piece * 1000)
            file.write(b"\n" + "\n".join(failure("plain")).encode())
        run(words, own("pack", path, path), None)
    subprocess.run([*own("write", path, Path("plain")), "--megabytes", "5"], check=True)
    run("5 MB to a verdict", own("verdict", path, path), None)


def own(step: str, path: Path, patterns: Path) -> list[str]:
    arguments = ["--step", step, "--path", str(path), "--patterns", str(patterns)]
    return [sys.executable, "-m", "tests.benchmarks.log_speed", *arguments]


def run(words: str, command: list[str], base: float | None) -> float:
    """Run it, print a row, give its processor seconds."""
    sys.stdout.flush()
    reading, writing = os.pipe()
    child = os.posix_spawn(
        shutil.which(command[0]) or command[0],
        command,
        os.environ,
        file_actions=[(os.POSIX_SPAWN_DUP2, writing, 1), (os.POSIX_SPAWN_CLOSE, reading)],
    )
    os.close(writing)
    with os.fdopen(reading) as said:
        told = said.read().strip()
    _, status, usage = os.wait4(child, 0)
    if os.waitstatus_to_exitcode(status) not in (0, 1):  # 1 is ripgrep's word for no match
        raise SystemExit(f"{words}: the command ended with status {status}")
    seconds = usage.ru_utime + usage.ru_stime
    if match := _STARTED.search(told):
        seconds -= float(match[1])
    ratio = f"{seconds / base:5.2f} of ripgrep" if base else ""
    print(f"  {words:34} {seconds:6.2f} CPU s {usage.ru_maxrss / 1024:6.0f} MB  {ratio:16} {told}")
    return seconds


def scan(path: Path, patterns: Path) -> None:
    """The bare scanner over blocks of the file."""
    from bot.diagnosis.logs.lines import LineSplitter
    from bot.diagnosis.logs.scan import hyperscan_engine

    engine = hyperscan_engine(patterns.read_text().split("\n"))
    started = time.process_time()
    splitter, hits = LineSplitter(), 0
    for piece in pieces(path):
        for block in splitter.feed(piece):
            hits += len(engine(block))
    for block in splitter.finish():
        hits += len(engine(block))
    print(f"{hits:,} hits (start {started:.2f} s apart)")


def pack(path: Path, _: Path) -> None:
    """What the bot does with a log."""
    from bot.diagnosis.logs import LogReader
    from bot.diagnosis.logs.raw_patterns import raw_patterns
    from bot.diagnosis.redaction import Redactor

    redactor = Redactor()
    redactor.redact("start")
    reader = LogReader(redactor=redactor, signatures=raw_patterns(known_signatures()))
    started = time.process_time()
    for piece in pieces(path):
        reader.feed(piece)
    reading = reader.finish()
    root = reading.chains[-1].root_cause.type if reading.chains else None
    kept = f"{reading.lines_read:,} lines read, {len(reading.lines)} kept"
    print(f"{kept}, {reading.lines_dropped:,} dropped, root {root} (start {started:.2f} s apart)")


def verdict(path: Path, _: Path) -> None:
    """A log of a few megabytes, by a bot that has been at work for a while."""
    from bot.diagnosis.classify import diagnose
    from bot.diagnosis.known import Known
    from bot.diagnosis.logs import LogReader
    from bot.diagnosis.logs.raw_patterns import raw_patterns
    from bot.domain.evidence import Evidence, TaskInstance
    from bot.domain.targets import Target
    from tests.scenarios.shipped import catalogue

    known = Known(catalogue().failures)
    patterns = raw_patterns(known_signatures())
    task = TaskInstance("", "", "", state="failed", try_number=1)

    def judged(text: bytes) -> str:
        reader = LogReader(signatures=patterns)
        reader.feed(text)
        return diagnose(Evidence(Target("c"), task_instance=task, log=reader.finish()), known).cause

    judged("\n".join(failure("plain")).encode())
    text = path.read_bytes()
    started = time.process_time()
    cause = judged(text)
    print(f"{cause}, {time.process_time() - started:.2f} CPU s of it for the log itself")


def write_patterns(path: Path, all_patterns: Path) -> None:
    """Some hundred signatures for the bare scan; all that the bot seeks for the way to a pack."""
    from bot.diagnosis.logs.patterns import WORDS
    from bot.diagnosis.logs.raw_patterns import raw_patterns

    path.write_text("\n".join(signatures(SIGNATURES)))
    all_patterns.write_text("\n".join((*WORDS, *raw_patterns(known_signatures()))))


STEPS = {"scan": scan, "pack": pack, "verdict": verdict, "patterns": write_patterns}


def known_signatures() -> list[Signature]:
    from tests.scenarios.shipped import catalogue

    return [signature for known in catalogue().failures for signature in known.signatures]


def signatures(count: int) -> list[str]:
    """So many of the words of failure and of all known failures' signatures, evenly taken."""
    from bot.diagnosis.logs.patterns import WORDS
    from bot.diagnosis.logs.raw_patterns import every_raw_pattern

    found = (*WORDS, *every_raw_pattern(known_signatures()))
    return [found[index * len(found) // count] for index in range(count)]


def pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb", buffering=0) as file:
        while piece := file.read(_CHUNK):
            yield piece


def write(path: Path, form: str, size: int) -> None:
    """Chatter with about seven lines in a hundred that alarm, and one failure at the end."""
    noise = Noise(5)
    varied: list[str] = []
    made = 0
    while made < min(size, _VARIED):
        line = record(form, "INFO", "logging_mixin.py:190", noise.line())
        varied.append(line)
        made += len(line) + 1
    text = "\n".join(varied).encode() + b"\n"
    with path.open("wb") as file:
        while size > 0:
            file.write(text[:size] if size < len(text) else text)
            size -= len(text)
        file.write(("\n" + "\n".join(failure(form)) + "\n").encode())


def failure(form: str) -> list[str]:
    state = "Marking task as FAILED. dag_id=orders, task_id=load"
    end = record(form, "INFO", "taskinstance.py:1206", state)
    said = "Task failed with exception"
    if form == "plain":
        return [record(form, "ERROR", "taskinstance.py:2905", said), *_FAILURE, end]
    detail = [{"exc_type": "KeyError", "exc_value": "'amount'", "frames": []}]
    return [record(form, "ERROR", "task_runner.py:9", said, detail), end]


def record(form: str, level: str, source: str, text: str, detail: object = None) -> str:
    if form == "plain":
        return f"[2026-03-02T03:00:00.000+0000] {{{source}}} {level} - {text}"
    fields: dict[str, object] = {
        "timestamp": "2026-03-02T03:00:00.000000Z",
        "event": text,
        "level": level.lower(),
        "logger": "task.stdout" if source.startswith("logging_mixin") else "task",
    }
    if detail:
        fields["error_detail"] = detail
    return json.dumps(fields)


if __name__ == "__main__":
    main()
