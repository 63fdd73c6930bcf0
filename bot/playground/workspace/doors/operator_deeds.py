"""What whoever runs the workspace does: faults, connections, events out of nothing, a reset."""

from __future__ import annotations

from typing import Any

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


class ResetAll(Deed):
    async def do(self, stage: Stage) -> Json:
        stage.hub.reset()
        return {}
