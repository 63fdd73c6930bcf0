"""The folder of an export: files grow in a corner of it, and come out once all are whole."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from bot.adapters.dataset.plan import SqlitePlan
from bot.adapters.dataset.tables import write_table
from bot.domain.errors import ExportError
from bot.learning.formats import Column

_CORNER = ".unfinished"
_SIZES, _WHOLE = "sizes", "whole"


class ExportFolder:
    """One export at `folder`, new or gone on with; nobody else works on it meanwhile.

    Raises `ExportError` where other things are in the folder.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._corner = folder / _CORNER
        self._files = self._corner / "files"
        self._open: dict[str, BinaryIO] = {}
        try:
            others = [one.name for one in folder.iterdir()] if folder.exists() else []
            if others and _CORNER not in others:
                raise ExportError(f"{folder} is not empty. Name a new folder for the dataset.")
            self._files.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ExportError(f"{folder} cannot be written: {error.strerror}.") from error
        self._lock = (self._corner / "lock").open("w")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._lock.close()
            raise ExportError(f"Another export is writing to {folder}. Wait for it.") from None
        self.plan = SqlitePlan(self._corner / "plan.db")
        self._sizes: dict[str, int] = json.loads(self.plan.notes().get(_SIZES, "{}"))
        if not self.is_whole:
            self._cut_back()

    @property
    def is_whole(self) -> bool:
        return _WHOLE in self.plan.notes()

    def append(self, path: str, lines: bytes) -> None:
        self._file(path).write(lines)

    def keep(self, **notes: str) -> None:
        for path, file in self._open.items():
            file.flush()
            os.fsync(file.fileno())
            self._sizes[path] = file.tell()
        self.plan.note(**notes, **{_SIZES: json.dumps(self._sizes)})

    def written(self) -> Sequence[str]:
        return sorted(self._sizes)

    def table(self, path: str, columns: Mapping[str, Column], *sources: str) -> None:
        beside = [self._lines(source) for source in sources]
        rows = (dict(chain(*(one.items() for one in row))) for row in zip(*beside, strict=True))
        write_table(self._place(path), columns, rows)

    def put(self, path: str, text: str) -> None:
        self._place(path).write_text(text, encoding="utf-8", newline="\n")

    def digests(self) -> Mapping[str, str]:
        found = {}
        for path in self._paths():
            with (self._files / path).open("rb") as content:
                found[path] = hashlib.file_digest(content, "sha256").hexdigest()
        return found

    def finish(self) -> None:
        """The files come out, and the corner goes. Called again after a crash it goes on."""
        paths = self._paths()
        if not self.is_whole:
            self.plan.note(**{_WHOLE: json.dumps(paths)})
        self._close()
        for path in paths:
            to = self.folder / path
            to.parent.mkdir(parents=True, exist_ok=True)
            (self._files / path).replace(to)
        self._leave()

    def clear(self) -> None:
        """Also what came out already."""
        came_out: list[str] = json.loads(self.plan.notes().get(_WHOLE, "[]"))
        self._close()
        for path in came_out:
            (self.folder / path).unlink(missing_ok=True)
            with suppress(OSError):  # where other files are
                (self.folder / path).parent.rmdir()
        self._leave()
        with suppress(OSError):  # where others have put something beside it
            self.folder.rmdir()

    def close(self) -> None:
        self._close()
        self._lock.close()

    def _lines(self, path: str) -> Iterator[dict[str, Any]]:
        with (self._files / path).open("rb") as lines:
            yield from map(msgspec.json.decode, lines)

    def _paths(self) -> list[str]:
        """Of the files in the corner."""
        files = sorted(one for one in self._files.rglob("*") if one.is_file())
        return [one.relative_to(self._files).as_posix() for one in files]

    def _place(self, path: str) -> Path:
        place = self._files / path
        place.parent.mkdir(parents=True, exist_ok=True)
        return place

    def _leave(self) -> None:
        shutil.rmtree(self._corner)
        self._lock.close()

    def _close(self) -> None:
        for file in self._open.values():
            file.close()
        self._open.clear()
        self.plan.close()

    def _file(self, path: str) -> BinaryIO:
        if path not in self._open:
            self._open[path] = self._place(path).open("ab")
            self._sizes.setdefault(path, 0)
        return self._open[path]

    def _cut_back(self) -> None:
        """To what was kept: what was written after that is written again."""
        for file in [one for one in self._files.rglob("*") if one.is_file()]:
            kept = self._sizes.get(file.relative_to(self._files).as_posix(), 0)
            if kept:
                os.truncate(file, kept)
            else:
                file.unlink()
