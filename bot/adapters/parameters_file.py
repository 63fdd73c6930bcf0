"""The fitted parameters in a file of the data folder, every version of them, read again when it
changes."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import structlog
from pydantic import TypeAdapter, ValidationError

from bot.domain.errors import BadRequest
from bot.domain.parameters import DEFAULTS, Parameters

log = structlog.get_logger(__name__)

NAME = "parameters.json"


@dataclass(frozen=True, slots=True)
class Version:
    """`report` is what was measured when they were adopted."""

    number: int
    made_at: datetime
    parameters: Parameters
    report: Mapping[str, Any]


_VERSIONS = TypeAdapter(tuple[Version, ...])


class ParametersFile:
    """The last version is in force; without any, what is shipped."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / NAME
        self._stamp: tuple[int, int] | None = None
        self._parameters = DEFAULTS

    def parameters(self) -> Parameters:
        """Those in force now. A file that cannot be read leaves in force what was, and says so."""
        stamp = self._stamped()
        if stamp != self._stamp:
            self._stamp = stamp
            try:
                versions = self.versions()
            except BadRequest as error:
                log.error("parameters.not_read", error=str(error))
                return self._parameters
            self._parameters = versions[-1].parameters if versions else DEFAULTS
            log.info("parameters.read", version=versions[-1].number if versions else 0)
        return self._parameters

    def versions(self) -> Sequence[Version]:
        """Oldest first. Raises `BadRequest` naming the file where it cannot be read."""
        try:
            return _VERSIONS.validate_json(self._path.read_bytes())
        except FileNotFoundError:
            return ()
        except OSError as error:
            raise BadRequest(f"{self._path} cannot be read ({error.strerror}).") from error
        except ValidationError as error:
            raise BadRequest(
                f"{self._path} is not what airflow-bot refit writes. Delete it to go on with the "
                "parameters that are shipped."
            ) from error

    def adopt(self, parameters: Parameters, at: datetime, report: Mapping[str, Any]) -> Version:
        """Puts them in force. Raises `BadRequest`."""
        before = self.versions()
        number = before[-1].number + 1 if before else 1
        version = Version(number, at, parameters, report)
        self._write((*before, version))
        return version

    def back(self) -> Version | None:
        """Takes the last version away; that before it is in force then, None for what is shipped.
        Raises `BadRequest` where there is nothing to take away."""
        before = self.versions()
        if not before:
            raise BadRequest("Nothing was fitted: the parameters that are shipped are in force.")
        self._write(before[:-1])
        return before[-2] if len(before) > 1 else None

    def _stamped(self) -> tuple[int, int] | None:
        try:
            stat = self._path.stat()
        except OSError:
            return None
        return stat.st_mtime_ns, stat.st_size

    def _write(self, versions: Sequence[Version]) -> None:
        """A reader sees the file as it was or as it is."""
        tree = [{**asdict(one), "made_at": one.made_at.isoformat()} for one in versions]
        try:
            handle, name = tempfile.mkstemp(dir=self._path.parent, prefix=f".{NAME}-")
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump(tree, file, indent=2)
            Path(name).replace(self._path)
        except OSError as error:
            raise BadRequest(f"{self._path} cannot be written ({error.strerror}).") from error
