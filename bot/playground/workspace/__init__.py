"""A local workspace: a small server on loopback that speaks the part of Slack we use."""

from __future__ import annotations

from bot.playground.workspace.clock import ManualClock, SystemClock
from bot.playground.workspace.faults import UPLOADS_DISABLED, DeliveryFaults, Fault, FaultKind
from bot.playground.workspace.hub import Limits
from bot.playground.workspace.local import LocalWorkspace, PortTaken
from bot.playground.workspace.values import Message, StoredFile, View
from bot.playground.workspace.world import Credentials, InstalledApp, World

__all__ = [
    "UPLOADS_DISABLED",
    "Credentials",
    "DeliveryFaults",
    "Fault",
    "FaultKind",
    "InstalledApp",
    "Limits",
    "LocalWorkspace",
    "ManualClock",
    "Message",
    "PortTaken",
    "StoredFile",
    "SystemClock",
    "View",
    "World",
]
