"""Which clusters somebody sees from some place."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from bot.domain.questions import Asker
from bot.services.ports import Cluster

SeenBy = Callable[[Asker, str], Awaitable[Mapping[str, Cluster]]]
"""The clusters as the asker may see them in a channel, "" for where nobody else reads along."""


def everything(clusters: Mapping[str, Cluster]) -> SeenBy:
    """For where everybody sees all."""

    async def seen(asker: Asker, channel: str) -> Mapping[str, Cluster]:
        return clusters

    return seen
