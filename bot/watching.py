"""Watching how much room the clusters have, put together from the settings."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence

from bot.adapters.sql.capacity import SqlCapacity
from bot.bootstrap import Parts, now
from bot.domain.capacity import CAPACITY, look_job
from bot.services.capacity import CapacityService
from bot.services.languages import Languages
from bot.settings import Settings
from bot.slack.capacity_desk import CapacityDesk, Warnings
from bot.workflows.config import Handler, Schedule

_EVERY_FIVE_MINUTES = "*/5 * * * *"


def watching_handlers(
    parts: Parts, capacity: SqlCapacity, workspace: Callable[[str], Awaitable[str]]
) -> Mapping[str, Handler]:
    channel = parts.settings.capacity.channel or ""
    service = CapacityService(list(parts.clusters.values()), capacity, bool(channel), now)
    warnings = Warnings(capacity, channel, parts.redactor.redact)
    desk = CapacityDesk(warnings, workspace, Languages(parts.policies))
    return {CAPACITY: service.look, **desk.handlers}


def watching_schedules(settings: Settings) -> Sequence[Schedule]:
    if not settings.capacity.watch:
        return ()
    return [Schedule(CAPACITY, _EVERY_FIVE_MINUTES, look_job)]
