"""Forms that must open at once: what triggers one is good for three seconds."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import structlog
from slack_sdk.errors import SlackClientError

from bot.domain.conversations import Rating, Score
from bot.domain.errors import BotError
from bot.domain.people import Preferences
from bot.domain.questions import Intent
from bot.domain.resolved_cases import KnownCase
from bot.services.dag_names import DagNames, no_names
from bot.services.languages import Languages
from bot.slack.arrivals import (
    Command,
    FormFaulty,
    FormWanted,
    NamesWanted,
    Place,
    RatingPress,
    TasksWanted,
)
from bot.slack.blocks.asking import asking_form, dag_options, task_options
from bot.slack.blocks.case import case_form
from bot.slack.blocks.escalation_form import resolve_form
from bot.slack.blocks.forms import rating_form
from bot.slack.blocks.home import patterns_form
from bot.slack.case_values import CasePressed
from bot.slack.draw import notice
from bot.slack.escalation_arrivals import ResolveWanted
from bot.slack.gestures import Gestures
from bot.slack.home_arrivals import PatternsWanted
from bot.slack.outgoing import Outgoing
from bot.slack.refusals import UNSURE
from bot.slack.talk.arrivals import TellMore
from bot.words import mark, say, speaking

log = structlog.get_logger(__name__)

THANKS = mark("Thanks, noted. You can change your mind with the other thumb.")
_NOT_OPENED = mark("The form did not open. Please press the button again.")
_SECONDS = 2.5
_WITHOUT_FORM = mark(
    "I could not open the form. Say it with the command: {command} why orders_daily, or "
    "{command} help."
)

Preferring = Callable[[str, str], Awaitable[Preferences]]
"""What somebody of a workspace set. `StoreError`."""
Cases = Callable[[str], Awaitable[KnownCase | None]]
"""A resolved case by its id. `StoreError`."""
Opener = Callable[[Command], Awaitable[None]]
"""Opens a form for a command, with its `trigger_id`; the command itself is kept already."""


def asks_why(press: RatingPress) -> bool:
    """Whether a form opens for this press: for a thumb down, not for the form itself."""
    return press.rating.score is Score.DOWN and bool(press.trigger_id)


@dataclass(frozen=True, slots=True)
class Forms:
    """The rating is kept already when one of these is asked for: they can only add to it."""

    gestures: Gestures
    outgoing: Outgoing
    names: DagNames = field(default_factory=no_names)
    openers: Mapping[Intent, Opener] = field(default_factory=dict)
    preferring: Preferring | None = None
    languages: Languages = field(default_factory=Languages)
    cases: Cases | None = None

    async def faults_of(self, faulty: FormFaulty) -> dict[str, str]:
        """What is wrong with a form, by block id."""
        place = faulty.place
        with speaking(await self.languages.of(faulty.workspace, place.channel, place.user)):
            return {block: fault.said() for block, fault in faulty.faults}

    async def opened_for(self, command: Command) -> None:
        """Opens the form of a command that has one of its own. Never raises."""
        opener = self.openers.get(command.question.intent or Intent.HELP)
        if opener is None:
            return
        try:
            async with asyncio.timeout(_SECONDS):
                with speaking(await self._of(command.question.thread.workspace, command.place)):
                    await opener(command)
        except (BotError, SlackClientError, *UNSURE) as error:
            log.warning("slack.form_not_opened", error=type(error).__name__)

    async def ask(self, wanted: FormWanted, command: str) -> None:
        """Asks what is to be looked at. Where the form does not open, a word says how to do without
        it. Never raises."""
        place = wanted.place
        try:
            async with asyncio.timeout(_SECONDS):
                with speaking(await self._of("", place)):
                    form = asking_form(wanted, self.names.cluster_names)
                    opened = await self.gestures.open_form(wanted.trigger_id, form)
                    if not opened and place.channel:
                        words = notice(say(_WITHOUT_FORM, command=command))
                        await self.outgoing.whisper(place, words)
        except (SlackClientError, *UNSURE) as error:
            log.warning("slack.form_not_opened", error=type(error).__name__)

    async def edit_dags(self, wanted: PatternsWanted) -> None:
        """Asks which Dags are somebody's. Never raises: without what is saved it does not open,
        since sending it empty would take that away."""
        if self.preferring is None:
            return
        try:
            async with asyncio.timeout(_SECONDS):
                user = wanted.asker.user_id
                known = await self.preferring(wanted.workspace, user)
                with speaking(await self.languages.of(wanted.workspace, "", user)):
                    await self.gestures.open_form(wanted.trigger_id, patterns_form(known))
        except (BotError, SlackClientError, *UNSURE) as error:
            log.warning("slack.form_not_opened", error=type(error).__name__)

    async def suggest(self, wanted: NamesWanted) -> dict[str, Any]:
        """Options for the menu of Dags."""
        return dag_options(await self.names.find(wanted.asker, wanted.words, wanted.cluster))

    async def suggest_tasks(self, wanted: TasksWanted) -> dict[str, Any]:
        """The same for the menu of tasks; what was typed may be chosen as it is."""
        found: tuple[str, ...] = ()
        if wanted.dag_id:
            found = await self.names.tasks(
                wanted.asker, wanted.words, wanted.cluster, wanted.dag_id
            )
        return task_options(found, wanted.words)

    async def ask_what_was_true(self, wanted: ResolveWanted) -> None:
        """Never raises; where the form did not open the card's button can be pressed again."""
        try:
            async with asyncio.timeout(_SECONDS):
                with speaking(await self._of(wanted.key.partition(":")[0], wanted.place)):
                    form = resolve_form(wanted.escalation, corrects=wanted.corrects)
                    if not await self.gestures.open_form(wanted.trigger_id, form):
                        await self.outgoing.whisper(wanted.place, notice(_NOT_OPENED))
        except (SlackClientError, *UNSURE) as error:
            log.warning("slack.form_not_opened", error=type(error).__name__)

    async def word_case(self, pressed: CasePressed) -> None:
        """The words of a case as they stand, to be changed. Never raises."""
        place = Place(pressed.place.channel, pressed.asker.user_id, pressed.place.thread)
        try:
            async with asyncio.timeout(_SECONDS):
                known = await self.cases(pressed.case) if self.cases is not None else None
                with speaking(await self._of(pressed.workspace, place)):
                    is_open = known is not None and await self.gestures.open_form(
                        pressed.trigger_id, case_form(known.case, pressed)
                    )
                    if not is_open:
                        await self.outgoing.whisper(place, notice(_NOT_OPENED))
        except (BotError, SlackClientError, *UNSURE) as error:
            log.warning("slack.form_not_opened", error=type(error).__name__)

    async def ask_why(self, press: RatingPress) -> None:
        """Asks what was wrong, where something was. Never raises, and is done within the three
        seconds of the acknowledgement."""
        if not asks_why(press):
            return
        await self._open(press.rating, press.place, press.trigger_id)

    async def tell_more(self, press: TellMore) -> None:
        """The same, for a thumb down that came by a reaction."""
        await self._open(press.rating, press.place, press.trigger_id)

    async def _open(self, rating: Rating, place: Place | None, trigger_id: str) -> None:
        where = place or Place("", rating.user_id)
        try:
            async with asyncio.timeout(_SECONDS):
                with speaking(await self._of(rating.turn_id.partition(":")[0], where)):
                    form = rating_form(rating.turn_id, rating.source)
                    opened = await self.gestures.open_form(trigger_id, form)
                    if not opened and place is not None:
                        await self.outgoing.whisper(place, notice(THANKS))
        except (SlackClientError, *UNSURE) as error:
            log.warning("slack.form_not_opened", error=type(error).__name__)

    async def _of(self, workspace: str, place: Place) -> str:
        return await self.languages.of(workspace, place.channel, place.user)
