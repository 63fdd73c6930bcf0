"""A diagnosis is told again in another language, by what was seen when it was made."""

from __future__ import annotations

from dataclasses import replace

from bot.domain.answers import Diagnosis
from bot.domain.conversations import Turn
from bot.domain.errors import RunbookError
from bot.knowledge.catalogue import Catalogue
from bot.services.diagnose import Diagnoser
from bot.services.plain_steps import PLAIN
from bot.words import speaking
from tests.services.bench import bench, diagnoser, orders, question


async def told_in(language: str) -> Turn:
    with speaking(language):
        return await bench(orders()).service.look(question("why did orders fail?"), PLAIN)


async def test_it_says_the_same_in_the_language_of_here() -> None:
    german, english = await told_in("de"), await told_in("")
    assert isinstance(english.reply, Diagnosis)
    assert german.question.language == "de"
    assert german.reply != english.reply
    again = diagnoser().retold(german)
    assert again is not None
    assert replace(again, understood_as="") == replace(english.reply, understood_as="")
    with speaking("de"):
        assert diagnoser().retold(german) is german.reply
        assert diagnoser().retold(english) != english.reply


async def test_where_it_would_come_to_something_else_it_stays_as_it_was_told() -> None:
    german = await told_in("de")
    assert isinstance(german.reply, Diagnosis)
    other = replace(german.reply, verdict=replace(german.reply.verdict, cause="pool_full"))
    assert diagnoser().retold(replace(german, reply=other)) is other
    assert diagnoser().retold(replace(german, evidence=None)) is german.reply

    def gone() -> Catalogue:
        raise RunbookError("the folder is gone")

    assert Diagnoser(gone).retold(german) is german.reply
