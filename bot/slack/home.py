"""Keeps the Home tab up to date, and the prompts over the direct messages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from bot.domain.questions import Asker
from bot.domain.reports import FailingDag
from bot.domain.work import Retry
from bot.services.home import HomeService
from bot.services.ports import DurableSteps
from bot.slack.blocks.home import first_view, home_view
from bot.slack.forgetting import Forgetting
from bot.slack.gestures import Gestures
from bot.slack.home_arrivals import (
    HomeErrand,
    HomeOpened,
    KeepingSet,
    MessagesOpened,
    PatternsSet,
)
from bot.slack.limits import Limit
from bot.slack.tabs import Tabs
from bot.words import say

log = structlog.get_logger(__name__)

_STORE = Retry(attempts=6, pause=1.0, seconds=15.0)
_SHOW = Retry(attempts=4, pause=2.0, seconds=45.0)
_TITLE, _MESSAGE = Limit(60), Limit(300)
_PROMPTS = 4


@dataclass(frozen=True, slots=True)
class HomeDesk:
    """Does jobs of kind "home"; of one person they are done one after the other."""

    service: HomeService
    tabs: Tabs
    gestures: Gestures
    forgetting: Forgetting

    async def work(self, errand: HomeErrand, steps: DurableSteps) -> None:
        """Ends once it is shown, or Slack will not have it shown. Raises `StoreError` where what
        somebody set could not be kept."""
        asker, workspace = errand.asker, errand.workspace
        store, user = self.service.preferences, asker.user_id
        match errand:
            case PatternsSet(patterns=patterns):
                await steps.run(
                    "keep", lambda: store.set_patterns(workspace, user, patterns), _STORE
                )
                self.service.mine.forget(workspace, user)
            case KeepingSet(keeps=keeps):
                await steps.run("keep", lambda: store.set_keeping(workspace, user, keeps), _STORE)
                if not keeps:
                    await self.forgetting.forget(workspace, user, errand.key, steps)
            case MessagesOpened():
                await steps.run("suggest", lambda: self._suggest(errand))
                return
        seen = errand.hash if isinstance(errand, HomeOpened) else ""
        await steps.run("show home", lambda: self._show(asker, workspace, seen), _SHOW)

    async def _show(self, asker: Asker, workspace: str, seen: str) -> None:
        if not seen:
            # Whoever comes for the first time would look at nothing for some seconds.
            await self.tabs.publish_first(asker.user_id, first_view())
        home = await self.service.home(asker, workspace, self.gestures.permalink)
        await self.tabs.publish(asker.user_id, home_view(home), seen)

    async def _suggest(self, opened: MessagesOpened) -> None:
        asker, workspace = opened.asker, opened.workspace
        failing = await self.service.failing(asker, workspace, opened.beside)
        # Slack does not always say where their messages are.
        channel = opened.channel or await self.gestures.direct(asker.user_id)
        await self.gestures.suggest(channel, prompts_for(failing), opened.thread)


def prompts_for(failing: Sequence[FailingDag]) -> Sequence[tuple[str, str]]:
    """(title, message) of up to four things to ask, those about failing Dags first."""
    own = [
        (
            _TITLE.head(say("Why did {dag} fail?", dag=dag.dag_id)),
            _MESSAGE.head(f"why did {dag.dag_id} fail?"),
        )
        for dag in failing
        if not dag.recovered
    ]
    always = [
        (say("Is the platform healthy?"), "is the platform healthy?"),
        (say("What failed last night?"), "what failed last night?"),
        (say("How do I backfill safely?"), "how do I run a backfill safely?"),
        (say("What can you do?"), "help"),
    ]
    return [*own[:2], *always][:_PROMPTS]
