"""What a running process has used so far, as Linux tells it."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from tests.chaos.fleet import Replica

_TICKS = os.sysconf("SC_CLK_TCK")


def memory_mb(pid: int) -> float:
    """Resident memory in MB (10**6 bytes)."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024 / 1e6
    raise RuntimeError(f"/proc/{pid}/status tells of no memory")


def processor_seconds(pid: int) -> float:
    """Since the process was started."""
    # The name in parentheses may itself hold spaces and parentheses.
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def processors_used(replicas: Iterable[Replica]) -> str:
    """By process, since each was started."""
    return ", ".join(f"{one.name} {processor_seconds(one.pid):.0f} s" for one in replicas)
