"""Runbook files from folders, read again when they change."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import structlog

from bot.domain.errors import RunbookError
from bot.knowledge.catalogue import Catalogue, read_catalogue
from bot.knowledge.runbook_file import Words

log = structlog.get_logger(__name__)

_Stamp = tuple[tuple[str, int, int], ...]


class RunbookFolder:
    """The catalogue of several folders; files of later folders replace earlier ones by cause.

    `catalogue()` compares names, sizes and times of the files (about 1 ms for a hundred) and reads
    them only when something changed, so a new or corrected file is in force without a restart.
    """

    def __init__(self, folders: Sequence[Path], words: Words) -> None:
        self._folders = tuple(folders)
        self._words = words
        self._stamp: _Stamp | None = None
        self._catalogue = Catalogue(())

    def catalogue(self) -> Catalogue:
        """The known failures in force now; what is refused is logged once.

        Raises `RunbookError` where a folder is missing at first; one that vanishes later leaves
        what was read of it in force.
        """
        try:
            stamp = tuple(self._stamps())
        except RunbookError as error:
            if self._stamp is None:
                raise
            log.warning("runbook_folder_gone", fault=str(error))
            return self._catalogue
        if stamp != self._stamp:
            self._replace(self._read(), stamp)
        return self._catalogue

    def _replace(self, catalogue: Catalogue, stamp: _Stamp) -> None:
        for fault in catalogue.faults:
            if fault not in self._catalogue.faults:
                log.warning("runbook_refused", fault=fault)
        self._catalogue, self._stamp = catalogue, stamp

    def _files(self) -> Iterator[Path]:
        for folder in self._folders:
            if not folder.is_dir():
                raise RunbookError(f"{folder}: there is no such folder of runbooks")
            yield from sorted(p for p in folder.glob("*.md") if p.name.lower() != "readme.md")

    def _stamps(self) -> Iterator[tuple[str, int, int]]:
        for path in self._files():
            try:
                stat = path.stat()
            except FileNotFoundError:
                continue  # deleted between listing and looking
            yield str(path), stat.st_mtime_ns, stat.st_size

    def _read(self) -> Catalogue:
        texts, unreadable = [], []
        for path in self._files():
            try:
                texts.append((str(path), path.read_text(encoding="utf-8")))
            except (OSError, UnicodeDecodeError) as error:
                unreadable.append(f"{path}:1: cannot be read: {error}")
        catalogue = read_catalogue(texts, self._words)
        return Catalogue(catalogue.failures, (*unreadable, *catalogue.faults))
