"""Turns signatures over normalised lines into patterns over raw ones, for the scan of a stream.

A raw line has a prefix before what a signature looks at, quotes stand behind a backslash in
Airflow 3's records, and no pattern may reach over a line end. What comes out finds every line
that the signature would find in it, and maybe some more; it is no proof, only a reason to keep.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from bot.diagnosis.logs.patterns import WORDS
from bot.domain.runbooks import Signature

_PIECE = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\(\?[a-zA-Z-]*:|.", re.DOTALL)
# What makes the piece before it one that may be missing; words without a condition on what stands
# beside them.
_OPTIONAL = re.compile(r"[?*]|\{0")
_PLAIN_WORDS = re.compile("|".join(w for w in WORDS if "\\b" not in w), re.IGNORECASE)
_BY_PIECE = {
    "^": "",
    "$": "",
    r"\A": "",
    r"\z": "",
    r"\Z": "",
    r"\s": r"[^\S\n]",
    r"\S": r"[^\s]",
    r"\W": r"[^\w\n]",
    r"\D": r"[^\d\n]",
    '"': r'\\{0,1}"',
    r"\"": r'\\{0,1}"',
    r"\/": "/",
}


def raw_patterns(signatures: Iterable[Signature]) -> tuple[str, ...]:
    """The alternatives of all signatures that can be sought in raw bytes, each once, in order.

    One that says one of the `WORDS` in so many letters is left out: that word finds it.
    """
    return tuple(pattern for pattern in _all(signatures) if not _is_said_by_a_word(pattern))


def every_raw_pattern(signatures: Iterable[Signature]) -> tuple[str, ...]:
    """As `raw_patterns`, with those that the `WORDS` find already."""
    return tuple(_all(signatures))


def _all(signatures: Iterable[Signature]) -> dict[str, None]:
    found: dict[str, None] = {}
    for signature in signatures:
        text = signature.pattern if signature.is_regex else _literal(signature.pattern)
        if text.isascii():
            for pattern in _alternatives(_raw(text)):
                if _is_usable(pattern):
                    found[pattern] = None
    return found


def _alternatives(pieces: Iterable[str]) -> Iterator[str]:
    """What stands between the bars outside any group."""
    depth, said = 0, ""
    for piece in pieces:
        if piece == "|" and not depth:
            yield said
            said = ""
        else:
            depth += piece.startswith("(") - (piece == ")")
            said += piece
    yield said


def _is_said_by_a_word(pattern: str) -> bool:
    """Whether one of the `WORDS` stands in every match, whichever alternatives are taken."""
    return all(
        _sequence_says(_PIECE.findall(one)) for one in _alternatives(_PIECE.findall(pattern))
    )


def _sequence_says(pieces: Sequence[str]) -> bool:
    said, at = "", 0
    while at < len(pieces):
        end = _end_of(pieces, at)
        is_optional = end < len(pieces) and _OPTIONAL.match("".join(pieces[end : end + 2]))
        piece = pieces[at]
        is_needed_group = piece.startswith("(") and not is_optional
        if is_needed_group and _is_said_by_a_word("".join(pieces[at + 1 : end - 1])):
            return True
        is_letter = len(piece) == 1 and piece not in "(.?*+{" and not is_optional
        said += piece if is_letter else "\0"
        at = end
    return _PLAIN_WORDS.search(said) is not None


def _end_of(pieces: Sequence[str], at: int) -> int:
    """The place after the piece or the whole group that begins there."""
    depth = 0
    while at < len(pieces):
        depth += pieces[at].startswith("(") - (pieces[at] == ")")
        at += 1
        if depth <= 0:
            break
    return at


def _raw(pattern: str) -> Iterator[str]:
    for piece in _PIECE.findall(pattern):
        if piece.startswith("["):
            piece = piece.replace(r"\/", "/")
            yield "[^\\n" + piece[2:] if piece.startswith("[^") else piece
        elif piece.startswith("(?") and piece != "(?:":
            yield "(?:"  # case is ignored throughout
        else:
            yield _BY_PIECE.get(piece, piece)


def _literal(text: str) -> str:
    return re.sub(r"[\\.+*?()|\[\]{}^$]", r"\\\g<0>", text)


def _is_usable(pattern: str) -> bool:
    """Whether it can be compiled, and is never empty: that would hit every line."""
    try:
        return re.compile(pattern).search("") is None
    except re.error:
        return False
