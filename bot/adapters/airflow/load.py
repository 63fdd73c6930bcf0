"""How busy this process keeps one cluster."""

from __future__ import annotations

from dataclasses import dataclass

from bot.adapters.airflow.breaker import BreakerState


@dataclass(frozen=True, slots=True)
class ClusterLoad:
    """As of now. `share` is how many calls at once this process may make; of those `in_flight`
    nobody waits any more for `abandoned`; `waiting` ones have not begun. A gathering is a whole
    question, of many calls."""

    cluster: str
    breaker: BreakerState
    share: int
    in_flight: int
    abandoned: int
    waiting: int
    gathering: int
    gathers_waiting: int
