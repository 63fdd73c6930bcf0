"""Ends processes together with everything that they started, wherever it moved to.

Airflow's tasks lead process groups of their own, and outlive a kill of the group they came from.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

_ENDED = ("Z", "X")  # states of processes that only wait to be collected
_PROC = Path("/proc")
_GONE_SECONDS = 5.0  # a killed process that waits for a disk cannot be hurried


@dataclass(frozen=True, slots=True)
class Process:
    """One process as listed. `started` tells it from a later one with the same `pid`."""

    pid: int
    parent: int
    group: int
    session: int
    started: str


def listed() -> dict[int, Process]:
    """The processes at work on this machine, by pid."""
    lines = _from_proc() if (_PROC / "self" / "stat").exists() else _from_ps()
    return {process.pid: process for process in lines}


def kill_trees(roots: Collection[Process]) -> None:
    """Kills these processes and all that descend from them or live in their groups or sessions.

    Each is stopped before its children are looked up, so that none is born unseen. Roots that
    have ended may have left descendants; a pid that was given to another process since is spared.
    Returns when all are gone.
    """
    stopped: set[Process] = set()
    while newly := _descendants(roots, listed()) - stopped:
        for process in newly:
            _signal(process.pid, signal.SIGSTOP)
        stopped |= newly
    for process in stopped:
        _signal(process.pid, signal.SIGKILL)
    deadline = time.monotonic() + _GONE_SECONDS
    # Orphans change their parent, so they are known again by pid and start.
    known = {(process.pid, process.started) for process in stopped}
    while known & {(process.pid, process.started) for process in listed().values()}:
        if time.monotonic() > deadline:
            return
        time.sleep(0.02)


def _descendants(roots: Collection[Process], seen: dict[int, Process]) -> set[Process]:
    leaders = {
        root.pid for root in roots if root.pid not in seen or seen[root.pid].started == root.started
    }
    found: set[Process] = set()
    while grown := {
        process
        for process in set(seen.values()) - found
        if leaders & {process.pid, process.group, process.session}
        or any(process.parent == parent.pid for parent in found)
    }:
        found |= grown
    return found


def _from_proc() -> Iterable[Process]:
    for folder in _PROC.iterdir():
        if folder.name.isdigit():
            with contextlib.suppress(OSError):  # it has just ended
                # The name in parentheses may itself hold spaces and parentheses.
                fields = (folder / "stat").read_text(errors="replace").rpartition(")")[2].split()
                parent, group, session = map(int, fields[1:4])
                if fields[0] not in _ENDED:
                    yield Process(int(folder.name), parent, group, session, fields[19])


def _from_ps() -> Iterable[Process]:
    """Where there is no /proc (macOS). Sessions are not told there; the group stands in."""
    columns = ("stat", "pid", "ppid", "pgid", "lstart")
    command = ["ps", "-A", *(word for column in columns for word in ("-o", f"{column}="))]
    shown = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603
    for line in shown.stdout.splitlines():
        state, pid, parent, group, started = line.split(None, 4)
        if state[0] not in _ENDED:
            yield Process(int(pid), int(parent), int(group), int(group), started)


def _signal(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, number)
