"""Prints how fast a huge log is read through, and how much memory that takes.

    python -m tests.benchmarks.log_speed [--megabytes 200] [--chunk 65536]

Each form is read in a process of its own, so that its peak memory is its own. The text is
generated: mostly chatter, about seven lines in a hundred with a word of failure, one failure
at the end.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from bot.diagnosis.logs import LogReader
from bot.diagnosis.redaction import Redactor

FORMS = ("plain", "ndjson", "content", "hostile")
_CHATTER = (
    "processed batch {n} of {n} rows in {n} ms",
    "GET https://api.internal/v1/items?page={n} 200 {n}ms",
    '{{"stage": "merge", "rows": {n}, "errors": []}}',
    "26/11/22 03:00:00 INFO TaskSetManager: Finished task {n}.0 in stage {n}.0 (TID {n})",
    "query: [select * from orders where id > {n} and state = 'open' limit {n}]",
    "checkpoint /data/out/part-{n}.parquet written, {n} bytes",
)
_ALARMING = (
    "WARN retrying request {n}: connection timed out",
    "row {n} skipped: invalid value",
    "heartbeat sent after {n} ms",
)
_END = (
    ("ERROR", "taskinstance.py:2905", "Task failed with exception"),
    (None, None, "Traceback (most recent call last):"),
    (None, None, '  File "/opt/airflow/dags/orders.py", line 33, in load'),
    (None, None, "    total = row['amount']"),
    (None, None, "KeyError: 'amount'"),
    ("INFO", "taskinstance.py:1206", "Marking task as FAILED. dag_id=orders, task_id=load"),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=int, default=200)
    parser.add_argument("--chunk", type=int, default=65536)
    parser.add_argument("--form", choices=FORMS)
    options = parser.parse_args()
    if options.form:
        measure(options.form, options.megabytes << 20, options.chunk)
        return
    for form in FORMS:
        command = [sys.executable, "-m", __spec__.name, "--form", form]
        command += ["--megabytes", str(options.megabytes), "--chunk", str(options.chunk)]
        subprocess.run(command, check=True)


def measure(form: str, size: int, chunk: int) -> None:
    memory = held(form, size, chunk)
    redactor = Redactor()
    redactor.redact("warm up")
    started = time.process_time()
    generating = 0.0
    reader = LogReader(redactor=redactor)
    for piece in chunks(form, size, chunk):
        at = time.process_time()
        reader.feed(piece)
        generating -= time.process_time() - at
    generating += time.process_time() - started
    reading = reader.finish()
    seconds = time.process_time() - started - generating
    root = reading.chains[0].root_cause if reading.chains else None
    print(
        f"{form:8} {reading.bytes_read / 1e6:6.0f} MB {reading.lines_read:9,} lines  "
        f"{seconds:6.2f} CPU s  {reading.bytes_read / 1e6 / seconds:7.1f} MB/s  "
        f"{memory:5.1f} MB held while reading  "
        f"kept {len(reading.lines)} lines  root {root.type if root else None}"
    )


def held(form: str, size: int, chunk: int) -> float:
    """Megabytes that reading adds to the process, before the rules for redaction are built."""
    reader = LogReader()
    pieces = chunks(form, size, chunk)
    reader.feed(next(pieces))
    forget_peak()
    before = peak_megabytes()
    for piece in pieces:
        reader.feed(piece)
    return peak_megabytes() - before


def peak_megabytes() -> float:
    """Of this process since `forget_peak`; Linux only."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def forget_peak() -> None:
    Path("/proc/self/clear_refs").write_text("5")


def chunks(form: str, size: int, chunk: int) -> Iterator[bytes]:
    """The log in pieces, from a megabyte of lines said again and again."""
    pattern = b"".join(body(form, random.Random(5), 1 << 20))
    if form == "content":
        yield b'{"content":['
    made = 0
    while made < size:
        made += len(pattern)
        for start in range(0, len(pattern), chunk):
            yield pattern[start : start + chunk]
    yield ending(form)
    if form == "content":
        yield b'{"event":"end"}],"continuation_token":null}'


def body(form: str, chance: random.Random, size: int) -> Iterator[bytes]:
    made = 0
    while made < size:
        text = chance.choice(_ALARMING if chance.random() < 0.07 else _CHATTER)
        if form == "hostile":
            text = "error {n} Caused by: exception Traceback (most recent call last) " + text
        line = record(form, "INFO", "logging_mixin.py:190", text.format(n=chance.randrange(10**6)))
        made += len(line)
        yield line


def ending(form: str) -> bytes:
    if form in ("plain", "hostile"):
        return b"".join(record(form, *part) for part in _END)
    detail = [{"exc_type": "KeyError", "exc_value": "'amount'", "frames": []}]
    return record(form, "ERROR", "task_runner.py:9", "Task failed with exception", detail)


def record(
    form: str, level: str | None, source: str | None, text: str, detail: object = None
) -> bytes:
    if form in ("plain", "hostile"):
        lead = f"[2026-11-22T03:00:00.000+0000] {{{source}}} {level} - " if level else ""
        return f"{lead}{text}\n".encode()
    fields: dict[str, object] = {
        "timestamp": "2026-11-22T03:00:00.000000Z",
        "event": text,
        "level": (level or "info").lower(),
        "dag_id": "orders",
        "run_id": "scheduled__2026-11-22T00:00:00+00:00",
        "logger": "task" if detail else "task.stdout",
    }
    if detail:
        fields["error_detail"] = detail
    return json.dumps(fields).encode() + (b"," if form == "content" else b"\n")


if __name__ == "__main__":
    main()
