"""A message ready to send, and how a card is made to fit into one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain

from bot.slack.blocks.kit import Block, Element, actions, button, rich, section, text
from bot.slack.limits import BLOCKS_JSON_MAX, BLOCKS_PER_MESSAGE, blocks_length


@dataclass(frozen=True, slots=True)
class SlackMessage:
    """`text` is the readable whole in short, for notifications and where blocks are refused."""

    text: str
    blocks: tuple[Block, ...] = ()

    @property
    def fits(self) -> bool:
        """Whether Slack takes all blocks together."""
        return (
            len(self.blocks) <= BLOCKS_PER_MESSAGE and blocks_length(self.blocks) <= BLOCKS_JSON_MAX
        )

    def plainer(self) -> SlackMessage:
        """The same for a workspace that does not know `context_actions`, tables and plans yet."""
        return replace(self, blocks=tuple(map(_plainer, self.without_plan().blocks)))

    def without_plan(self) -> SlackMessage:
        """The same without what was done for it."""
        return replace(self, blocks=tuple(one for one in self.blocks if one["type"] != "plan"))

    def text_only(self) -> SlackMessage:
        return SlackMessage(self.text)


def _plainer(block: Block) -> Block:
    match block["type"]:
        case "context_actions":
            return _plain_feedback(block)
        case "table":
            return _plain_table(block)
        case _:
            return block


def _plain_table(block: Block) -> Block:
    """A line for each row, its heading in bold."""
    head, *rows = [[_cell_elements(cell) for cell in row] for row in block["rows"]]
    bold = [{**element, "style": {"bold": True}} for element in chain.from_iterable(_joined(head))]
    return rich(section(*bold), *(section(*chain.from_iterable(_joined(row))) for row in rows))


def _joined(cells: Sequence[Sequence[Element]]) -> Iterator[Sequence[Element]]:
    yield (text("\n"),)
    for number, elements in enumerate(cells):
        yield (*((text(" · "),) if number else ()), *elements)


def _cell_elements(cell: Element) -> Sequence[Element]:
    if cell["type"] == "raw_text":
        return (text(cell["text"]),)
    return tuple(chain.from_iterable(part["elements"] for part in cell["elements"]))


def _plain_feedback(block: Block) -> Block:
    thumbs = block["elements"][0]
    return actions(
        [
            # Action ids must differ within one block; parsing goes by the value.
            button(thumb["text"]["text"], f"{thumbs['action_id']}:{name}", thumb["value"])
            for name, thumb in (
                ("up", thumbs["positive_button"]),
                ("down", thumbs["negative_button"]),
            )
        ]
    )


@dataclass(frozen=True, slots=True)
class Room:
    """How much of each thing a card may show; characters of text, or how many."""

    quotes: int
    quote: int
    prose: int
    steps: int
    step: int
    items: int
    urls: int  # characters of all addresses together


# From roomy to bare. The last fits whatever the text is made of: its about 1,300 characters
# take at most six each in JSON.
ROOMS = (
    Room(quotes=3, quote=1_600, prose=900, steps=3, step=700, items=10, urls=3_000),
    Room(quotes=3, quote=900, prose=600, steps=3, step=400, items=8, urls=2_000),
    Room(quotes=2, quote=500, prose=350, steps=3, step=220, items=5, urls=1_200),
    Room(quotes=1, quote=260, prose=180, steps=2, step=120, items=3, urls=600),
    Room(quotes=1, quote=120, prose=100, steps=1, step=80, items=2, urls=0),
)


def fit(draw: Callable[[Room], SlackMessage]) -> SlackMessage:
    """The roomiest drawing that Slack takes; the bare text if none does."""
    for room in ROOMS:
        message = draw(room)
        if message.fits and message.plainer().fits:
            return message
    return message.text_only()
