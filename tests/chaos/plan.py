"""What one run is to do: read from the command line, the same for the same seed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Plan:
    """Times are in seconds. `door` is how deliveries arrive: socket or http.

    `gap` lies between two kills, `cancels` between two questions that an operator calls off; `rate`
    is questions a second while people talk, `reports` failures a second that Airflow reports by
    itself. `pause` is how long a process is stopped: longer than others wait before they take over
    its work. `outage` is how long the database is away once, 0 for never, `late` how long
    deliveries may hang.
    """

    database: str = "sqlite"
    door: str = "socket"
    replicas: int = 1
    kills: int = 200
    seed: int = 1
    rate: float = 1.2
    reports: float = 0.1
    gap: tuple[float, float] = (2.0, 10.0)
    trouble: tuple[float, float] = (3.0, 9.0)
    pause: float = 20.0
    outage: float = 0.0
    late: float = 40.0
    cancels: tuple[float, float] = (15.0, 40.0)
    retries: tuple[float, ...] = (0.5, 8.0, 30.0)
    drain: float = 240.0
    quiet: float = 16.0
    longest: float = 5400.0
    folder: Path | None = None

    def __post_init__(self) -> None:
        if self.database == "sqlite" and self.replicas != 1:
            raise ValueError("SQLite belongs to one process: use --replicas 1")

    @property
    def roles(self) -> Sequence[str]:
        """One that does both, then by turns one that takes in and one that answers."""
        if self.replicas == 1:
            return ("both",)
        if self.replicas == 2:
            return ("serve", "worker")
        others = ("serve", "worker") * self.replicas
        return ("both", *others[: self.replicas - 1])
