"""Patience for what comes about by itself, however slow the machine."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

PATIENCE = 60.0  # seconds; only a broken test needs them


async def until(condition: Callable[[], Awaitable[bool] | bool], what: str = "it") -> None:
    """Returns when `condition` holds, fails where it never comes to that."""
    try:
        async with asyncio.timeout(PATIENCE):
            while True:
                holds = condition()
                if (await holds) if isinstance(holds, Awaitable) else holds:
                    return
                await asyncio.sleep(0.02)
    except TimeoutError:
        raise AssertionError(f"{what} did not come about in {PATIENCE:g} s") from None
