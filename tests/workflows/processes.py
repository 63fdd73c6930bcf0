"""Processes that work, and what they note."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_ROOT = Path(__file__).parents[2]


class Journal:
    """A file in which processes note what they begin."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.touch()

    def note(self, errand: str, step: str) -> None:
        with self.path.open("a") as lines:
            lines.write(f"{errand} {step} {os.getpid()}\n")

    def begun(self) -> Counter[tuple[str, str]]:
        """How often each step of each errand began."""
        return Counter((errand, step) for errand, step, _ in self._lines())

    def workers(self, errand: str) -> list[int]:
        """The processes that began a step of it, in order."""
        return [int(pid) for each, _, pid in self._lines() if each == errand]

    def _lines(self) -> list[tuple[str, str, str]]:
        lines = (line.rsplit(" ", 2) for line in self.path.read_text().splitlines())
        return [(errand, step, pid) for errand, step, pid in lines]


class Worker:
    """A started process; use `working`."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.pid = process.pid

    def wait_until_open(self) -> None:
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == "open\n"

    def send(self, number: signal.Signals) -> None:
        os.kill(self.pid, number)

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def terminate(self) -> int:
        """Asks it to end; its exit code."""
        self._process.terminate()
        return self._process.wait(timeout=60)

    def wait(self) -> tuple[int, str]:
        """Its exit code and all that it wrote, where it ends by itself."""
        output, _ = self._process.communicate(timeout=60)
        return self._process.returncode, output


@contextmanager
def working(
    url: str,
    journal: Journal,
    *,
    lease: float = 2.0,
    opens: bool = True,
    program: str = "tests.workflows.program",
) -> Iterator[Worker]:
    arguments = (url, str(journal.path), str(lease))
    process = subprocess.Popen(
        [sys.executable, "-m", program, *arguments],
        cwd=_ROOT,
        stdout=subprocess.PIPE,
        stderr=None if opens else subprocess.STDOUT,
        text=True,
    )
    worker = Worker(process)
    try:
        if opens:
            worker.wait_until_open()
        yield worker
    finally:
        process.kill()
        process.communicate()
