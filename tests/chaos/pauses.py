"""Waiting that ends early."""

from __future__ import annotations

import asyncio
import contextlib


async def pause(seconds: float, done: asyncio.Event) -> None:
    """Returns after `seconds`, or as soon as everything is `done`."""
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(done.wait(), seconds)
