"""One process owns an index folder.

Chroma itself does not mind a second writer: it loses a fifth of the vectors without a word, and a
second reader never sees what the first one adds.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import IO

from bot.adapters.search.vectors import IndexInUse, VectorsUnavailable

_FILE = "owner.lock"


class FolderLock:
    """Held until `release` or the end of the process, however that comes about."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file: IO[str] | None = None

    def acquire(self) -> None:
        """Raises `IndexInUse` naming the process that has it. Nothing to do if held."""
        if self._file is not None:
            return
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            file = (self._folder / _FILE).open("a+", encoding="ascii")
        except OSError as error:
            raise VectorsUnavailable(f"{self._folder} cannot be written: {error}") from error
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            owner = _owner(file)
            file.close()
            raise IndexInUse(
                f"The index folder {self._folder} is in use by process {owner}. One process may "
                "own it: stop that one, or give this one another folder (knowledge.chroma_dir)."
            ) from error
        file.seek(0)
        file.truncate()
        file.write(str(os.getpid()))
        file.flush()
        self._file = file

    def release(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None


def _owner(file: IO[str]) -> str:
    file.seek(0)
    return file.read(20).strip() or "unknown"
