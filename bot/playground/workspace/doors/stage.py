"""What every deed of the control API has in common."""

from __future__ import annotations

from abc import abstractmethod

from pydantic import BaseModel, ConfigDict

from bot.playground.workspace.actors import Actors
from bot.playground.workspace.dispatch import Dispatcher
from bot.playground.workspace.errors import NoSuchThing
from bot.playground.workspace.hub import Hub
from bot.playground.workspace.sockets import Sockets
from bot.playground.workspace.values import Json


class Stage:
    """All that a deed may touch."""

    def __init__(self, hub: Hub, actors: Actors, dispatcher: Dispatcher, sockets: Sockets) -> None:
        self.hub = hub
        self.actors = actors
        self.dispatcher = dispatcher
        self.sockets = sockets

    def check_person(self, user: str) -> None:
        """Nobody acts as the app, or as somebody who is not there."""
        if user not in (person.id for person in self.hub.world.people):
            raise NoSuchThing(f"nobody here has the id {user!r}")

    def check_viewer(self, user: str, view_id: str) -> None:
        """A view belongs to the one person who sees it."""
        if self.actors.view(view_id).user != user:
            raise NoSuchThing(f"view {view_id} is not shown to {user}")


class Deed(BaseModel):
    """A request of the control API. Raises `NoSuchThing` where it cannot be done."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @abstractmethod
    async def do(self, stage: Stage) -> Json:
        """Returns what the one who asked is told."""


class PersonalDeed(Deed):
    user: str
