"""Replies at the terminal: progress to one stream, the answer to another."""

from __future__ import annotations

from collections.abc import Callable

from bot.answering.terminal import render_text
from bot.domain.answers import Diagnosis, HowTo, ModelOutcome, Reply
from bot.domain.cases import Manner


class TerminalChannel:
    """Implements `ReplyChannel`. `say` gets progress, `write` the reply.

    With `refined_only` what a model may add to is held back until its words are in, as a terminal
    cannot change what it has printed; `flush` prints it where none came.
    """

    def __init__(
        self,
        write: Callable[[str], None],
        say: Callable[[str], None],
        width: int,
        *,
        colour: bool = False,
        refined_only: bool = False,
    ) -> None:
        self._write = write
        self._say = say
        self._width = width
        self._colour = colour
        self._refined_only = refined_only
        self._held: Reply | None = None

    async def acknowledge(self) -> None:
        self._say("Looking …")

    async def progress(self, text: str) -> None:
        self._say(text)

    async def adopt(self, manner: Manner) -> None:
        """Nobody else reads along, and the words are English here."""

    async def post(self, reply: Reply, turn_id: str) -> str | None:
        if self._refined_only and _awaits_words(reply):
            if self._held is None:
                self._say("Asking the model …")
            self._held = reply
        else:
            self._held = None
            self._write(render_text(reply, self._width, colour=self._colour))
        return None

    def flush(self) -> None:
        """Prints a reply that was held back."""
        if self._held is not None:
            self._write(render_text(self._held, self._width, colour=self._colour))
            self._held = None


def _awaits_words(reply: Reply) -> bool:
    """Whether a model is about to be asked to explain it."""
    match reply:
        case Diagnosis(explanation=explanation):
            return explanation.outcome is ModelOutcome.NOT_CONFIGURED
        case HowTo(passages=passages, explanation=explanation):
            return bool(passages) and explanation.outcome is ModelOutcome.NOT_CONFIGURED
        case _:
            return False
