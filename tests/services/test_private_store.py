"""Nothing of what people said is stored who do not want that."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.domain.answers import HowTo
from bot.domain.errors import StoreError
from bot.domain.people import Preferences
from bot.services.private_store import PrivateStore
from tests.fakes.conversation_store import FakeConversationStore
from tests.fakes.people import MemoryPreferences
from tests.fakes.turns import THREAD, turn

ASKED = turn()
WHO = (THREAD.workspace, ASKED.question.asker.user_id)


async def test_what_somebody_says_is_stored_unless_they_switched_that_off() -> None:
    inner, privacy = FakeConversationStore(), MemoryPreferences()
    store = PrivateStore(inner, privacy)
    await store.add_turn(ASKED)
    assert await inner.turn(ASKED.id) == ASKED

    privacy.kept[WHO] = Preferences(keeps_conversations=False)
    private = replace(ASKED, id="turn-2", question=replace(ASKED.question, text="of mine"))
    await store.add_turn(private)
    kept = await inner.turn("turn-2")
    assert kept is not None
    assert kept.question.text == ""
    assert kept.question.asker.user_id == ""
    assert not kept.question.earlier
    assert not kept.question.links
    assert kept.reply == private.reply


async def test_a_how_to_does_not_repeat_the_words_either() -> None:
    inner, privacy = FakeConversationStore(), MemoryPreferences()
    privacy.kept[WHO] = Preferences(keeps_conversations=False)
    store = PrivateStore(inner, privacy)
    how_to = HowTo("ref", "how do I hide this?", ())
    await store.add_turn(replace(ASKED, reply=how_to, evidence=None))
    await store.set_reply(ASKED.id, how_to, "1.2")
    kept = await inner.turn(ASKED.id)
    assert kept is not None
    assert isinstance(kept.reply, HowTo)
    assert kept.reply.query == ""


async def test_where_it_is_not_known_what_they_want_nothing_is_stored() -> None:
    inner = FakeConversationStore()
    store = PrivateStore(inner, MemoryPreferences(down=True))
    with pytest.raises(StoreError):
        await store.add_turn(ASKED)
    assert await inner.turn(ASKED.id) is None
