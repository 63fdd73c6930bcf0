"""The channel of a question in a thread, of which it shows only later who is to see the answer."""

from __future__ import annotations

from dataclasses import dataclass, replace

from bot.domain.answers import Apology, Reply
from bot.domain.cases import Manner
from bot.slack.arrivals import Place
from bot.slack.channel import ThreadChannel
from bot.slack.narrating import Narrator
from bot.slack.presses import Words
from bot.slack.whispering import WhisperChannel
from bot.words import ENGLISH


@dataclass(slots=True)
class ConfidingChannel:
    """Signs of work stand in the thread; what is said is for all, or from `adopt` on for the asker
    alone. Then no sign stays behind."""

    open: ThreadChannel
    aside: WhisperChannel
    is_private: bool = False

    @property
    def answered(self) -> bool:
        return self.aside.answered if self.is_private else self.open.answered

    @property
    def words(self) -> Words:
        return self.open.words

    @property
    def place(self) -> Place:
        return self.open.place

    @place.setter
    def place(self, place: Place) -> None:
        self.open.place = self.aside.place = place

    @property
    def resumed(self) -> bool:
        return self.open.resumed

    @resumed.setter
    def resumed(self, resumed: bool) -> None:
        self.open.resumed = resumed

    @property
    def narrator(self) -> Narrator | None:
        """Who tells of the work, where that is shown."""
        return self.open.narrator if self.place.is_direct and not self.is_private else None

    async def adopt(self, manner: Manner) -> None:
        self.place = replace(self.place, language=manner.language or ENGLISH)
        self.is_private = manner.is_private
        self.aside.may_be_shared = manner.may_be_shared

    async def receive(self) -> None:
        await self.open.receive()

    async def acknowledge(self) -> None:
        await self.open.acknowledge()

    async def progress(self, text: str) -> None:
        """What is looked at is nobody else's business either."""
        if not self.is_private:
            await self.open.progress(text)

    def still(self) -> None:
        self.open.still()

    async def post(self, reply: Reply, turn_id: str) -> str | None:
        if self.is_private:
            return await self.aside.post(reply, turn_id)
        return await self.open.post(reply, turn_id)

    async def apologise(self, apology: Apology) -> None:
        await (self.aside if self.is_private else self.open).apologise(apology)

    async def call_off(self, apology: Apology) -> None:
        await self.open.call_off(apology)

    async def close(self) -> None:
        await self.open.close()


OpenChannel = ConfidingChannel | WhisperChannel
"""Where one question is answered."""
