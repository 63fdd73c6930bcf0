"""The folder that approved runbooks are written to."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from bot.domain.errors import BadRequest
from bot.words import mark, say

_TAKEN = mark("There is a runbook {name} already, with other words.")


class FolderShelf:
    """The port `RunbookShelf`. A file appears whole or not at all: the bot reads the folder."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder

    @property
    def is_there(self) -> bool:
        return self._folder is not None

    def put(self, name: str, text: str) -> str:
        """Raises `BadRequest`; one that is there already with the same words is left alone."""
        if self._folder is None:
            raise BadRequest("there is no folder for approved runbooks")
        path = self._folder / name
        try:
            if path.exists():
                if not self.holds(name, text):
                    raise BadRequest(say(_TAKEN, name=name))
                return str(path)
            self._write(path, text)
        except OSError as error:
            raise BadRequest(
                say(
                    "{path} cannot be written ({reason}). Tell whoever runs this bot.",
                    path=str(path),
                    reason=error.strerror or str(error),
                )
            ) from error
        return str(path)

    def holds(self, name: str, text: str) -> bool:
        """False where it cannot be read."""
        try:
            found = self._folder is not None and (self._folder / name).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            return False
        return found == text

    def take_back(self, name: str, text: str) -> None:
        """Raises `BadRequest`."""
        if self._folder is None or not self.holds(name, text):
            return
        path = self._folder / name
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise BadRequest(
                say(
                    "{path} cannot be deleted ({reason}). Tell whoever runs this bot.",
                    path=str(path),
                    reason=error.strerror or str(error),
                )
            ) from error

    def _write(self, path: Path, text: str) -> None:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=".runbook-", suffix=".part")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text)
            Path(name).chmod(0o644)
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
