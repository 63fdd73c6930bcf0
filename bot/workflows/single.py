"""One process at a time for a file or folder that bears no second one."""

from __future__ import annotations

import errno
import fcntl
import os
from pathlib import Path

from sqlalchemy.engine import make_url

from bot.domain.errors import StoreError

_SECOND_PROCESS = "Stop it, or give each its own; several processes share a PostgreSQL database."


class OnlyOne:
    """Holds the file `<path>.lock` until `close` or the end of the process, however that comes."""

    def __init__(self, descriptor: int | None) -> None:
        self._descriptor = descriptor

    def close(self) -> None:
        """The lock file stays: taking it away would let two processes lock two files."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def claim_database(url: str, remedy: str = _SECOND_PROCESS) -> OnlyOne:
    """Claims the SQLite file at `url`, before anything in it is looked at or changed.

    Nothing is held of a database that processes share. Raises `StoreError` like `only_one`.
    """
    database = make_url(url)
    if database.get_backend_name() != "sqlite":
        return OnlyOne(None)
    return only_one(Path(str(database.database)), "The database", remedy)


def only_one(path: Path, what: str, remedy: str) -> OnlyOne:
    """Claims `path` for this process. `what` names it, `remedy` ends the message.

    Raises `StoreError` naming the process that has it.
    """
    # The same for all names of one file.
    real = path.resolve()
    lock = real.with_name(real.name + ".lock")
    try:
        lock.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        # Not inherited by programs that are started: a child must not keep it.
        descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise StoreError(
            f"{lock} cannot be opened: {error.strerror}. Let the bot's user write there, or name "
            "another place: database.url, or data_dir, which holds bot.db without it."
        ) from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        holder = os.pread(descriptor, 20, 0).decode(errors="replace").strip()
        os.close(descriptor)
        if error.errno not in (errno.EWOULDBLOCK, errno.EACCES):
            raise StoreError(f"{lock} cannot be locked: {error.strerror}. {remedy}") from error
        by = f"process {holder}" if holder.isdigit() else "another process"
        raise StoreError(f"{what} {path} is in use by {by}. {remedy}") from error
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
    return OnlyOne(descriptor)
