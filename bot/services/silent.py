"""A reply channel of nobody: for looks without a word said."""

from __future__ import annotations

from bot.domain.answers import Reply
from bot.domain.cases import Manner


class SilentChannel:
    """The port `ReplyChannel`; everything is heard and nothing is said."""

    async def acknowledge(self) -> None:
        pass

    async def progress(self, text: str) -> None:
        pass

    async def adopt(self, manner: Manner) -> None:
        pass

    async def post(self, reply: Reply, turn_id: str) -> str | None:
        return None


SILENT = SilentChannel()
