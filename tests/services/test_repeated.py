"""What is done again and again goes on, whatever one time ended in."""

from __future__ import annotations

import asyncio

import pytest

from bot.domain.errors import StoreError
from bot.services.repeated import repeated
from tests.waiting import until


@pytest.mark.parametrize("error", [StoreError("It is away."), RuntimeError("a bug")])
async def test_a_call_that_fails_is_made_again(error: Exception) -> None:
    calls = 0

    async def call() -> None:
        nonlocal calls
        calls += 1
        if calls == 1:
            raise error

    going_on = asyncio.create_task(repeated(call, 0.0))
    await until(lambda: calls > 1, "another call")
    assert not going_on.done()
    going_on.cancel()
    with pytest.raises(asyncio.CancelledError):
        await going_on
