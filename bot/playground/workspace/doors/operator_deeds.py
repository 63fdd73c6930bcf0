"""What whoever runs the workspace does: faults, connections, events out of nothing, a reset."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from bot.playground.workspace.doors.stage import Deed, Stage
from bot.playground.workspace.errors import NoSuchThing
from bot.playground.workspace.faults import DeliveryFaults, Fault, FaultKind
from bot.playground.workspace.hub import FaultsSet
from bot.playground.workspace.values import Json


class AddFault(Deed):
    kind: FaultKind
    method: str = "*"
    times: int | None = 1
    seconds: float = 1.0
    error: str = ""

    async def do(self, stage: Stage) -> Json:
        stage.hub.faults.add(Fault(self.kind, self.method, self.times, self.seconds, self.error))
        stage.hub.announce(FaultsSet())
        return {}


class SetDelivery(Deed):
    """How events arrive from now on."""

    duplicates: int = 0
    delay: float = 0.0
    hold: bool = False
    twins: int = 0
    jitter: float = 0.0

    async def do(self, stage: Stage) -> Json:
        stage.hub.faults.delivery = DeliveryFaults(
            self.duplicates, self.delay, self.hold, self.twins, self.jitter
        )
        stage.hub.announce(FaultsSet())
        return {}


class SetReadLag(Deed):
    """How far behind the reading methods are from now on."""

    seconds: float = 0.0

    async def do(self, stage: Stage) -> Json:
        stage.hub.faults.read_lag = self.seconds
        stage.hub.announce(FaultsSet())
        return {}


class Release(Deed):
    """Sends the events that were held back."""

    reverse: bool = False

    async def do(self, stage: Stage) -> Json:
        stage.dispatcher.release(reverse=self.reverse)
        return {}


class ClearFaults(Deed):
    async def do(self, stage: Stage) -> Json:
        stage.hub.faults.clear()
        stage.hub.announce(FaultsSet())
        return {}


class Disconnect(Deed):
    """Renews every Socket Mode connection, or cuts it without a word."""

    cut: bool = False

    async def do(self, stage: Stage) -> Json:
        await (stage.sockets.cut() if self.cut else stage.sockets.refresh())
        return {}


class SendEvent(Deed):
    """Sends any event, e.g. app_uninstalled, whatever the manifest says."""

    event: dict[str, Any]

    async def do(self, stage: Stage) -> Json:
        if not isinstance(self.event.get("type"), str):
            raise NoSuchThing("an event needs a type")
        return {"event_id": stage.dispatcher.send_event(self.event)}


class SetChannel(Deed):
    """Shares a channel with another organisation, or archives it; what is left out stays."""

    channel: str
    is_shared: bool | None = None
    is_archived: bool | None = None

    async def do(self, stage: Stage) -> Json:
        if self.is_shared is not None:
            stage.actors.share(self.channel, is_shared=self.is_shared)
        if self.is_archived is not None:
            stage.actors.archive(self.channel, is_archived=self.is_archived)
        return {}


class SetPerson(Deed):
    """Makes somebody a guest, one of another organisation, or with neither one of our own."""

    user: str
    is_guest: bool = False
    team: str = Field(default="", pattern=r"^(T[A-Z0-9]{2,})?$")

    async def do(self, stage: Stage) -> Json:
        stage.actors.regard(self.user, is_guest=self.is_guest, team=self.team)
        return {}


class ResetAll(Deed):
    async def do(self, stage: Stage) -> Json:
        stage.hub.reset()
        return {}
