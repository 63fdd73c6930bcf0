"""The ways into the bot, one file each: found here by being here.

A module of this package is a surface if it has a `SURFACE`. What each one needs of Slack stands
beside its listeners, and the app's manifest is made of that. What arrives has been taken on before
a listener hears of it: they acknowledge, and do what cannot wait.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

from slack_bolt.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck

from bot.slack.forms import Forms


@dataclass(frozen=True, slots=True)
class SlashCommand:
    description: str
    usage_hint: str


class ShortcutKind(StrEnum):
    """In the manifest's words."""

    MESSAGE = "message"
    GLOBAL = "global"


@dataclass(frozen=True, slots=True)
class Shortcut:
    """`name` is at most 24 characters, `description` 150."""

    name: str
    kind: ShortcutKind
    callback_id: str
    description: str


@dataclass(frozen=True, slots=True)
class Surface:
    """`events` in the manifest's spelling (`message.im`); `scopes` that the surface cannot do
    without, `better_with` those that it can. `register(app, forms, command)` adds listeners.
    `unfurls`: it is asked for only together with the domains whose links it is about."""

    name: str
    register: Callable[[AsyncApp, Forms, str], None]
    events: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ()
    better_with: tuple[str, ...] = ()
    command: SlashCommand | None = None
    interactive: bool = field(default=False)
    shortcut: Shortcut | None = None
    unfurls: bool = False


def all_surfaces() -> tuple[Surface, ...]:
    """Every surface of this package, by name."""
    names = sorted(module.name for module in pkgutil.iter_modules(__path__))
    modules = [importlib.import_module(f"{__name__}.{name}") for name in names]
    return tuple(module.SURFACE for module in modules if hasattr(module, "SURFACE"))


def without_listeners(app: AsyncApp, forms: Forms, command: str) -> None:
    """For events: they are acknowledged as soon as they were taken on."""


async def acknowledge(ack: AsyncAck) -> None:
    """The listener of what needs nothing more."""
    await ack()
