"""A rota file as a source: read again when it changes, the last good one kept while it is wrong."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import structlog

from bot.adapters.oncall.rota_file import read_rota
from bot.adapters.oncall.schedule import Rota
from bot.adapters.oncall.source import NamesOnly
from bot.domain.checks import Check, CheckStatus
from bot.domain.errors import OnCallError
from bot.domain.oncall import OnCallNow, OnCallTurn

log = structlog.get_logger(__name__)

HORIZON = timedelta(days=60)
"""How far ahead it is looked for the end of a turn, and for times without anybody."""
_PART = "on call:rota"

_Stamp = tuple[int, int, int, int]


def read_rota_file(path: Path) -> Rota:
    """Raises `OnCallError`, also where it is not there or no text."""
    return read_rota(_text_of(path), path.name)


def _text_of(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise OnCallError(f"{path}: does not exist. Create it or correct the path.") from None
    except UnicodeDecodeError:
        raise OnCallError(f"{path}: is not UTF-8 text. Save it as UTF-8.") from None
    except OSError as error:
        raise OnCallError(f"{path}: cannot be read: {error.strerror}. Correct the path.") from None


class RotaSource(NamesOnly):
    """`keep` is where the last good file is copied to: a restart may meet a broken one."""

    def __init__(self, path: Path, keep: Path | None, now: Callable[[], datetime]) -> None:
        self.name = path.name
        self._path = path
        self._keep = keep
        self._now = now
        self._stamp: _Stamp | None = None
        self._rota: Rota | None = None
        self._faults: tuple[str, ...] = ()

    @property
    def levels(self) -> int:
        """Those of the file as it is now; 1 where it cannot be used at all, to say so there."""
        rota = self._current()
        return len(rota.levels) if rota else 1

    async def on_call(self, level: int, at: datetime) -> OnCallNow:
        rota = self._current()
        if rota is None:
            return OnCallNow(level, (), self.name, fault=self._why_nobody())
        if not 1 <= level <= len(rota.levels):
            fault = f"{self.name} has no level {level}. Add it, or take it out of on_call.levels."
            return OnCallNow(level, (), self.name, fault=fault)
        turn = next(rota.turns(level, at, HORIZON))
        until = turn.end if turn.end < at + HORIZON else None
        return OnCallNow(level, turn.responders, self.name, until, warning=self._warning())

    async def turns(self, level: int, at: datetime, horizon: timedelta) -> Sequence[OnCallTurn]:
        rota = self._current()
        if rota is None:
            raise OnCallError(*self._faults)
        return tuple(rota.turns(level, at, horizon)) if level <= len(rota.levels) else ()

    async def doctor(self) -> Sequence[Check]:
        rota = self._current()
        checks = [self._file_check(rota)]
        if rota:
            checks += [self._gap_check(rota, level + 1) for level in range(len(rota.levels))]
        return checks

    def _current(self) -> Rota | None:
        """The rota in force. A change of the file shows in what the system says of it."""
        stamp = _stamp_of(self._path)
        if stamp is not None and stamp == self._stamp:
            return self._rota
        self._stamp = stamp
        try:
            text = _text_of(self._path)
            rota = read_rota(text, self.name)
        except OnCallError as error:
            self._refuse(error.faults)
        else:
            self._rota, self._faults = rota, ()
            self._keep_copy(text)
        return self._rota

    def _refuse(self, faults: tuple[str, ...]) -> None:
        if faults != self._faults:
            for fault in faults:
                log.warning("rota_refused", fault=fault)
        self._faults = faults
        if self._rota is None and self._keep is not None and self._keep.is_file():
            try:
                self._rota = read_rota_file(self._keep)
            except OnCallError as error:
                log.warning("kept_rota_refused", fault=error.faults[0])

    def _keep_copy(self, text: str) -> None:
        # Beside a bot that never ran there is no folder yet, and nothing to keep.
        if self._keep is None or not self._keep.parent.is_dir():
            return
        beside = self._keep.with_suffix(f".{os.getpid()}")
        try:
            beside.write_text(text, encoding="utf-8")
            beside.replace(self._keep)
        except OSError as error:
            log.warning("rota_not_kept", path=str(self._keep), error=error.strerror)

    def _warning(self) -> str:
        if not self._faults:
            return ""
        more = f" (and {len(self._faults) - 1} more)" if len(self._faults) > 1 else ""
        return (
            f"{self.name} is refused, and the rota before it is in force: {self._faults[0]}{more}"
        )

    def _why_nobody(self) -> str:
        more = f" ({len(self._faults)} faults in all)" if len(self._faults) > 1 else ""
        return f"{self._faults[0]}{more}"

    def _file_check(self, rota: Rota | None) -> Check:
        if self._faults:
            status = CheckStatus.WARNING if rota else CheckStatus.FAILED
            remedy = f"Correct it, and prove it with airflow-bot oncall --check {self._path}"
            return Check(_PART, "file", status, "\n".join(self._faults), remedy)
        count = len(rota.levels) if rota else 0
        detail = f"{self._path}, {count} level{'s' if count > 1 else ''}"
        return Check(_PART, "file", CheckStatus.OK, detail)

    def _gap_check(self, rota: Rota, level: int) -> Check:
        name = f"level {level}"
        gap = first_gap(rota, level, self._now())
        if gap is None:
            return Check(_PART, name, CheckStatus.OK, f"covered for {HORIZON.days} days")
        return Check(_PART, name, CheckStatus.WARNING, gap_in_words(gap), COVER)


COVER = "Put a layer without hours underneath, or an override there."


def first_gap(rota: Rota, level: int, at: datetime) -> OnCallTurn | None:
    """The first time within the horizon in which nobody is on call."""
    turns = rota.turns(level, at, HORIZON)
    return next((turn for turn in turns if not turn.responders), None)


def gap_in_words(gap: OnCallTurn) -> str:
    return f"nobody is on call from {gap.start:%Y-%m-%d %H:%M} to {gap.end:%Y-%m-%d %H:%M} UTC"


def _stamp_of(path: Path) -> _Stamp | None:
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_dev, stat.st_ino, stat.st_mtime_ns, stat.st_size
