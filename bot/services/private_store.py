"""A conversation store that keeps nothing of what people said who do not want that."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bot.domain.answers import HowTo, Reply
from bot.domain.conversations import Turn
from bot.domain.questions import Asker, Question
from bot.services.passing_store import PassingStore
from bot.services.people_ports import Privacy
from bot.services.ports import ConversationStore


class PrivateStore(PassingStore):
    """The port `ConversationStore` before another one.

    Of somebody who does not want their conversations kept, what Airflow said is stored, since the
    buttons under the answer need it: neither their words nor who they are.
    """

    def __init__(self, store: ConversationStore, privacy: Privacy) -> None:
        super().__init__(store)
        self._privacy = privacy

    async def add_turn(self, turn: Turn) -> Sequence[str]:
        """Raises `StoreError` also where it is not known what the asker wants."""
        question = turn.question
        if not await self._privacy.keeps(question.thread.workspace, question.asker.user_id):
            turn = replace(turn, question=_wordless(question), reply=_unasked(turn.reply))
        return await self._store.add_turn(turn)

    async def set_reply(self, turn_id: str, reply: Reply, reply_ts: str | None) -> Sequence[str]:
        if isinstance(reply, HowTo):
            known = await self._store.turn(turn_id)
            if known is not None and not known.question.asker.user_id:
                reply = _unasked(reply)
        return await self._store.set_reply(turn_id, reply, reply_ts)


def _wordless(question: Question) -> Question:
    """Where it was asked and what it is about is needed to go on with the thread."""
    asker = Asker("", question.asker.team_id, question.asker.is_external)
    return replace(question, text="", links=(), earlier=(), asker=asker)


def _unasked(reply: Reply) -> Reply:
    """A how-to repeats what was asked."""
    return replace(reply, query="") if isinstance(reply, HowTo) else reply
