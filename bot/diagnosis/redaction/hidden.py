"""What a text says to a person: without colours, hidden and direction-changing characters.

Such characters in the middle of a secret keep every pattern from knowing it, and are gone once
the text is shown.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from itertools import groupby

# Zero-width, filling and bidirectional characters, variation selectors.
_RANGES = (
    *((0x00AD, 0x00AD), (0x061C, 0x061C), (0x115F, 0x1160), (0x17B4, 0x17B5), (0x180B, 0x180F)),
    *((0x200B, 0x200F), (0x2028, 0x202E), (0x2060, 0x206F), (0x3164, 0x3164), (0xFE00, 0xFE0F)),
    *((0xFEFF, 0xFEFF), (0xFFA0, 0xFFA0), (0xFFF9, 0xFFFB)),
)
_TAG_CHARACTERS = rb"\xf3\xa0[\x80-\xbf][\x80-\xbf]"
_TERMINAL = (
    rb"\x1b(?:\[[0-9;:?<=>]*[ -/]*[@-~]"  # colours, cursor movement
    rb"|[\]PX^_][^\x07\x1b\n]*(?:\x07|\x1b\\)"  # titles, hyperlinks
    rb"|[ -/]*[0-~])?"
)
# The same, as JSON and programs write them into a string.
_WRITTEN = (
    rb"\\+(?:u001[bB]|x1[bB]|033|e)\[[0-9;]*[mK]"
    rb"|\\+u(?:00[aA][dD]|200[b-fB-F]|202[89a-eA-E]|206[0-9a-fA-F]|[fF][eE][fF][fF])"
)
_CONTROL = rb"[\x00-\x08\x0b\x0c\x0e-\x1a\x1c-\x1f\x7f]"


def _spelt() -> bytes:
    """The ranges as alternatives of UTF-8, those that differ in their last byte put together."""
    characters = (chr(code).encode() for first, last in _RANGES for code in range(first, last + 1))
    grouped = groupby(characters, key=lambda character: character[:-1])
    return b"|".join(
        re.escape(lead) + b"[" + b"".join(re.escape(one[-1:]) for one in group) + b"]"
        for lead, group in grouped
    )


# Most lines hold nothing else, which is quickly seen.
_PLAIN = bytes(code for code in (9, 10, 13, *range(0x20, 0x7F)) if code != ord("\\"))
_HIDDEN = re.compile(b"|".join([_TERMINAL, _WRITTEN, _CONTROL, _TAG_CHARACTERS, _spelt()]))


@dataclass(frozen=True, slots=True)
class Shown:
    """`content` is what a person sees. `starts` and `origins` say where its pieces came from."""

    content: bytes
    starts: tuple[int, ...]
    origins: tuple[int, ...]

    def origin(self, start: int, end: int) -> tuple[int, int]:
        """The range of the whole text behind a range of what is seen, hidden parts within it."""
        return self._before(start), self._before(end - 1) + 1

    def _before(self, at: int) -> int:
        piece = bisect_right(self.starts, at) - 1
        return self.origins[piece] + at - self.starts[piece]


def shown(content: bytes) -> Shown | None:
    """None where nothing is hidden."""
    if not content.translate(None, _PLAIN) or _HIDDEN.search(content) is None:
        return None
    pieces, starts, origins = [], [], []
    length = at = 0
    for hit in _HIDDEN.finditer(content):
        if hit.start() > at:
            pieces.append(content[at : hit.start()])
            starts.append(length)
            origins.append(at)
            length += hit.start() - at
        at = hit.end()
    pieces.append(content[at:])
    starts.append(length)
    origins.append(at)
    return Shown(b"".join(pieces), tuple(starts), tuple(origins))
