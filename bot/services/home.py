"""Puts a person's Home together: every part has a deadline, and one that fails is said to."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

import structlog

from bot.answering.wording import short_name
from bot.domain.answers import ClusterReport, Diagnosis
from bot.domain.channel_policies import PolicyKey
from bot.domain.conversations import Turn
from bot.domain.errors import BotError
from bot.domain.home import Home, OpenEscalation, RecentThread
from bot.domain.people import Preferences
from bot.domain.questions import Asker
from bot.domain.reports import FailingDag
from bot.services.access_ports import ChannelPolicies
from bot.services.capacity import Outlooks
from bot.services.mine import MineService
from bot.services.onlookers import target_of
from bot.services.open_escalations import Permalink
from bot.services.people_ports import PreferenceStore, RecentThreads
from bot.services.reports import cluster_reports
from bot.services.sight import SeenBy
from bot.services.sights import Sight
from bot.words import mark, say

log = structlog.get_logger(__name__)

T = TypeVar("T")
Escalations = Callable[[Asker, str, Permalink], Awaitable[Sequence[OpenEscalation]]]
"""Those that are open and concern somebody of a workspace. `BotError`."""

NOT_SEEN = mark("About a Dag that you may not see now")
_THREADS = 5
_TITLE = 90
_FRESH = 60.0
_KEPT = 500  # people


async def no_escalations(
    asker: Asker, workspace: str, permalink: Permalink
) -> Sequence[OpenEscalation]:
    """For where nobody is ever called."""
    return ()


@dataclass
class HomeService:
    """`seconds` is for each part; how the clusters do, as somebody may see it, holds a minute.
    `sight` says what somebody may see by now of what was kept; without it that is everything.
    Without `policies` no channel is about any Dags."""

    mine: MineService
    preferences: PreferenceStore
    threads: RecentThreads
    seen: SeenBy
    now: Callable[[], datetime]
    escalations: Escalations = no_escalations
    sight: Callable[[Asker], Awaitable[Sight]] | None = None
    seconds: float = 8.0
    policies: ChannelPolicies | None = None
    outlooks: Outlooks | None = None
    _health: OrderedDict[Asker, tuple[datetime, tuple[ClusterReport, ...]]] = field(
        default_factory=OrderedDict
    )

    async def home(self, asker: Asker, workspace: str, permalink: Permalink) -> Home:
        """Never raises: what cannot be had is named in `missing`."""
        missing: list[str] = []
        look = _Looking(self.seconds, missing)
        wanted, failing, clusters, escalations, threads = await asyncio.gather(
            look.at(
                mark("your settings"), self.preferences.preferences(workspace, asker.user_id), None
            ),
            look.at(mark("your Dags"), self.mine.failing(asker, workspace), None),
            look.at(mark("the clusters"), self._clusters(asker), ()),
            look.at(mark("escalations"), self._escalations(asker, workspace, permalink), ()),
            look.at(mark("your threads"), self._threads(asker, workspace, permalink), ()),
        )
        return Home(
            made_at=self.now(),
            preferences=wanted or Preferences(),
            failing=failing,
            clusters=clusters,
            escalations=tuple(escalations),
            threads=threads,
            missing=tuple(missing),
        )

    async def failing(self, asker: Asker, workspace: str, beside: str) -> Sequence[FailingDag]:
        """Dags that fail now and that somebody may want to ask about, who looks at the channel
        `beside` ("" for none): those that it is about, then their own. Raises `StoreError`."""
        own = await self.mine.failing(asker, workspace)
        if not beside or self.policies is None:
            return own.dags
        policy = await self.policies.policy(PolicyKey(workspace, beside))
        if not policy.dags:
            return own.dags
        theirs = await self.mine.failing_of(asker, workspace, policy.dags, policy.cluster)
        known = {(dag.cluster, dag.dag_id) for dag in theirs.dags}
        return [*theirs.dags, *(one for one in own.dags if (one.cluster, one.dag_id) not in known)]

    async def _clusters(self, asker: Asker) -> tuple[ClusterReport, ...]:
        at, known = self.now(), self._health.get(asker)
        if known is not None and (at - known[0]).total_seconds() < _FRESH:
            return known[1]
        clusters = await self.seen(asker, "")
        reports = await cluster_reports(list(clusters.values()), self.seconds, self.outlooks)
        self._health[asker] = (at, reports)
        while len(self._health) > _KEPT:
            self._health.popitem(last=False)
        return reports

    async def _threads(
        self, asker: Asker, workspace: str, permalink: Permalink
    ) -> tuple[RecentThread, ...]:
        turns = await self.threads.recent(workspace, asker.user_id, _THREADS)
        links = await asyncio.gather(
            *(permalink(turn.question.thread.channel, turn.reply_ts or "") for turn in turns)
        )
        titles = await self._titles(asker, turns)
        return tuple(
            RecentThread(title, turn.question.asked_at, url)
            for turn, title, url in zip(turns, titles, links, strict=True)
        )

    async def _titles(self, asker: Asker, turns: Sequence[Turn]) -> Sequence[str]:
        if self.sight is None:
            return [_title(turn) for turn in turns]
        sight = await self.sight(asker)
        veil = await sight.veil()
        titles = []
        for turn in turns:
            target = target_of(turn.reply)
            is_seen = target is None or await sight.sees(target)
            titles.append(veil.text(_title(turn)) if is_seen else say(NOT_SEEN))
        return titles

    async def _escalations(
        self, asker: Asker, workspace: str, permalink: Permalink
    ) -> tuple[OpenEscalation, ...]:
        found = tuple(await self.escalations(asker, workspace, permalink))
        if self.sight is None or not found:
            return found
        return (await (await self.sight(asker)).veil()).over(found)


@dataclass
class _Looking:
    seconds: float
    missing: list[str]

    async def at(self, what: str, work: Awaitable[T], otherwise: T) -> T:
        try:
            async with asyncio.timeout(self.seconds + 2.0):
                return await work
        except (BotError, TimeoutError) as error:
            log.warning("home.part_missing", part=what, error=type(error).__name__)
            self.missing.append(what)
            return otherwise


def _title(turn: Turn) -> str:
    reply = turn.reply
    if isinstance(reply, Diagnosis):
        title = f"{short_name(reply.target)}: {say(reply.verdict.title)}"
    else:
        title = turn.question.text or turn.intent.value.replace("_", " ")
    flat = " ".join(title.split())
    return flat if len(flat) <= _TITLE else flat[: _TITLE - 1] + "…"
