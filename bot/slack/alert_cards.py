"""The card of an alert, changed in place, and what follows on a new one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol

from bot.answering.told_cases import without_cases
from bot.domain.alerts import Alert, AlertState, Change
from bot.domain.conversations import Turn
from bot.domain.work import FOR_A_DAY, Retry
from bot.services.alert_ports import AlertMeter, Alerts, NoAlertMeter
from bot.services.alerts import Looking, in_thread
from bot.services.announced import Audience
from bot.services.ports import Cluster, ConversationStore, DurableSteps, Steps
from bot.services.sights import Sights
from bot.slack.alert_beside import alert_beside
from bot.slack.alert_values import AlertCard
from bot.slack.arrivals import Place
from bot.slack.escalation_calling import Calling
from bot.slack.posts import ANSWER, Post
from bot.slack.refusals import SlackRefused
from bot.slack.replies import Replies
from bot.slack.saying import Saying
from bot.slack.workspaces import in_workspace

_STORE = Retry(attempts=10, pause=1.0, seconds=15.0)
_LOOK = Retry(attempts=2, pause=1.0, seconds=15.0)
_PER_VERSION = 3  # revisions of a card: as told, with a human called, with a model's words


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
class AlertCards:
    """`audience` gives the people of a channel."""

    alerting: Alerting
    replies: Replies
    audience: Callable[[str], Audience]
    calling: Calling | None = None

    async def show(
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
        gone = await steps.run("keep", partial(self.alerting.turns.add_turn, turn), _STORE)
        turn = replace(turn, reply=without_cases(turn.reply, gone or ()))
        if gone and card.reply is not None:
            card = replace(card, reply=without_cases(card.reply, gone))
        await answers.told(turn, steps)
        called = await self._with_human(card, turn, post.workspace, steps)
        if called != post.content:
            post = replace(post, revision=post.revision + 1, content=called)
            await saying.say(post)
        explained = await answers.explained(turn, steps)
        if explained is turn:
            return
        reply = explained.reply
        keep = partial(self.alerting.turns.set_reply, turn.id, reply, turn.reply_ts)
        gone = await steps.run("record", keep, _STORE)
        shown = replace(called, reply=without_cases(reply, gone or ()))
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
            with in_workspace(calling.workspace):
                url = await steps.run("link", partial(permalink, at.channel, at.ts))
        return replace(card, escalation=escalation.id, escalation_url=url)

    async def _language(self, channel: str) -> str:
        language = await self.audience(channel).language()
        return language if language != "en" else ""
