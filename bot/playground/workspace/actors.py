"""What people do in the workspace: besides talking, they press buttons and fill in forms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from bot.playground.workspace import interactions
from bot.playground.workspace.blocks import checked_options, elements_of, find_element
from bot.playground.workspace.changes import MessageEdited, MessagePosted, ViewClosed, ViewShown
from bot.playground.workspace.composer import escaped
from bot.playground.workspace.dispatch import Dispatcher, Outcome
from bot.playground.workspace.errors import NoSuchThing, SlackRefusal
from bot.playground.workspace.hub import Hub
from bot.playground.workspace.methods.views import judged, new_modal, renewed
from bot.playground.workspace.response_urls import ResponseUrls, answer
from bot.playground.workspace.speaking import Speaking
from bot.playground.workspace.values import Json, Message, View
from bot.playground.workspace.wire import view_json


class Actors(Speaking):
    """Talks as people do, and uses what the app shows them."""

    def __init__(self, hub: Hub, dispatcher: Dispatcher, urls: ResponseUrls) -> None:
        super().__init__(hub)
        self._dispatcher = dispatcher
        self._urls = urls

    async def press(
        self,
        message: Message,
        action_id: str,
        user: str,
        chosen: Any = None,
        state: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> Outcome:
        """Uses an element of a message: a button, a menu, a rating.

        `state` holds what other inputs of the message were set to, by block and action id.
        """
        current = self.message(message.channel, message.ts)
        block, element = self._element(current.blocks, action_id, f"message {current.ts}")
        action = self._action(block, element, chosen)
        values = self._values(current.blocks, state or {})
        if element["type"] not in ("button", "icon_button", "feedback_buttons", "overflow"):
            values.setdefault(block["block_id"], {})[action_id] = {
                "type": element["type"],
                **interactions.input_value(element, chosen),
            }
        url = self._urls.new(current.channel, user, current.ts)
        payload = interactions.action_on_message(self._hub, user, current, action, url, values)
        return await self._dispatcher.interact("interactive", payload)

    async def act_in_view(
        self,
        view_id: str,
        action_id: str,
        chosen: Any = None,
        values: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> Outcome:
        """Uses an element of a modal or of the Home tab."""
        view = self.view(view_id)
        block, element = self._element(view.definition["blocks"], action_id, f"view {view_id}")
        action = self._action(block, element, chosen)
        view = replace(view, values=self._values(view.definition["blocks"], values or {}))
        payload = interactions.action_on_view(self._hub, view.user, view, action)
        return await self._dispatcher.interact("interactive", payload)

    async def submit(
        self, view_id: str, values: Mapping[str, Mapping[str, Any]] | None = None
    ) -> Outcome:
        """Submits a modal with what was typed in, and does what the app answers.

        `values` go by block and action id: plain texts, option values, or lists of them.
        """
        view = self.view(view_id)
        filled = replace(view, values=self._values(view.definition["blocks"], values or {}))
        urls = self._response_urls(filled)
        payload = interactions.submission(self._hub, view.user, filled, urls)
        outcome = await self._dispatcher.interact("interactive", payload)
        if outcome.taken:
            self._follow(filled, outcome.ack if isinstance(outcome.ack, dict) else {})
        return outcome

    async def suggest(
        self,
        view_id: str,
        action_id: str,
        typed: str,
        values: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> list[Json]:
        """The options that the app offers for what was typed into a menu, in groups or not.

        Raises `SlackRefusal` where the app gives none, or none that Slack would show.
        """
        view = self.view(view_id)
        blocks = view.definition["blocks"]
        block, element = self._element(blocks, action_id, f"view {view_id}")
        shown = replace(view, values=self._values(blocks, values or {}))
        payload = interactions.suggestion(self._hub, view.user, shown, block, element, typed)
        outcome = await self._dispatcher.interact("interactive", payload)
        if not outcome.taken or not isinstance(outcome.ack, dict):
            raise SlackRefusal("no_options", [outcome.reason or "the app gave no options"])
        return checked_options(outcome.ack)

    def _response_urls(self, view: View) -> list[Json]:
        """One for each menu that asks for it and in which a conversation was chosen."""
        urls: list[Json] = []
        for block, element in elements_of(view.definition["blocks"]):
            held = (view.values or {}).get(block["block_id"], {}).get(element["action_id"], {})
            channel = held.get("selected_conversation") or held.get("selected_channel")
            if element.get("response_url_enabled") and channel:
                urls.append(
                    {
                        "block_id": block["block_id"],
                        "action_id": element["action_id"],
                        "channel_id": channel,
                        "response_url": self._urls.new(channel, view.user),
                    }
                )
        return urls

    def _follow(self, view: View, ack: Json) -> None:
        match ack.get("response_action"):
            case "errors":
                self._hub.commit(ViewShown(replace(view, errors=ack["errors"])))
            case "update":
                definition = judged(self._hub, ack["view"], "modal")
                self._hub.commit(ViewShown(renewed(self._hub, view, definition)))
            case "push":
                definition = judged(self._hub, ack["view"], "modal")
                pushed = new_modal(self._hub, view.user, definition, view)
                self._hub.commit(ViewShown(pushed))
            case "clear":
                for stacked in tuple(self._hub.state.modals.values()):
                    if stacked.root_id == view.root_id:
                        self._hub.commit(ViewClosed(stacked))
            case _:
                self._hub.commit(ViewClosed(view))

    async def close_view(self, view_id: str, *, all_of_them: bool = False) -> None:
        """Closes a modal, or the whole stack; the app hears of it where it asked to."""
        view = self.view(view_id)
        stack = [v for v in self._hub.state.modals.values() if v.root_id == view.root_id]
        for closing in reversed(stack) if all_of_them else [view]:
            self._hub.commit(ViewClosed(closing))
            if closing.definition.get("notify_on_close"):
                payload = interactions.closing(self._hub, view.user, closing, all_of_them)
                await self._dispatcher.interact("interactive", payload)

    async def command(self, name: str, text: str, channel: str, user: str) -> Outcome:
        """Runs a slash command; its answer, or the failure, is shown to `user` alone."""
        known = {known.name: known for known in self._hub.world.app.commands}.get(name)
        if known is None:
            raise NoSuchThing(f"{name} is not a valid command")
        if known.should_escape:
            text = escaped(text, self._names())
        place = self.channel(channel, user)
        url = self._urls.new(place.id, user)
        payload = interactions.command(self._hub, user, place.id, name, text, url)
        outcome = await self._dispatcher.interact("slash_commands", payload)
        try:
            if not outcome.taken:
                raise SlackRefusal("operation_timeout", [outcome.reason])
            if outcome.ack:
                body = outcome.ack if isinstance(outcome.ack, dict) else {"text": outcome.ack}
                answer(self._hub, place.id, user, body)
        except SlackRefusal as refusal:
            self._note(place.id, user, f"`{name}` failed with the error “{refusal}”")
        return outcome

    def _note(self, channel: str, user: str, text: str) -> None:
        note = Message(channel, self._hub.new_ts(), "USLACKBOT", text, ephemeral_to=user)
        self._hub.commit(MessagePosted(note))

    async def shortcut(
        self, callback_id: str, user: str, message: Message | None = None
    ) -> Outcome:
        """Uses a global shortcut, or one on a message."""
        if message is None:
            payload = interactions.global_shortcut(self._hub, user, callback_id)
        else:
            url = self._urls.new(message.channel, user, message.ts)
            payload = interactions.message_shortcut(self._hub, user, message, callback_id, url)
        return await self._dispatcher.interact("interactive", payload)

    def open_app_home(self, user: str, tab: str = "home", beside: str = "") -> None:
        """Looks at the app's Home or Messages tab, with the channel `beside` in sight."""
        channel = self._hub.open_direct(user)
        body: Json = {
            "type": "app_home_opened",
            "user": user,
            "channel": channel.id,
            "tab": tab,
            "event_ts": self._hub.new_ts(),
        }
        home = self._hub.state.homes.get(user)
        if home and tab == "home":
            body["view"] = view_json(self._hub, home)
        if self._hub.world.app.agent_view:
            body["context"] = _context(beside, self._hub.world.team_id)
        self.send_event("app_home_opened", body)

    def look_at(self, user: str, channel: str) -> None:
        """Shows a channel beside the app, which hears what the user looks at."""
        body = {
            "type": "app_context_changed",
            "user": user,
            "context": _context(channel, self._hub.world.team_id),
            "event_ts": self._hub.new_ts(),
        }
        self.send_event("app_context_changed", body)

    def open_assistant(self, user: str, beside: str = "", *, thread: str = "") -> str:
        """Opens a thread with the app in a workspace that shows the older assistant, or shows the
        channel `beside` the `thread` that is open; its ts."""
        channel = self._hub.open_direct(user)
        ts = thread or self._hub.new_ts()
        context = {"channel_id": beside, "team_id": self._hub.world.team_id} if beside else {}
        kind = "assistant_thread_context_changed" if thread else "assistant_thread_started"
        body: Json = {
            "type": kind,
            "assistant_thread": {
                "user_id": user,
                "context": context,
                "channel_id": channel.id,
                "thread_ts": ts,
            },
            "event_ts": self._hub.new_ts(),
        }
        self.send_event(kind, body)
        return ts

    def stop_session(self, channel: str, thread_ts: str, user: str) -> None:
        """Clicks the stop button of a working assistant; its streams end."""
        streaming = [m for m in self._hub.state.thread(channel, thread_ts) if m.stream]
        for message in streaming:
            self._hub.commit(MessageEdited(message, replace(message, stream=None)))
        body = {
            "type": "agent_session_stopped",
            "channel": channel,
            "thread_ts": thread_ts,
            "user": user,
            "streaming_message_ts": [message.ts for message in streaming],
            "event_ts": self._hub.new_ts(),
        }
        self.send_event("agent_session_stopped", body)

    def send_event(self, subscription: str, body: Json) -> None:
        """Sends an event that no change of the workspace stands for, if it is subscribed to."""
        if subscription in self._hub.world.app.events:
            self._dispatcher.send_event(body)

    @staticmethod
    def _element(blocks: Any, action_id: str, where: str) -> tuple[Json, Json]:
        found = find_element(blocks, action_id)
        if found is None:
            present = ", ".join(element["action_id"] for _, element in elements_of(blocks))
            raise NoSuchThing(f"{where} has no element {action_id!r}; there are: {present or '-'}")
        return found

    def _action(self, block: Json, element: Json, chosen: Any) -> Json:
        try:
            return interactions.action(self._hub, block, element, chosen)
        except ValueError as error:
            raise NoSuchThing(str(error)) from error

    @staticmethod
    def _values(blocks: Any, given: Mapping[str, Mapping[str, Any]]) -> Json:
        """`state.values` of all inputs: what was given, else what they began with."""
        values: Json = {}
        for block, element in elements_of(blocks):
            if element["type"] in ("button", "icon_button", "feedback_buttons", "overflow"):
                continue
            chosen = given.get(block["block_id"], {})
            name = element["action_id"]
            try:
                held = (
                    interactions.input_value(element, chosen[name])
                    if name in chosen
                    else interactions.initial_value(element)
                )
            except ValueError as error:
                raise NoSuchThing(str(error)) from error
            values.setdefault(block["block_id"], {})[name] = {"type": element["type"], **held}
        return values


def _context(channel: str, team: str) -> Json:
    """What somebody looks at; of nothing Slack says just that."""
    entity = {"type": "slack#/types/channel_id", "value": channel, "team_id": team}
    return {"entities": [entity]} if channel else {}
