"""Steps for work that need not outlive its process: a question at the terminal."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from bot.domain.work import ONCE, Retry

T = TypeVar("T")


class PlainSteps:
    """The port `Steps` without any memory: each step is simply run, and once."""

    async def run(self, name: str, work: Callable[[], Awaitable[T]], retry: Retry = ONCE) -> T:
        return await work()


PLAIN = PlainSteps()
