"""A small process that outlives the one that started it, and then ends what that one left behind.

It also holds the lock of a folder, so that nobody starts anew in there before all is gone.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import subprocess
import sys
import time
from pathlib import Path

from bot.domain.errors import BotError
from bot.playground.process_trees import Process, kill_trees, listed

HANDOVER_SECONDS = 5.0  # a keeper whose owner was killed needs a moment to clean up


class Keeper:
    """Use as a context: while it lasts, `folder` is ours and kept processes end with us.

    They end however we do, by SIGKILL too. Raises `BotError` where another one has the folder.
    """

    def __init__(self, folder: Path) -> None:
        self._lock = folder / "lock"

    def __enter__(self) -> Keeper:
        self._lock.parent.mkdir(parents=True, exist_ok=True)
        held = os.open(self._lock, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            self._take(held)
            # Inherited, the lock lasts until the keeper has ended as well.
            self._process = subprocess.Popen(  # noqa: S603
                [sys.executable, "-m", __name__],
                stdin=subprocess.PIPE,
                pass_fds=(held,),
                start_new_session=True,
            )
        finally:
            os.close(held)
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()

    def keep(self, pid: int) -> None:
        """From now on this process, with all that it starts, ends when we do."""
        pipe = self._process.stdin
        if pipe is None:
            raise RuntimeError("the keeper was started without its pipe")
        with contextlib.suppress(BrokenPipeError):  # somebody ended it; we end our processes too
            pipe.write(f"{pid}\n".encode())
            pipe.flush()

    def _take(self, held: int) -> None:
        deadline = time.monotonic() + HANDOVER_SECONDS
        while True:
            try:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                owner = os.pread(held, 20, 0).decode()
                if time.monotonic() > deadline or (owner and int(owner) in listed()):
                    raise BotError(self._occupied(owner)) from None
                time.sleep(0.1)
            else:
                os.ftruncate(held, 0)
                os.pwrite(held, str(os.getpid()).encode(), 0)
                return

    def _occupied(self, pid: str) -> str:
        return (
            f"{self._lock.parent} is in use by a demo that runs already (process {pid}): "
            "end that one with Ctrl-C, or choose another --folder and other ports"
        )


def main() -> None:
    kept: list[Process] = []
    for line in sys.stdin:
        process = listed().get(int(line))
        if process is not None:
            kept.append(process)
    kill_trees(kept)  # the pipe is closed: whoever held it has ended


if __name__ == "__main__":
    main()
