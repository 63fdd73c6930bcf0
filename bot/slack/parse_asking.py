"""Reads the form that asks what is to be looked at, and what is typed into its menu of Dags."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from bot.domain.questions import Intent, Question, ThreadKey
from bot.domain.targets import RunChoice, Target
from bot.questions.mentions import mentions_in
from bot.questions.runs import hours_meant
from bot.slack.arrivals import (
    Arrival,
    Command,
    FormFaulty,
    Identity,
    Ignored,
    NamesWanted,
    Place,
    TasksWanted,
)
from bot.slack.asking_form import Field, Where, read_dag, read_place
from bot.slack.filled import chosen_in, held_in, typed_in
from bot.slack.plain import flatten_mrkdwn
from bot.slack.reading import Reading, asker_of, read
from bot.slack.surface_shapes import FilledView, FormSent, Suggestion
from bot.words import Sentence, mark

_ASKED = {
    Intent.DIAGNOSE: "why",
    Intent.STATUS: "status",
    Intent.LOGS: "logs",
    Intent.HEALTH: "health",
}
_AHEAD = timedelta(hours=14)


def read_suggestion(body: Mapping[str, Any], reading: Reading, bot: Identity) -> Arrival:
    typed = read(body, Suggestion)
    asker = asker_of(typed.user.id, typed.user.team_id or "", bot)
    words = (typed.value or "")[:250]
    if typed.action_id == Field.DAG:
        cluster = chosen_in(typed.view, Field.CLUSTER) if typed.view else ""
        return NamesWanted(asker, words, cluster)
    if typed.action_id == Field.TASK:
        dag = read_dag(chosen_in(typed.view, Field.DAG)) if typed.view else None
        # Of an id that was too long for the menu nobody knows the rest.
        return TasksWanted(asker, words, *dag[:2]) if dag and dag[2] else TasksWanted(asker, words)
    return Ignored(f"options for {typed.action_id}")


def read_asked(body: Mapping[str, Any], reading: Reading, bot: Identity) -> Arrival:
    """A command that was filled in rather than typed; `FormFaulty` where something is missing."""
    sent = read(body, FormSent)
    filled = _Filled.of(sent.view, reading, bot)
    where = chosen_in(sent.view, Field.WHERE)
    place = _place(sent, where)
    faults = _faults(filled, place, where, reading.now())
    if faults:
        return FormFaulty(tuple(faults.items()), place, bot.team_id)
    place = replace(place, echo=f"{reading.command} {filled.echo}")
    return Command(_question(filled, sent, place, reading, bot), place)


@dataclass(frozen=True, slots=True)
class _Filled:
    """What stands in the form. `dag` is (cluster, id, whether that is all of it); `run_id` or
    `when` says which run is meant."""

    intent: Intent
    cluster: str
    dag: tuple[str, str, bool] | None
    run_id: str | None
    when: str
    task: str
    words: str
    links: tuple[str, ...]

    @classmethod
    def of(cls, view: FilledView, reading: Reading, bot: Identity) -> _Filled:
        flat = flatten_mrkdwn(typed_in(view, Field.WORDS), bot.user_id)
        what = chosen_in(view, Field.WHAT)
        run = reading.clean(typed_in(view, Field.RUN))
        is_id = bool(run) and " " not in run and mentions_in(run, ()).run is RunChoice.UNSAID
        return cls(
            intent=Intent(what) if what in set(_ASKED) else Intent.DIAGNOSE,
            cluster=chosen_in(view, Field.CLUSTER),
            dag=read_dag(chosen_in(view, Field.DAG)),
            run_id=run if is_id else None,
            when="" if is_id else run,
            task=reading.clean(chosen_in(view, Field.TASK)),
            words=reading.clean(flat.text),
            links=tuple(reading.redact(link) for link in flat.links),
        )

    @property
    def names_something(self) -> bool:
        return bool(self.dag or self.words or self.links)

    @property
    def target(self) -> Target | None:
        """What was chosen outright; None for a Dag whose id is too long for a menu."""
        if self.dag is None or not self.dag[2] or self.intent is Intent.HEALTH:
            return None
        return Target(self.dag[0], self.dag[1], self.run_id, self.task or None)

    @property
    def text(self) -> str:
        """What the target does not say, in words."""
        if self.target is not None:
            return " ".join(part for part in (self.words, self.when) if part)
        parts = [self.words, self.dag[1] if self.dag else ""]
        parts += [f"task {self.task}" if self.task else "", self.when]
        parts += [f"run id {self.run_id}" if self.run_id else ""]
        parts += [f"on {self.cluster}" if self.cluster else ""]
        return " ".join(part for part in parts if part)

    @property
    def echo(self) -> str:
        """The same as a command."""
        named = self.target.label() if self.target else ""
        return " ".join(part for part in (_ASKED[self.intent], named, self.text) if part)


def _faults(filled: _Filled, place: Place, where: str, now: datetime) -> dict[str, Sentence]:
    """What to say at which block; empty where all is well."""
    found: dict[str, Sentence] = {}
    if filled.intent is not Intent.HEALTH and not filled.names_something:
        found[Field.DAG] = Sentence(mark("Choose a Dag, or say below what you mean."))
    if filled.task and not filled.names_something:
        found[Field.TASK] = Sentence(mark("Say of which Dag."))
    if filled.when and (fault := _fault_of_time(filled.when, now)):
        found[Field.RUN] = fault
    if where == Where.CHANNEL and not place.channel:
        found[Field.CHANNEL] = Sentence(mark("Choose the channel in which I shall answer."))
    return found


def _fault_of_time(when: str, now: datetime) -> Sentence | None:
    """What is wrong with the words for the run."""
    said = mentions_in(when, ())
    if said.run is RunChoice.UNSAID:
        return Sentence(mark("I do not know this run. Write yesterday, 2026-11-21, or a run id."))
    try:
        hours = hours_meant(said, now, ZoneInfo("UTC"))
    except (ValueError, OverflowError):
        return Sentence(mark("There is no such day or time."))
    # A day begins somewhere on earth up to fourteen hours before it does in UTC.
    if hours and hours[0] > now + _AHEAD:
        return Sentence(mark("That time is still to come."))
    return None


def _question(
    filled: _Filled, sent: FormSent, place: Place, reading: Reading, bot: Identity
) -> Question:
    made_up = f"form-{sent.view.id}"
    return Question(
        id=f"{bot.team_id}:{place.channel or sent.user.id}:{made_up}",
        origin=reading.origin,
        asker=asker_of(sent.user.id, sent.user.team_id or "", bot),
        thread=ThreadKey(bot.team_id, place.channel, made_up),
        message_ts=made_up,
        text=filled.text,
        asked_at=reading.now(),
        links=filled.links,
        intent=filled.intent,
        chosen=filled.target,
    )


def _place(sent: FormSent, where: str) -> Place:
    """The place of the command that opened the form, or what was chosen in it."""
    place = read_place(sent.view.private_metadata or "", sent.user.id)
    if place.channel:
        return replace(place, is_private=where != Where.CHANNEL)
    if where != Where.CHANNEL:
        return place
    chosen = held_in(sent.view, Field.CHANNEL).get("selected_conversation")
    channel = chosen if isinstance(chosen, str) else ""
    urls = {url.channel_id: url.response_url for url in sent.response_urls or ()}
    return replace(place, channel=channel, response_url=urls.get(channel))
