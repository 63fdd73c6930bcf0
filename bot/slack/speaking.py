"""Has work done in the language of where it is seen."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from bot.services.languages import Languages
from bot.services.ports import DurableSteps
from bot.slack.arrivals import Place
from bot.slack.workspaces import workspace_of
from bot.words import speaking

Handler = Callable[[Any, DurableSteps], Awaitable[Any]]

_WITHIN = ("asked", "message")


def in_its_language(handler: Handler, languages: Languages, otherwise: str = "") -> Handler:
    """`handler`, speaking the language of where the job arrived from; in that of the channel
    `otherwise` where it arrived from nowhere."""

    async def work(body: Any, steps: DurableSteps) -> Any:
        channel, user = whereabouts(body)
        if not (channel or user):
            channel = otherwise
        with speaking(await languages.of(workspace_of(body), channel, user)):
            return await handler(body, steps)

    return work


def whereabouts(body: object) -> tuple[str, str]:
    """The channel and the person that a job arrived from; "" for what it does not say."""
    place = getattr(body, "place", None)
    if isinstance(place, Place):
        return place.channel, place.user
    user = str(getattr(body, "user", "") or "")
    if asker := getattr(body, "asker", None):
        user = asker.user_id
    if channel := getattr(body, "channel", ""):
        return str(channel), user
    for name in _WITHIN:
        within = getattr(body, name, None)
        if within is not None and not isinstance(within, str):
            channel, other = whereabouts(within)
            return channel, user or other
    return "", user
