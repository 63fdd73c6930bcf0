"""What several failures of one kind have in common, as a signature that a runbook can tell them
by."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

from bot.diagnosis.message_shape import GAP, with_gaps
from bot.diagnosis.text import normalise

_BETWEEN = ".{1,80}"  # characters in which one differs from the other
_LONGEST = 160
_LEAST = 12  # letters; of less a signature would match anything
_WORD = re.compile(r"[A-Za-z_]{4,}")
_TOKEN = re.compile(rf"{GAP}|\s+|[^\s{GAP}]+")
_ALIKE = 0.5
_SPECIAL = re.compile(r"[\\.+*?()|\[\]{}^$]")
_ESCAPED = r"\\\g<0>"


def signs_of(examples: Sequence[str]) -> Iterator[str]:
    """Signatures that all of the examples have, as a runbook spells them; the last lines first,
    which name the error. Nothing where they have nothing in common that says enough."""
    first, *others = examples
    seen = set()
    for line in reversed(first.splitlines()):
        found = _sign([line, *(_counterpart(line, other) for other in others)])
        if found and found not in seen:
            seen.add(found)
            yield found


def _counterpart(line: str, example: str) -> str:
    """The line of the example that is most like this one; "" where none is."""
    wanted = with_gaps(line)
    rated = [
        (SequenceMatcher(None, wanted, with_gaps(one), autojunk=False).ratio(), one)
        for one in example.splitlines()
        if one.strip()
    ]
    best = max(rated, key=lambda each: each[0], default=(0.0, ""))
    return best[1] if best[0] >= _ALIKE else ""


def _sign(lines: Sequence[str]) -> str:
    if not all(one.strip() for one in lines):
        return ""
    common = _TOKEN.findall(with_gaps(lines[0]))
    for line in lines[1:]:
        common = _common(common, _TOKEN.findall(with_gaps(line)))
    pieces = _pieces("".join(common))
    words = " ".join(pieces)
    if sum(map(str.isalpha, words)) < _LEAST or not _WORD.search(words):
        return ""
    if len(pieces) == 1 and all(pieces[0] in normalise(one) for one in lines):
        # Between slashes it would be a pattern.
        return pieces[0] if not pieces[0].startswith("/") else _pattern(pieces)
    return _pattern(pieces)


def _common(one: Sequence[str], other: Sequence[str]) -> list[str]:
    """The tokens of both, in their order, with a gap wherever either has more."""
    found: list[str] = []
    ends = (0, 0)
    alike = SequenceMatcher(None, one, other, autojunk=False)
    for here, there, size in alike.get_matching_blocks():
        if size and (here, there) != ends:
            found.append(GAP)
        found += one[here : here + size]
        ends = (here + size, there + size)
    return found


def _pieces(text: str) -> list[str]:
    """What stands between the gaps, as much of it as a signature takes."""
    kept: list[str] = []
    room = _LONGEST
    for piece in text.split(GAP):
        words = piece.strip()[:room]
        # Punctuation between two numbers says nothing.
        if any(map(str.isalpha, words)):
            kept.append(words)
            room -= len(words) + len(_BETWEEN)
        if room <= 0:
            break
    return kept


def _pattern(pieces: Sequence[str]) -> str:
    return f"/{_BETWEEN.join(_SPECIAL.sub(_ESCAPED, one) for one in pieces)}/"
