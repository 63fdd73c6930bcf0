"""Shows alerts in Slack as they stand: a card for each cause, changed in place, and few words."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import structlog

from bot.answering.alerts import list_words, recovered_news, relapsed_news, untold_words
from bot.domain.alerts import (
    CHECK,
    LISTED,
    LOOK,
    REMIND,
    TOLD,
    WATCH,
    Alert,
    AlertList,
    AlertState,
    AlertTold,
    Change,
    Diverted,
    Radius,
)
from bot.domain.work import FOR_A_DAY, Queue
from bot.services.alert_diversion import Diversion
from bot.services.alert_recovery import Recoveries
from bot.services.alerts import AlertService
from bot.services.announced import Audience
from bot.services.ports import DurableSteps
from bot.slack.alert_cards import AlertCards, Alerting
from bot.slack.alert_reminders import Reminders
from bot.slack.arrivals import Place
from bot.slack.channel_homes import ChannelHomes
from bot.slack.escalation_calling import Calling
from bot.slack.posts import ANSWER, Notice, Post, message_job
from bot.slack.refusals import SlackRefused
from bot.slack.replies import Replies
from bot.slack.saying import Saying
from bot.slack.workspaces import in_workspace
from bot.words import speaking

log = structlog.get_logger(__name__)

Handler = Callable[[Any, DurableSteps], Awaitable[Any]]

_NEWS = (Change.RECOVERED, Change.RELAPSED)
_FAILS = (Change.OPENED, Change.COUNTED, Change.RELAPSED)


@dataclass(frozen=True, slots=True)
class AlertDesk:
    """Does jobs of kind `TOLD` and `LISTED`, and has the others done."""

    alerting: Alerting
    replies: Replies
    homes: ChannelHomes
    calling: Calling | None = None

    @property
    def _cards(self) -> AlertCards:
        return AlertCards(self.alerting, self.replies, self._audience, self.calling)

    @property
    def handlers(self) -> Mapping[str, Handler]:
        alerting = self.alerting
        service = AlertService(
            alerting.alerts,
            alerting.answers,
            alerting.turns,
            audience=self._audience,
            workspace=self._workspace,
            now=alerting.now,
            redact=alerting.redact,
            meter=alerting.meter,
        )
        recoveries = Recoveries(alerting.alerts, alerting.clusters, alerting.now)
        reminders = Reminders(
            alerting.alerts,
            recoveries,
            self._audience,
            self._workspace,
            alerting.now,
            alerting.reminds,
            self._divert,
        )
        return {
            LOOK: service.look,
            WATCH: recoveries.watch,
            CHECK: recoveries.check,
            REMIND: reminders.remind,
            TOLD: self.tell,
            LISTED: self.list,
        }

    async def tell(self, body: AlertTold, steps: DurableSteps) -> None:
        """Shows the alert as it is by now; where its channel does not take it, it is told in the
        default one. Raises `SlackRefused` where that cannot be either."""
        alerts = self.alerting.alerts
        look = alerts.alert
        if body.change is Change.OPENED:
            look = alerts.open
        elif body.change is Change.COUNTED:
            look = alerts.counted
        alert = await steps.run("look up", partial(look, body.id), FOR_A_DAY)
        if alert is None or alert.state is AlertState.LISTED:
            return
        if body.change is Change.OPENED and alert.state is AlertState.OVER:
            log.info("alert.over_before_it_was_told", alert=alert.id)
            return
        workspace = await self._workspace_of(alert.channel, steps)
        languages = self.replies.kit.poster.languages
        with (
            in_workspace(workspace),
            speaking(await languages.of(workspace, alert.channel)),
        ):
            try:
                alert = await self._cards.show(alert, body.change, workspace, steps)
            except SlackRefused as refusal:
                if body.change not in _FAILS:
                    raise
                await self._divert([alert], refusal, steps)
                return
            if body.change is Change.RECOVERED:
                self.alerting.meter.recovered()
            if body.change in _NEWS and alert.thread:
                await self._news(alert, body.change, workspace, steps)

    async def list(self, body: AlertList, steps: DurableSteps) -> None:
        """Names what there was no room for, in one message."""
        alerts = self.alerting.alerts

        async def look() -> Sequence[tuple[Alert, Radius]]:
            found = await alerts.listed(body.channel, body.key)
            return [(one, await alerts.radius(one.id)) for one in found]

        named = [(one, radius) for one, radius in await steps.run("list", look, FOR_A_DAY)]
        if not named:
            return
        key = f"alerts:{body.channel}:list:{body.key}"
        workspace = await self._workspace_of(body.channel, steps)
        languages = self.replies.kit.poster.languages
        with speaking(await languages.of(workspace, body.channel)):
            words = Notice(self.alerting.redact(list_words(named)))
        post = Post(key, ANSWER, Place(body.channel, ""), words, workspace=workspace)
        try:
            sent = await Saying(steps, workspace, key).say(post)
            if sent.refusal:
                raise SlackRefused(sent.refusal)
        except SlackRefused as refusal:
            await self._divert([one for one, _ in named], refusal, steps)

    async def _divert(
        self, alerts: Sequence[Alert], refusal: SlackRefused, steps: DurableSteps
    ) -> None:
        """Raises the refusal where it is not the place that is refused, or there is no other."""
        alerting = self.alerting
        if not refusal.closes_the_place:
            raise refusal
        diversion = Diversion(alerting.alerts, alerting.default, self._audience, alerting.meter)
        untold = 0
        for alert in alerts:
            move = partial(diversion.divert, alert, refusal.code)
            hidden = await steps.run("divert", move, FOR_A_DAY)
            if hidden is None:
                raise refusal
            untold += hidden
        if untold:
            diverted = Diverted(alerts[0].channel, refusal.code)
            key = f"alert:{alerts[0].id}:untold:{alerts[0].version}"
            home = await self._workspace_of(alerting.default, steps)
            languages = self.replies.kit.poster.languages
            with speaking(await languages.of(home, alerting.default)):
                words = Notice(untold_words(untold, diverted))
            place = Place(alerting.default, "")
            post = Post(key, ANSWER, place, words, workspace=home)
            await steps.start(message_job(post, f"{key}:say"))

    async def _news(
        self, alert: Alert, change: Change, workspace: str, steps: DurableSteps
    ) -> None:
        """One message in the thread, which later news take the place of: they call nobody anew."""

        async def look() -> tuple[Radius, float]:
            radius = await self.alerting.alerts.radius(alert.id)
            until = await self._audience(alert.channel).quiet_until()
            wait = (until - self.alerting.now()).total_seconds() if until else 0.0
            return radius, max(0.0, wait)

        radius, wait = await steps.run("news", look, FOR_A_DAY)
        is_well = change is Change.RECOVERED
        words = recovered_news(alert, radius) if is_well else relapsed_news(alert)
        key = f"alert:{alert.id}:news"
        place = Place(alert.channel, "", alert.thread)
        post = Post(key, ANSWER + alert.version, place, Notice(words), workspace=workspace)
        job = message_job(post, f"{key}:{alert.version}")
        if wait > 0:
            job = replace(job, delay=wait, queue=Queue.LATER)
        await steps.start(job)

    def _audience(self, channel: str) -> Audience:
        home = partial(self._workspace, channel)
        return Audience(self.alerting.sights, channel, home, self.alerting.now)

    async def _workspace_of(self, channel: str, steps: DurableSteps) -> str:
        return await steps.run("workspace", partial(self._workspace, channel), FOR_A_DAY)

    async def _workspace(self, channel: str) -> str:
        """The id of a channel's. Raises `BotError`, or what Slack says."""
        home = await self.homes.of(channel)
        return home or (await self.replies.kit.gestures.identity()).team_id
