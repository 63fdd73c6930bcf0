"""What failed lately on the clusters, and what hindered the look."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.answering.gaps import gap_in_words
from bot.domain.errors import AirflowError
from bot.domain.evidence import TaskInstance
from bot.domain.targets import TargetHints
from bot.questions.runs import hours_in_words, hours_meant
from bot.services.answering_clusters import unless_all_failed
from bot.services.ports import Cluster, TasksSeen
from bot.words import mark, number, say

_LOOK_BACK = timedelta(hours=48)
_LOOKED_AT = 100  # failures of one cluster


@dataclass(frozen=True, slots=True)
class FailuresSeen:
    """Failed task instances by cluster, newest first. `doubts`: why there may be others.

    `is_hidden`: no cluster showed its list.
    """

    by_cluster: Mapping[str, Sequence[TaskInstance]]
    when: str
    doubts: tuple[str, ...]
    is_hidden: bool


async def failures_seen(
    clusters: Mapping[str, Cluster],
    zones: Mapping[str, ZoneInfo],
    hints: TargetHints,
    now: datetime,
) -> FailuresSeen:
    """The failures of the hours that were said, else of the last two days.

    Raises `AirflowError` where no cluster answers.
    """
    zone_of = {name: zones.get(name, ZoneInfo("UTC")) for name in clusters}
    hours = {name: hours_meant(hints, now, zone_of[name]) for name in clusters}

    async def failed(name: str) -> TasksSeen | AirflowError:
        since = (hours[name] or (now - _LOOK_BACK, now))[0]
        try:
            return await clusters[name].find_failed(min(since, now), _LOOKED_AT)
        except AirflowError as error:
            return error

    looked = dict(zip(clusters, await asyncio.gather(*map(failed, clusters)), strict=True))
    seen = unless_all_failed(looked)
    by_cluster, doubts = (
        {},
        [say("{name} did not answer.", name=name) for name in looked if name not in seen],
    )
    for name, tasks in seen.items():
        span = hours[name]
        by_cluster[name] = [
            one
            for one in tasks.task_instances
            if span is None or one.end is None or one.end <= span[1]
        ]
        doubts += [f"{name}: {gap_in_words(gap)}" for gap in tasks.gaps]
        if len(tasks.task_instances) >= _LOOKED_AT:
            newest = mark("{name}: only the newest {n} failures were looked at.")
            doubts.append(say(newest, name=name, n=number(_LOOKED_AT)))
    when = hours_in_words(hints) if any(hours.values()) else say("in the last two days")
    hidden = all(tasks.gaps and not tasks.task_instances for tasks in seen.values())
    return FailuresSeen(by_cluster, when, tuple(doubts), hidden)
