"""The one place that reads Slack's payloads: each becomes a typed arrival, or is ignored with a
reason. It never raises for what a payload holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import msgspec

from bot.domain.conversations import Rating, Score
from bot.domain.questions import Question, ThreadKey
from bot.slack import parse_surfaces, shapes
from bot.slack.arrivals import (
    Arrival,
    Asked,
    Button,
    ButtonPress,
    Identity,
    Ignored,
    Overheard,
    Pick,
    Place,
    RatingPress,
    Way,
)
from bot.slack.case_values import CasePlace, read_case_press
from bot.slack.escalation_arrivals import EscalationArrival, read_press
from bot.slack.growth_values import DraftPlace, read_draft_press
from bot.slack.parse_command import read_command
from bot.slack.parse_files import files_in
from bot.slack.parse_overheard import overheard
from bot.slack.parse_surfaces import FORMS, PRESSED_IN_VIEW, SURFACES
from bot.slack.plain import Flat, flatten
from bot.slack.presses import (
    RATING_FORM,
    Press,
    kind_of,
    read_more,
    read_option,
    read_rating,
    read_words,
)
from bot.slack.reading import Reading, asker_of, moment_of, read
from bot.slack.talk import parse as talk
from bot.slack.talk.arrivals import Talk

Parsed = Arrival | EscalationArrival | Talk

_QUESTIONS = ("message", "app_mention")
"""The events that can be a question; a mention comes as both where the bot reads the channel."""

EVENTS = (*_QUESTIONS, *talk.TALK_EVENTS)
"""The events that are read."""

_DIRECT = "D"  # begins the ids of direct messages
_TYPED = {None, "file_share", "thread_broadcast", "me_message"}


@dataclass(frozen=True, slots=True)
class Parser(Reading):
    """Reads every payload that comes in."""

    def parse(self, body: Mapping[str, Any], bot: Identity) -> Parsed:
        """What `body`, an authenticated payload, means for us."""
        try:
            if body.get("type") == "event_callback" or "event" in body:
                return self._event(body, bot)
            if body.get("type") == "block_actions" and "view" in body:
                return PRESSED_IN_VIEW(body, self, bot)
            if body.get("type") == "block_actions":
                return self._press(read(body, shapes.BlockActions), bot)
            if body.get("type") == "view_submission":
                return self._submission(body, bot)
            if "command" in body:
                return read_command(read(body, shapes.CommandForm), self, bot)
            if (kind := str(body.get("type"))) in SURFACES:
                return SURFACES[kind](body, self, bot)
        except msgspec.ValidationError as error:
            return Ignored(f"unexpected shape: {error}")
        return Ignored(f"payload of type {body.get('type')!r}")

    def _event(self, body: Mapping[str, Any], bot: Identity) -> Parsed:
        envelope = read(body, shapes.EventEnvelope)
        kind, event = envelope.event.type, body["event"]
        if kind in parse_surfaces.EVENTS:
            return parse_surfaces.EVENTS[kind](body, self, bot)
        if kind in talk.TALK_EVENTS:
            return talk.read_event(kind, event, bot)
        if kind not in _QUESTIONS:
            return Ignored(f"event {kind}")
        ask = partial(self._message, shared=bool(envelope.is_ext_shared_channel))
        if envelope.event.subtype in (talk.CHANGED, talk.DELETED):
            return talk.read_change(event, bot, ask)
        asked = ask(event, bot)
        return talk.talk_in(asked) or asked if isinstance(asked, Asked) else asked

    def _message(
        self, body: Mapping[str, Any], bot: Identity, *, shared: bool = False
    ) -> Asked | Overheard | Ignored:
        event = read(body, shapes.MessageEvent)
        if reason := _not_a_question(event, bot):
            return Ignored(reason)
        flat = flatten(body, bot.user_id)
        way = _way(event, flat, bot, bridges=self.bridges)
        if isinstance(way, Ignored):
            heard = overheard(event, flat, bot, is_shared=shared) if self.overhears else None
            return heard or way
        question = self._question(event, flat, way, bot)
        return Asked(
            question=replace(question, is_shared=shared),
            place=Place(
                channel=event.channel,
                user=event.user or "",
                thread=event.thread_ts or event.ts,
                asked_in=event.ts,
                may_keep_out=way is Way.FOLLOW_UP,
                is_direct=way is Way.DIRECT,
            ),
            way=way,
            files=files_in(body),
            wording=event.edited.ts if event.edited else "",
            said=self._said(body, question, bot) if self.bridges and event.thread_ts else None,
        )

    def _said(self, body: Mapping[str, Any], question: Question, bot: Identity) -> str | None:
        """Files are named beside the words."""
        said = self.clean(flatten({**body, "files": ()}, bot.user_id, names=True).text)
        return None if said == question.text else said

    def _question(
        self, event: shapes.MessageEvent, flat: Flat, way: Way, bot: Identity
    ) -> Question:
        thread = ThreadKey(bot.team_id, event.channel, event.thread_ts or event.ts)
        team = event.user_team or event.source_team or event.team or ""
        return Question(
            id=f"{bot.team_id}:{event.channel}:{event.ts}",
            origin=self.origin,
            asker=asker_of(event.user or "", team, bot),
            thread=thread,
            message_ts=event.ts,
            text=self.clean(flat.text),
            asked_at=moment_of(event.ts) or self.now(),
            links=tuple(self.redact(link) for link in flat.links),
            is_direct=way is Way.DIRECT,
            is_addressed=way not in (Way.FOLLOW_UP, Way.ASIDE),
        )

    def _press(self, payload: shapes.BlockActions, bot: Identity) -> Parsed:
        if not payload.actions:
            return Ignored("press without an action")
        action = payload.actions[0]
        channel = payload.channel.id if payload.channel else payload.container.channel_id
        if not channel:
            return Ignored(f"press of {action.action_id} outside a channel")
        container = payload.container
        place = Place(
            channel=channel,
            user=payload.user.id,
            thread=container.thread_ts or container.message_ts,
            response_url=payload.response_url,
            is_private=bool(container.is_ephemeral),
        )
        # Unique for a press, the same for its second delivery.
        press = f"{container.message_ts}:{action.action_id}:{action.action_ts}"
        key = f"{bot.team_id}:{channel}:{press}"
        pressed = _Pressed(
            action, place, payload.user, container.message_ts or "", payload.trigger_id or "", key
        )
        return self._pressed(pressed, bot)

    def _pressed(self, pressed: _Pressed, bot: Identity) -> Parsed:
        place, value = pressed.place, pressed.value
        at = moment_of(pressed.action.action_ts or "") or self.now()
        asker = asker_of(pressed.user.id, pressed.user.team_id or "", bot)
        act = read_press(pressed.action, place, pressed.key, pressed.trigger_id, at, asker)
        if act is not None:
            return act
        stands = DraftPlace(place.channel, place.thread or "", pressed.message)
        if (
            drafted := read_draft_press(pressed.action, stands, pressed.key, at, asker)
        ) is not None:
            return drafted
        case_place = CasePlace(place.channel, place.thread or "", pressed.message)
        on_case = read_case_press(
            pressed.action, case_place, pressed.key, pressed.trigger_id, at, asker
        )
        if on_case is not None:
            return on_case
        match kind_of(pressed.action.action_id):
            case Press.CHOOSE if chosen := read_option(value):
                question = self._pressed_question(pressed, f"choose-{chosen[1]}", bot)
                return Pick(*chosen, question, _asking(pressed))
            case Press.EVIDENCE | Press.LOG_EXCERPT | Press.SHARE as press if value:
                return ButtonPress(Button(press.value), value, place, pressed.key, asker)
            case Press.RATE if rated := read_rating(value):
                rating = Rating(rated[0], pressed.user.id, rated[1], at)
                return RatingPress(rating, pressed.key, place, pressed.trigger_id)
            case Press.ASK_AGAIN if words := read_words(value):
                question = self._pressed_question(pressed, "again", bot)
                again = replace(question, text=words.text, links=words.links)
                return Asked(again, _asking(pressed), Way.AGAIN)
            case Press() as press:
                when = pressed.action.action_ts or ""
                done = talk.read_press(press, value, place, when, pressed.trigger_id, bot)
                if done is not None:
                    return done
        return Ignored(f"press of {pressed.action.action_id}")

    def _pressed_question(self, pressed: _Pressed, what: str, bot: Identity) -> Question:
        """A question asked by button: keyed by message and button, so a double click is one."""
        place = pressed.place
        ts = pressed.action.action_ts or ""
        return Question(
            id=f"{bot.team_id}:{place.channel}:{pressed.message}:{what}",
            origin=self.origin,
            asker=asker_of(pressed.user.id, pressed.user.team_id or "", bot),
            thread=ThreadKey(bot.team_id, place.channel, place.thread or ""),
            message_ts=ts,
            text=self.clean(pressed.label),
            asked_at=moment_of(ts) or self.now(),
            is_direct=_asking(pressed).is_direct,
        )

    def _submission(self, body: Mapping[str, Any], bot: Identity) -> Parsed:
        payload = read(body, shapes.ViewSubmission)
        view = payload.view
        if view.callback_id in FORMS:
            return FORMS[view.callback_id](body, self, bot)
        rated = read_more(view.private_metadata or "")
        if view.callback_id != RATING_FORM or rated is None:
            return Ignored(f"form {view.callback_id}")
        inputs = [one for block in view.state.values.values() for one in block.values()]
        reason = next((value for one in inputs if (value := _selected(one))), "")
        comment = next((value for one in inputs if (value := _typed(one))), "")
        rating = Rating(
            turn_id=rated[1],
            user_id=payload.user.id,
            score=Score.DOWN,
            at=self.now(),
            reason=reason,
            comment=self.clean(comment),
            source=rated[0],
        )
        # Named after the turn, with which its words are deleted.
        return RatingPress(rating, key=f"{rating.turn_id}:form:{view.id}")


@dataclass(frozen=True, slots=True)
class _Pressed:
    action: shapes.Action
    place: Place
    user: shapes.User
    message: str
    trigger_id: str
    key: str

    @property
    def value(self) -> str:
        chosen = self.action.selected_option
        return (chosen.value if chosen else self.action.value) or ""

    @property
    def label(self) -> str:
        """What the pressed thing says on its face."""
        chosen = self.action.selected_option
        words = (chosen.text if chosen else self.action.text) or {}
        text = words.get("text")
        return text if isinstance(text, str) else ""


def _asking(pressed: _Pressed) -> Place:
    """Where what was asked by button is answered: in direct messages as if it had been written."""
    place = pressed.place
    if place.is_private or not place.channel.startswith(_DIRECT):
        return place
    return replace(place, is_direct=True, pressed_at=pressed.action.action_ts)


def _not_a_question(event: shapes.MessageEvent, bot: Identity) -> str:
    if event.subtype not in _TYPED:
        return f"message subtype {event.subtype}"
    if event.user == bot.user_id or (event.bot_id and event.bot_id == bot.bot_id):
        return "own message"
    if event.bot_id:
        return "message of another app"
    if not event.user or event.hidden:
        return "message of nobody"
    return ""


def _way(event: shapes.MessageEvent, flat: Flat, bot: Identity, *, bridges: bool) -> Way | Ignored:
    if event.type == "message" and event.channel_type == "im":
        return Way.DIRECT
    if event.type == "app_mention" or bot.user_id in flat.mentions:
        return Way.MENTION
    if event.thread_ts is None or event.thread_ts == event.ts:
        return Ignored("channel message that does not call the bot")
    if flat.mentions:
        return Way.ASIDE if bridges else Ignored("follow-up that calls somebody else")
    return Way.FOLLOW_UP


def _selected(answer: object) -> str:
    option = answer.get("selected_option") if isinstance(answer, Mapping) else None
    value = option.get("value") if isinstance(option, Mapping) else None
    return value if isinstance(value, str) else ""


def _typed(answer: object) -> str:
    value = answer.get("value") if isinstance(answer, Mapping) else None
    return value if isinstance(value, str) else ""
