"""Failures that no runbook knows, by what makes them one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from bot.domain.incidents import FailureSeen
from bot.domain.runbook_drafts import SEEN_ON
from bot.domain.verdicts import VerdictKind


@dataclass(frozen=True, slots=True)
class Unmatched:
    """One of them. `runs` counts those on which it was seen, `dags` their Dags; `turn_ids` name the
    turns that looked into it, the newest first."""

    fingerprint: str
    runs: int
    dags: int
    turn_ids: tuple[str, ...]


def unmatched(failures: Iterable[FailureSeen], least: int = SEEN_ON) -> list[Unmatched]:
    """Those that were seen on so many different runs, the most frequent first. What was found last
    counts: a failure that a runbook knows by now is none of them."""
    groups: dict[str, list[FailureSeen]] = defaultdict(list)
    for one in failures:
        groups[one.incident].append(one)
    found = []
    for fingerprint, group in groups.items():
        ordered = sorted(group, key=lambda one: one.at, reverse=True)
        kind = next((one.kind for one in ordered if one.kind is not None), None)
        runs = {one.place[:3] for one in ordered if one.run_id}
        turns = tuple(dict.fromkeys(one.turn_id for one in ordered if one.turn_id))
        if kind is VerdictKind.UNKNOWN and len(runs) >= least and turns:
            dags = len({one.place[:2] for one in ordered})
            found.append(Unmatched(fingerprint, len(runs), dags, turns))
    return sorted(found, key=lambda one: (-one.runs, one.fingerprint))
