"""What the tests of the Airflow adapter share: recordings, a plain log reader, a cluster."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from bot.adapters.airflow.cluster import AirflowCluster
from bot.adapters.airflow.config import ClusterConfig
from bot.diagnosis.logs.novelty import LineKinds
from bot.domain.logs import LogLine, LogReading
from bot.services.no_meter import NoMeter
from bot.services.ports import Meter
from tests.fakes.airflow_server import RecordedAirflow

PAYLOADS = Path(__file__).parents[2] / "payloads" / "airflow"
EXIT_CODE = "pipeline_62247"  # one task that exits with a code of its own
RETRIED = "pipeline_30526"  # three tries, the last one well
MAPPED = "pipeline_31474"  # one of fifty mapped task instances failed
UPSTREAM = "pipeline_77776"  # extract failed, transform and load never ran
CHILD = "pipeline_95238"  # triggered a run of another Dag that failed
POOL = "pipeline_94164"  # waits for a pool that does not exist
DEFERRED = "pipeline_93962"  # no triggerer holds its trigger
NO_DAG = "pipeline_92942"  # its file cannot be imported


class PlainReader:
    """Keeps every line as it came."""

    def __init__(self, try_number: int | None, *, known: LineKinds | None = None) -> None:
        self.try_number = try_number
        self.raw = b""
        self.known = known

    def feed(self, chunk: bytes) -> None:
        self.raw += chunk

    def finish(self, *, complete: bool = True) -> LogReading:
        lines = self.raw.decode().splitlines()
        return LogReading(
            self.try_number,
            tuple(LogLine(number, line) for number, line in enumerate(lines, 1)),
            lines_read=len(lines),
            bytes_read=len(self.raw),
            complete=complete,
            compared=self.known is not None,
        )


class AirflowMeter(NoMeter):
    """Keeps what it hears of clusters."""

    def __init__(self) -> None:
        self.calls: Counter[tuple[str, str]] = Counter()
        self.bytes: Counter[str] = Counter()

    def airflow_call(self, cluster: str, outcome: str, seconds: float) -> None:
        self.calls[cluster, outcome] += 1

    def log_read(self, cluster: str, size: int) -> None:
        self.bytes[cluster] += size


def mask(text: str) -> str:
    """Stands for redaction: hides one known word."""
    return text.replace("hunter2", "[secret]")


def recording(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((PAYLOADS / f"{name}.json").read_text())
    return loaded


def serve(*names: str) -> RecordedAirflow:
    return RecordedAirflow.from_file(*(PAYLOADS / f"{name}.json" for name in names))


def cluster_of(
    airflow: RecordedAirflow,
    *,
    make_log_reader: Callable[..., Any] = PlainReader,
    redact: Callable[[str], str] = mask,
    meter: Meter | None = None,
    **config: Any,
) -> AirflowCluster:
    settings = ClusterConfig(
        "lab", airflow.url, airflow.username, airflow.password, connect_seconds=2.0
    )
    return AirflowCluster(
        replace(settings, **config),
        make_log_reader=make_log_reader,
        redact=redact,
        meter=meter or NoMeter(),
    )
