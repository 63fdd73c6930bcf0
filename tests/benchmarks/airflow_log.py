"""What one large log costs this side: memory, processor time, and the event loop's patience.

    python -m tests.benchmarks.airflow_log [megabytes]

Streams a made-up ndjson log over loopback, from a server in a process of its own, through the
gate and the log reader, while small calls go on beside it.
"""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import sys
import threading
import time
from collections.abc import Iterator
from multiprocessing.connection import Connection
from pathlib import Path

from bot.adapters.airflow.cluster import AirflowCluster
from bot.adapters.airflow.config import ClusterConfig
from bot.diagnosis.logs import LogReader
from bot.domain.targets import Target
from tests.fakes.airflow_server import RecordedAirflow

RECORDING = Path(__file__).parents[1] / "payloads" / "airflow" / "pipeline_62247.json"
LINES_A_CHUNK = 500


def main() -> None:
    megabytes = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    ours, theirs = multiprocessing.Pipe()
    server = multiprocessing.Process(target=_serve, args=(theirs, megabytes), daemon=True)
    server.start()
    figures = asyncio.run(_measure(ours.recv()))
    ours.send("done")
    server.join(10)
    for name, value in figures.items():
        print(f"{name:32} {value}")


def _serve(pipe: Connection, megabytes: int) -> None:
    with RecordedAirflow.from_file(RECORDING) as airflow:
        airflow.log_source = lambda: _log(megabytes * 1_000_000)
        pipe.send(airflow.url)
        pipe.recv()


def _log(size: int) -> Iterator[bytes]:
    """Lines that differ in their numbers; the failure is at the very end."""
    sent = number = 0
    while sent < size:
        rows = (_row(number + step) for step in range(LINES_A_CHUNK))
        chunk = b"".join(rows)
        number += LINES_A_CHUNK
        sent += len(chunk)
        yield chunk
    cause = {"exc_type": "ValueError", "exc_value": "footer missing", "frames": []}
    last = {"event": "Task failed with exception", "level": "error", "error_detail": [cause]}
    yield json.dumps(last).encode() + b"\n"


def _row(number: int) -> bytes:
    at = f"2026-11-22T05:{number // 60_000 % 60:02}:{number // 1_000 % 60:02}.{number % 1000:03}Z"
    event = f"part {number} of the export read in {number % 97} ms, nothing unusual"
    row = {"timestamp": at, "event": event, "level": "info", "logger": "task.stdout"}
    return json.dumps(row).encode() + b"\n"


async def _measure(url: str) -> dict[str, object]:
    config = ClusterConfig("bench", url, RecordedAirflow.username, RecordedAirflow.password)
    cluster = AirflowCluster(config, make_log_reader=LogReader, redact=lambda text: text)
    target = Target(
        "bench", RECORDING.stem, json.loads(RECORDING.read_text())["run_id"], "bye", try_number=1
    )
    LogReader(1).finish()  # compiles its patterns
    await cluster.report(10)
    watch = _Watch()
    began, processor = time.perf_counter(), time.process_time()
    reading = asyncio.create_task(cluster.read_log(target, 170))
    calls = []
    while not reading.done():
        asked = time.perf_counter()
        await cluster.task_ids(RECORDING.stem)
        calls.append(time.perf_counter() - asked)
        await asyncio.sleep(0.05)
    log, gaps = await reading
    took, used = time.perf_counter() - began, time.process_time() - processor
    watch.over = True
    assert log is not None, gaps
    root = [chain.root_cause.message for chain in log.chains]
    return {
        "log": f"{log.bytes_read / 1e6:.0f} MB, {log.lines_read} lines, complete: {log.complete}",
        "found": root,
        "time": f"{took:.1f} s",
        "processor time": f"{used:.1f} s",
        "memory above rest, at most": f"{(watch.peak - watch.at_rest) / 1e6:.1f} MB",
        "small calls beside it": len(calls),
        "slowest of them": f"{max(calls) * 1000:.0f} ms",
    }


class _Watch:
    """Samples this process's resident memory every 10 ms."""

    def __init__(self) -> None:
        self.over = False
        self.at_rest = self.peak = _resident()
        threading.Thread(target=self._look, daemon=True).start()

    def _look(self) -> None:
        while not self.over:
            self.peak = max(self.peak, _resident())
            time.sleep(0.01)


def _resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


if __name__ == "__main__":
    main()
