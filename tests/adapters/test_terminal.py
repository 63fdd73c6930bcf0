"""What a terminal prints, which cannot take back what it has printed."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from bot.adapters.terminal import TerminalChannel
from bot.domain.answers import Claim, Explanation, Help, HowTo, ModelOutcome
from bot.domain.runbooks import Passage
from tests.fakes.turns import diagnosis

SAID = Explanation(ModelOutcome.USED, (Claim("It ran out of memory.", ("L2",)),), model="m")
CARD = replace(diagnosis(), explanation=Explanation(ModelOutcome.NOT_CONFIGURED))
PASSAGE = Passage("R1", "Clearing a task", "Open the run and clear it.", "runbook")


@dataclass
class Terminal:
    written: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    def channel(self, *, refined_only: bool) -> TerminalChannel:
        return TerminalChannel(self.written.append, self.said.append, 80, refined_only=refined_only)


async def test_without_a_model_the_card_is_printed_at_once() -> None:
    terminal = Terminal()
    await terminal.channel(refined_only=False).post(CARD, "1")
    assert len(terminal.written) == 1


async def test_with_a_model_only_the_card_with_its_words_is_printed() -> None:
    terminal = Terminal()
    channel = terminal.channel(refined_only=True)
    await channel.post(CARD, "1")
    await channel.post(CARD, "1")  # amended, after a late log
    await channel.post(replace(CARD, explanation=SAID), "1")
    channel.flush()
    assert len(terminal.written) == 1
    assert "It ran out of memory." in terminal.written[0]
    assert terminal.said == ["Asking the model …"]


async def test_a_card_to_which_no_model_added_anything_is_printed_in_the_end() -> None:
    terminal = Terminal()
    channel = terminal.channel(refined_only=True)
    await channel.post(CARD, "1")
    channel.flush()
    channel.flush()
    assert len(terminal.written) == 1


async def test_passages_are_held_back_for_the_model_too_and_other_replies_are_not() -> None:
    terminal = Terminal()
    channel = terminal.channel(refined_only=True)
    await channel.post(HowTo("K7QX2M", "clear a task", (PASSAGE,)), "1")
    assert terminal.written == []
    await channel.post(HowTo("K7QX2M", "clear a task", (PASSAGE,), SAID), "1")
    await channel.post(HowTo("K7QX2M", "clear a task", ()), "2")
    await channel.post(Help("K7QX2M", ("prod",)), "3")
    assert len(terminal.written) == 3
