"""The doors to what is measured of the clusters' room, and to what is kept of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from bot.diagnosis.forecast import Point
from bot.domain.capacity import ClusterOutlook, Sample, Warned

History = Mapping[str, Sequence[Point]]
"""What was measured, by the key of a gauge."""


class CapacitySource(Protocol):
    @property
    def name(self) -> str: ...

    async def capacity(self, seconds: float) -> Sample:
        """Never raises: what cannot be measured is a gap."""
        ...


class LastOutlooks(Protocol):
    async def outlook(self, cluster: str) -> ClusterOutlook | None:
        """That of the last look. Raises `StoreError`."""
        ...


class CapacityStore(LastOutlooks, Protocol):
    """Every method raises `StoreError`."""

    async def history(self, cluster: str, at: datetime) -> History:
        """The hours before `at`, and the same hours of the days before with those that follow."""
        ...

    async def keep(self, sample: Sample, outlook: ClusterOutlook, *, tells: bool) -> int:
        """Keeps one look, once for its cluster and time, and what is to be warned of after it; how
        many warnings are to be told, which is handed in with it where `tells`."""
        ...

    async def warned(self, warned_id: str) -> Warned | None: ...

    async def put_thread(self, warned_id: str, thread: str) -> None: ...

    async def tidy(self, before: datetime) -> int:
        """Forgets what is older, and all but the last days of what was measured."""
        ...
