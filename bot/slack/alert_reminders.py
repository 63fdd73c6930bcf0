"""Reminds people, once a day as a rule, of what fails on."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

import structlog

from bot.answering.alerts import reminder
from bot.domain.alerts import (
    UNREACHABLE,
    Alert,
    AlertReminder,
    AlertState,
    is_remembered,
    remind_job,
)
from bot.domain.work import FOR_A_DAY
from bot.services.alert_ports import Alerts
from bot.services.alert_recovery import Recoveries
from bot.services.announced import Audience
from bot.services.ports import DurableSteps
from bot.slack.arrivals import Place
from bot.slack.posts import ANSWER, Notice, Post
from bot.slack.refusals import SlackRefused
from bot.slack.saying import Saying
from bot.slack.workspaces import in_workspace
from bot.words import speaking

log = structlog.get_logger(__name__)

Divert = Callable[[Sequence[Alert], SlackRefused, DurableSteps], Awaitable[None]]

_GOES_ON = (AlertState.OPEN, AlertState.WAITING)


@dataclass(frozen=True, slots=True)
class Reminders:
    """The handler of jobs of kind `REMIND`. `workspace` gives the id of a channel's, `now` aware
    UTC times; `divert` has told elsewhere what a channel does not take, or raises the refusal."""

    alerts: Alerts
    recoveries: Recoveries
    audience: Callable[[str], Audience]
    workspace: Callable[[str], Awaitable[str]]
    now: Callable[[], datetime]
    every: timedelta
    divert: Divert

    async def remind(self, body: AlertReminder, steps: DurableSteps) -> None:
        """One reminder, which hands in the next one; none where all runs well again by now."""
        alert: Alert | None = await steps.run("look", partial(self._failing, body), FOR_A_DAY)
        if alert is None:
            return
        wait = await steps.run("wait", partial(self._wait, alert), FOR_A_DAY)
        if wait > 0:
            await steps.start(remind_job(replace(body, held=body.held + 1), wait))
            return
        # What is told elsewhere ends here, and this one with it.
        after = AlertReminder(body.id, body.relapses, body.number + 1)
        await steps.start(remind_job(after, self.every.total_seconds()))
        if alert.thread and not alert.incident.startswith(UNREACHABLE):
            await self._say(alert, body, steps)

    async def _say(self, alert: Alert, body: AlertReminder, steps: DurableSteps) -> None:
        words = await steps.run("words", partial(self._words, alert), FOR_A_DAY)
        home = partial(self.workspace, alert.channel)
        workspace = await steps.run("workspace", home, FOR_A_DAY)
        key = f"alert:{alert.id}:reminder:{body.relapses}:{body.number}"
        place = Place(alert.channel, "", alert.thread)
        post = Post(key, ANSWER, place, Notice(words), workspace=workspace, is_for_channel=True)
        try:
            with in_workspace(workspace):
                sent = await Saying(steps, workspace, key).say(post)
            if sent.refusal:
                raise SlackRefused(sent.refusal)
        except SlackRefused as refusal:
            await self.divert([alert], refusal, steps)

    async def _failing(self, body: AlertReminder) -> Alert | None:
        """As it stands once Airflow was asked; None where nobody is to be reminded any more."""
        alert = await self.alerts.alert(body.id)
        if not self._goes_on(alert, body):
            return None
        assert alert is not None
        await self.recoveries.look_at(alert.id, body.number)
        alert = await self.alerts.alert(body.id)
        return alert if self._goes_on(alert, body) else None

    def _goes_on(self, alert: Alert | None, body: AlertReminder) -> bool:
        """What failed again after a recovery has reminders of its own."""
        if alert is None or alert.relapses != body.relapses or alert.state not in _GOES_ON:
            return False
        if not is_remembered(alert, self.now()):
            log.info("alerts.reminders_ended", alert=alert.id)
            return False
        return True

    async def _wait(self, alert: Alert) -> float:
        """Seconds until the quiet hours of its channel are over."""
        until = await self.audience(alert.channel).quiet_until()
        return max(1.0, (until - self.now()).total_seconds()) if until else 0.0

    async def _words(self, alert: Alert) -> str:
        radius = await self.alerts.radius(alert.id)
        with speaking(await self.audience(alert.channel).language()):
            return reminder(alert, radius, self.now())
