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


def processor_seconds(replicas: Iterable[Replica]) -> str:
    """By process, since it was started."""
    words = []
    for replica in replicas:
        # The name in parentheses may itself hold spaces and parentheses.
        fields = Path(f"/proc/{replica.pid}/stat").read_text().rpartition(")")[2].split()
        used = (int(fields[11]) + int(fields[12])) / _TICKS
        words.append(f"{replica.name} {used:.0f} s")
    return ", ".join(words)
