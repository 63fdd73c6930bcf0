"""What one person does: the fields of each model are its JSON body."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from pydantic import Field

from bot.playground.workspace.dispatch import Outcome
from bot.playground.workspace.doors.stage import PersonalDeed, Stage
from bot.playground.workspace.errors import NoSuchThing
from bot.playground.workspace.values import Json, Message


class Say(PersonalDeed):
    channel: str
    text: str
    thread_ts: str | None = None
    raw: bool = False

    async def do(self, stage: Stage) -> Json:
        if not self.text.strip():
            raise NoSuchThing("there is nothing to say: the text is empty")
        return _named(
            stage.actors.say(self.channel, self.user, self.text, self.thread_ts, raw=self.raw)
        )


class Edit(PersonalDeed):
    channel: str
    ts: str
    text: str

    async def do(self, stage: Stage) -> Json:
        return _named(stage.actors.edit(self.channel, self.ts, self.user, self.text))


class Delete(PersonalDeed):
    channel: str
    ts: str

    async def do(self, stage: Stage) -> Json:
        stage.actors.delete(self.channel, self.ts, self.user)
        return {}


class React(PersonalDeed):
    channel: str
    ts: str
    name: str
    on: bool = True

    async def do(self, stage: Stage) -> Json:
        act = stage.actors.react if self.on else stage.actors.unreact
        act(self.channel, self.ts, self.user, self.name)
        return {}


class Upload(PersonalDeed):
    channel: str
    name: str
    content: str  # base64
    text: str = ""
    thread_ts: str | None = None

    async def do(self, stage: Stage) -> Json:
        try:
            content = base64.b64decode(self.content, validate=True)
        except binascii.Error:
            raise NoSuchThing("the content is not base64") from None
        return _named(
            stage.actors.upload(
                self.channel, self.user, self.name, content, self.text, self.thread_ts
            )
        )


class Membership(PersonalDeed):
    """Adds the app to a channel, or takes it out."""

    channel: str
    joined: bool = True

    async def do(self, stage: Stage) -> Json:
        act = stage.actors.add_app if self.joined else stage.actors.remove_app
        act(self.channel, self.user)
        return {}


class Direct(PersonalDeed):
    """Opens the direct-message channel with the app."""

    async def do(self, stage: Stage) -> Json:
        return {"channel": stage.hub.open_direct(self.user).id}


class Press(PersonalDeed):
    """Uses an element of a message; `state` holds its other inputs."""

    channel: str
    ts: str
    action_id: str
    chosen: Any = None
    state: dict[str, dict[str, Any]] = Field(default_factory=dict)

    async def do(self, stage: Stage) -> Json:
        message = stage.actors.message(self.channel, self.ts)
        return _outcome(
            await stage.actors.press(message, self.action_id, self.user, self.chosen, self.state)
        )


class ActInView(PersonalDeed):
    view_id: str
    action_id: str
    chosen: Any = None
    values: dict[str, dict[str, Any]] = Field(default_factory=dict)

    async def do(self, stage: Stage) -> Json:
        stage.check_viewer(self.user, self.view_id)
        return _outcome(
            await stage.actors.act_in_view(self.view_id, self.action_id, self.chosen, self.values)
        )


class Suggest(PersonalDeed):
    """Types into a menu that the app fills."""

    view_id: str
    action_id: str
    typed: str = ""
    values: dict[str, dict[str, Any]] = Field(default_factory=dict)

    async def do(self, stage: Stage) -> Json:
        stage.check_viewer(self.user, self.view_id)
        return {
            "groups": await stage.actors.suggest(
                self.view_id, self.action_id, self.typed, self.values
            )
        }


class Submit(PersonalDeed):
    view_id: str
    values: dict[str, dict[str, Any]] = Field(default_factory=dict)

    async def do(self, stage: Stage) -> Json:
        stage.check_viewer(self.user, self.view_id)
        return _outcome(await stage.actors.submit(self.view_id, self.values))


class CloseView(PersonalDeed):
    view_id: str
    all_of_them: bool = False

    async def do(self, stage: Stage) -> Json:
        stage.check_viewer(self.user, self.view_id)
        await stage.actors.close_view(self.view_id, all_of_them=self.all_of_them)
        return {}


class Command(PersonalDeed):
    channel: str
    name: str
    text: str = ""

    async def do(self, stage: Stage) -> Json:
        return _outcome(await stage.actors.command(self.name, self.text, self.channel, self.user))


class UseShortcut(PersonalDeed):
    callback_id: str
    channel: str | None = None
    ts: str | None = None

    async def do(self, stage: Stage) -> Json:
        message = None
        if self.channel and self.ts:
            message = stage.actors.message(self.channel, self.ts)
        return _outcome(await stage.actors.shortcut(self.callback_id, self.user, message))


class OpenHome(PersonalDeed):
    """Looks at a tab of the app, `home` or `messages`, coming from the channel `beside`."""

    tab: str = "home"
    beside: str = ""

    async def do(self, stage: Stage) -> Json:
        stage.actors.open_app_home(self.user, self.tab, self.beside)
        return {}


class LookAt(PersonalDeed):
    channel: str

    async def do(self, stage: Stage) -> Json:
        stage.actors.look_at(self.user, self.channel)
        return {}


class Stop(PersonalDeed):
    channel: str
    thread_ts: str

    async def do(self, stage: Stage) -> Json:
        stage.actors.stop_session(self.channel, self.thread_ts, self.user)
        return {}


def _named(message: Message) -> Json:
    return {"channel": message.channel, "ts": message.ts}


def _outcome(outcome: Outcome) -> Json:
    return {"taken": outcome.taken, "reason": outcome.reason}
