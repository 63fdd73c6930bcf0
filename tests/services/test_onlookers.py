"""Who may show a private answer to all."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.domain.access import Rules
from bot.domain.answers import Reply
from bot.domain.conversations import Turn
from bot.domain.errors import BadRequest
from bot.domain.questions import Asker
from bot.services.discretion import kept_of
from bot.services.onlookers import Onlookers
from tests.fakes.turns import question, turn
from tests.services.guarded import Guarded


async def shared(kept: Turn, user: str, *, is_whispered: bool = True) -> Reply:
    onlookers = Onlookers(Guarded(Rules()).sights)
    return await onlookers.for_all("key", kept, Asker(user), "C1", is_whispered=is_whispered)


async def test_whoever_asked_shares_their_answer_and_nobody_else() -> None:
    whole = turn()
    assert await shared(whole, "U1") == whole.reply
    with pytest.raises(BadRequest, match="Only whoever asked"):
        await shared(whole, "U2")


async def test_who_asked_without_being_kept_is_whoever_it_was_whispered_to() -> None:
    nameless = turn(asked=replace(question(), asker=Asker("")))
    assert await shared(nameless, "U1") == nameless.reply
    with pytest.raises(BadRequest, match="Only whoever asked"):
        await shared(nameless, "U1", is_whispered=False)


async def test_of_what_was_not_kept_nothing_is_shared() -> None:
    kept = kept_of(turn(asked=replace(question(), is_shared=True)))
    with pytest.raises(BadRequest, match="Nothing is kept of what people outside"):
        await shared(kept, "U1")
