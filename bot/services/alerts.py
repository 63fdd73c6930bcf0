"""Looks into what failed without a word said."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Protocol

import structlog

from bot.answering.headline import nothing_failed
from bot.diagnosis.incident_key import incident_key
from bot.domain.alerts import (
    UNREACHABLE,
    Alert,
    Found,
    Look,
    look_job,
    next_look,
)
from bot.domain.answers import Apology, Diagnosis, NotFound
from bot.domain.conversations import Turn
from bot.domain.errors import BotError
from bot.domain.questions import Asker, Intent, Origin, Question, ThreadKey
from bot.domain.references import reference_of
from bot.domain.work import FOR_A_DAY
from bot.services.alert_ports import (
    AlertMeter,
    Alerts,
    Joined,
    NoAlertMeter,
    NothingLeft,
    Opened,
)
from bot.services.announced import Audience
from bot.services.failure_words import question_about
from bot.services.ports import ConversationStore, DurableSteps, Steps
from bot.words import mark, say

log = structlog.get_logger(__name__)

_OUTCOMES: Mapping[type, str] = {
    Opened: "opened",
    Joined: "joined",
    NothingLeft: "nothing_left",
}
_BREAKS = 2  # looks that may break before people are told
_LOOK_AGAIN = 30.0  # seconds
_BROKE = mark(
    "Airflow reported failures, and something broke on my side when I looked into them. Nothing "
    "was changed in Airflow. Ask me about one; if it breaks again, tell whoever runs this bot."
)


class Looking(Protocol):
    """Who finds out why something failed, and calls a human where the rules say so."""

    async def look(self, question: Question, steps: Steps) -> Turn: ...

    async def told(self, turn: Turn, steps: Steps) -> None: ...


class AlertService:
    """The handler of jobs of the kind `LOOK`. `workspace` gives the id of a channel's, `now` aware
    UTC times."""

    def __init__(
        self,
        alerts: Alerts,
        looking: Looking,
        turns: ConversationStore,
        *,
        audience: Callable[[str], Audience],
        workspace: Callable[[str], Awaitable[str]],
        now: Callable[[], datetime],
        redact: Callable[[str], str] = str,
        meter: AlertMeter | None = None,
    ) -> None:
        self._alerts = alerts
        self._looking = looking
        self._turns = turns
        self._audience = audience
        self._workspace = workspace
        self._now = now
        self._redact = redact
        self._meter = meter or NoAlertMeter()

    async def look(self, look: Look, steps: DurableSteps) -> None:
        """Ends with the failure in an alert; or with another look later on, where its cluster does
        not answer now."""
        wait = await steps.run("wait", partial(self._wait, look), FOR_A_DAY)
        if wait > 0:
            await steps.start(look_job(replace(look, held=look.held + 1), wait))
            return
        home = partial(self._workspace, look.channel)
        workspace = await steps.run("workspace", home, FOR_A_DAY)
        turn = await self._looked(look, self._question(look, workspace), steps)
        if turn is None:
            return
        if _is_over(turn):
            await steps.run("dismiss", partial(self._alerts.dismiss, look), FOR_A_DAY)
            self._meter.looked("nothing_left")
            return
        found = found_in(turn)
        await steps.run("record", partial(self._turns.add_turn, turn), FOR_A_DAY)
        outcome = await steps.run("settle", partial(self._alerts.settle, look, found), FOR_A_DAY)
        if found.is_unreachable and isinstance(outcome, Opened | Joined):
            await self._look_again(look, steps)
            return
        self._meter.looked(_OUTCOMES[type(outcome)])
        if isinstance(outcome, Joined):
            await self._looking.told(in_thread(turn, outcome.alert), steps)

    async def _looked(self, look: Look, question: Question, steps: DurableSteps) -> Turn | None:
        """None where it broke and is tried once more; broken for good, all that breaks alike is one
        alert, so that nobody waits in vain for a word of it."""
        try:
            return await self._looking.look(question, steps)
        except BotError as error:
            log.error("alerts.look_broke", error=type(error).__name__, tries=look.tries)
        if look.tries < _BREAKS:
            await steps.start(look_job(replace(look, tries=look.tries + 1), _LOOK_AGAIN))
            return None
        at = await steps.run("broke at", self._time, FOR_A_DAY)
        reply = Apology(reference_of(question.id), _BROKE)
        return Turn(question.id, question, Intent.DIAGNOSE, reply, None, at, 0.0)

    async def _time(self) -> datetime:
        return self._now()

    async def _wait(self, look: Look) -> float:
        """Seconds until the quiet hours of its channel are over."""
        until = await self._audience(look.channel).quiet_until()
        return max(1.0, (until - self._now()).total_seconds()) if until else 0.0

    async def _look_again(self, look: Look, steps: DurableSteps) -> None:
        self._meter.looked("unreachable")

        async def when() -> float | None:
            delay = next_look(look, self._now())
            if delay is None:
                await self._alerts.give_up(look)
            return delay

        delay = await steps.run("again", when, FOR_A_DAY)
        if delay is None:
            self._meter.looked("given_up")
            return
        await steps.start(look_job(replace(look, tries=look.tries + 1), delay))

    def _question(self, look: Look, workspace: str) -> Question:
        """What a person in that channel would have asked."""
        failure = look.failure
        target = failure.target
        if target.task_id is None:
            target = replace(target, try_number=None)  # it counts how often the run was cleared
        tries = f":{look.tries}" if look.tries else ""
        return Question(
            id=f"{failure.key}@{look.channel}{tries}",
            origin=Origin.WEBHOOK,
            asker=Asker(""),
            thread=ThreadKey(workspace, look.channel, ""),
            message_ts="",
            text=self._redact(question_about(target)),
            asked_at=failure.reported_at,
            intent=Intent.DIAGNOSE,
            chosen=target,
        )


def found_in(turn: Turn) -> Found:
    """What a look came to: failures of one cause have one incident, those that cannot be found in
    Airflow one for each Dag."""
    reply, target = turn.reply, turn.question.chosen
    cluster = target.cluster if target else ""
    dag_id = (target.dag_id if target else None) or ""
    if isinstance(reply, Apology):
        return Found(f"broken:{cluster}", mark("Something broke on my side"), turn.id)
    unknown = Found(f"not found:{cluster}:{dag_id}", mark("Not found in Airflow"), turn.id)
    if turn.evidence is not None and turn.evidence.dag_exists is False:
        return unknown  # what is told of a Dag that is not there is alike for all of them
    if isinstance(reply, Diagnosis):
        verdict = reply.verdict
        incident = incident_key(verdict, reply.target, turn.evidence)
        return Found(incident, verdict.title or verdict.kind.headline, turn.id)
    if isinstance(reply, NotFound) and reply.nowhere.unreachable:
        return Found(
            f"{UNREACHABLE}{cluster}", say("{cluster} does not answer", cluster=cluster), turn.id
        )
    return unknown


def in_thread(turn: Turn, alert: Alert) -> Turn:
    """As if it had been asked in the alert's thread."""
    thread = replace(turn.question.thread, thread=alert.thread)
    return replace(turn, question=replace(turn.question, thread=thread))


def _is_over(turn: Turn) -> bool:
    return isinstance(turn.reply, Diagnosis) and nothing_failed(turn.reply.verdict)
