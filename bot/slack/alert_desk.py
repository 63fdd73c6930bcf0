"""Shows alerts in Slack as they stand: a card for each cause, changed in place, and few words."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Protocol

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
from bot.domain.conversations import Turn
from bot.domain.work import FOR_A_DAY, Queue, Retry
from bot.services.alert_diversion import Diversion
from bot.services.alert_ports import AlertMeter, Alerts, NoAlertMeter
from bot.services.alert_recovery import Recoveries
from bot.services.alerts import AlertService, Looking, in_thread
from bot.services.announced import Audience
from bot.services.ports import Cluster, ConversationStore, DurableSteps, Steps
from bot.services.sights import Sights
from bot.slack.alert_beside import alert_beside
from bot.slack.alert_reminders import Reminders
from bot.slack.alert_values import AlertCard
from bot.slack.arrivals import Place
from bot.slack.channel_homes import ChannelHomes
from bot.slack.escalation_desk import Calling
from bot.slack.posts import ANSWER, Notice, Post, message_job
from bot.slack.refusals import SlackRefused
from bot.slack.replies import Replies
from bot.slack.saying import Saying
from bot.slack.workspaces import in_workspace
from bot.words import speaking

log = structlog.get_logger(__name__)

Handler = Callable[[Any, DurableSteps], Awaitable[Any]]

_STORE = Retry(attempts=10, pause=1.0, seconds=15.0)
_LOOK = Retry(attempts=2, pause=1.0, seconds=15.0)
_PER_VERSION = 3  # revisions of a card: as told, with a human called, with a model's words
_NEWS = (Change.RECOVERED, Change.RELAPSED)
_FAILS = (Change.OPENED, Change.COUNTED, Change.RELAPSED)


class AlertAnswers(Looking, Protocol):
    async def explained(self, turn: Turn, steps: Steps) -> Turn:
        """With a model's words; the same turn where there are none."""
        ...


@dataclass(frozen=True, slots=True)
class Alerting:
    """What alerts are made of, beside Slack. `default` is the channel that hears of what others do
    not take; of what fails on people are reminded every `reminds`."""

    alerts: Alerts
    answers: AlertAnswers
    turns: ConversationStore
    clusters: Mapping[str, Cluster]
    sights: Sights
    now: Callable[[], datetime]
    redact: Callable[[str], str] = str
    meter: AlertMeter = field(default_factory=NoAlertMeter)
    default: str = ""
    reminds: timedelta = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class AlertDesk:
    """Does jobs of kind `TOLD` and `LISTED`, and has the others done."""

    alerting: Alerting
    replies: Replies
    homes: ChannelHomes
    calling: Calling | None = None

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
                alert = await self._shown(alert, body.change, workspace, steps)
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

    async def _shown(
        self, alert: Alert, change: Change, workspace: str, steps: DurableSteps
    ) -> Alert:
        """With the thread that its card stands at the head of."""
        alerting = self.alerting
        turn = await steps.run("find", partial(alerting.turns.turn, alert.turn_id), FOR_A_DAY)
        radius = await steps.run("radius", partial(alerting.alerts.radius, alert.id), FOR_A_DAY)
        language = await steps.run("language", partial(self._language, alert.channel), FOR_A_DAY)
        reply = turn.reply if turn is not None and change is not Change.MOVED else None
        card = AlertCard(alert, radius, reply)
        if alert.thread:
            card = await self._with_human(card, turn, workspace, steps)
        root = alert.thread or await self._beside(alert, turn, steps)
        key = f"alert:{alert.id}"
        place = Place(alert.channel, "", root or None, language=language)
        revision = ANSWER + alert.version * _PER_VERSION
        post = Post(key, revision, place, card, turn_id=alert.turn_id, workspace=workspace)
        saying = Saying(steps, workspace, key)
        sent = await saying.say(post)
        if sent.refusal:
            raise SlackRefused(sent.refusal)
        if sent.ts and not alert.thread:
            alert = replace(alert, thread=root or sent.ts)
            keep = partial(alerting.alerts.put_thread, alert.id, alert.thread)
            await steps.run("keep thread", keep, FOR_A_DAY)
        if change is Change.OPENED and turn is not None and sent.ts:
            turn = replace(in_thread(turn, alert), reply_ts=sent.ts)
            await self._followed(replace(post, content=replace(card, alert=alert)), turn, saying)
        return alert

    async def _beside(self, alert: Alert, turn: Turn | None, steps: DurableSteps) -> str:
        """Where another app has told of the same failure already: the card goes beneath that."""
        target = turn.question.chosen if turn is not None else None
        if target is None:
            return ""
        look = partial(
            alert_beside,
            self.replies.kit.gestures,
            self.alerting.redact,
            alert.channel,
            target,
            alert.last_at,
        )
        return await steps.run("look around", look, _LOOK)

    async def _followed(self, post: Post, turn: Turn, saying: Saying) -> None:
        """What follows on a new card: it can be asked about, counts, and is explained."""
        card, steps, answers = post.content, saying.steps, self.alerting.answers
        assert isinstance(card, AlertCard)
        await steps.run("keep", partial(self.alerting.turns.add_turn, turn), _STORE)
        await answers.told(turn, steps)
        called = await self._with_human(card, turn, post.workspace, steps)
        if called != card:
            post = replace(post, revision=post.revision + 1, content=called)
            await saying.say(post)
        explained = await answers.explained(turn, steps)
        if explained is turn:
            return
        reply = explained.reply
        keep = partial(self.alerting.turns.set_reply, turn.id, reply, turn.reply_ts)
        await steps.run("record", keep, _STORE)
        shown = replace(called, reply=reply)
        await saying.say(replace(post, revision=post.revision + 1, content=shown))

    async def _with_human(
        self, card: AlertCard, turn: Turn | None, workspace: str, steps: DurableSteps
    ) -> AlertCard:
        """With the escalation that is open for the same incident, which it joins."""
        calling = self.calling
        if calling is None or turn is None or card.alert.state is AlertState.RECOVERED:
            return card
        turn = in_thread(turn, card.alert)
        share = partial(calling.escalator.share, f"alert:{card.alert.id}", turn)
        escalation = await steps.run("share", share, _STORE)
        if escalation is None:
            return card
        at = await steps.run("card", partial(calling.escalations.card, escalation.id), _STORE)
        url = ""
        if at is not None:
            permalink = self.replies.kit.gestures.permalink
            url = await steps.run("link", partial(permalink, at.channel, at.ts))
        return replace(card, escalation=escalation.id, escalation_url=url)

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

    async def _language(self, channel: str) -> str:
        language = await self._audience(channel).language()
        return language if language != "en" else ""

    async def _workspace_of(self, channel: str, steps: DurableSteps) -> str:
        return await steps.run("workspace", partial(self._workspace, channel), FOR_A_DAY)

    async def _workspace(self, channel: str) -> str:
        """The id of a channel's. Raises `BotError`, or what Slack says."""
        home = await self.homes.of(channel)
        return home or (await self.replies.kit.gestures.identity()).team_id
