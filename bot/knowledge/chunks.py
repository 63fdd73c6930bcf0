"""Runbooks and guides cut into pieces that an index can hold and a reader can use."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.domain.runbooks import KnownFailure, Section

CHUNK_MAX = 1_000  # characters: about 250 word pieces, which is what a small embedder can read
_SIGNS = "Signs"
_BLANK_LINE = re.compile(r"\n\s*\n")


@dataclass(frozen=True, slots=True)
class Document:
    """One file of knowledge: a runbook (with its cause) or a guide. `signs` are words by which
    people and logs call it: signatures, examples, other wordings of the question."""

    id: str
    title: str
    source: str
    sections: tuple[Section, ...]
    signs: tuple[str, ...] = ()
    cause: str | None = None


@dataclass(frozen=True, slots=True)
class Chunk:
    """One piece: `text` holds the title too, so that it can be understood by itself."""

    id: str
    document: str
    heading: str
    title: str
    text: str

    @property
    def digest(self) -> str:
        return hashlib.sha256(f"{self.title}\n{self.text}".encode()).hexdigest()[:16]


def document_of(known: KnownFailure) -> Document:
    signs = (
        known.cause,
        known.explains,
        *(signature.pattern for signature in known.signatures if not signature.is_regex),
        *(example.splitlines()[-1] for example in known.catches if example.strip()),
    )
    return Document(
        id=known.cause,
        title=known.title,
        source="runbook",
        sections=known.sections,
        signs=tuple(sign for sign in signs if sign),
        cause=known.cause,
    )


def chunks_of(document: Document) -> tuple[Chunk, ...]:
    """The signs first, then each section; long sections are cut between paragraphs."""
    return tuple(
        Chunk(
            id=f"{document.id}#{number}",
            document=document.id,
            heading=heading,
            title=document.title,
            text=text,
        )
        for number, (heading, text) in enumerate(_pieces(document))
    )


def digest_of(documents: Sequence[Document]) -> str:
    """Changes whenever any of the documents does."""
    return hashlib.sha256(repr(documents).encode()).hexdigest()


def _pieces(document: Document) -> Iterator[tuple[str, str]]:
    if document.signs:
        yield _SIGNS, "\n".join(document.signs)[:CHUNK_MAX]
    for section in document.sections:
        for text in _cut(section.text):
            yield section.heading, text


def _cut(text: str) -> Iterator[str]:
    """Paragraphs packed up to the limit; a code block stays with the lines that lead to it."""
    packed = ""
    for paragraph in _paragraphs(text):
        if packed and len(packed) + len(paragraph) > CHUNK_MAX:
            yield packed
            packed = ""
        packed = f"{packed}\n\n{paragraph}".strip()
    if packed:
        yield packed


def _paragraphs(text: str) -> list[str]:
    """Split at blank lines outside of code fences; a fence is joined to what stands before it."""
    joined: list[str] = []
    for part in _BLANK_LINE.split(text.strip()):
        open_fence = joined and joined[-1].count("```") % 2 == 1
        if joined and (open_fence or part.lstrip().startswith("```")):
            joined[-1] += f"\n\n{part}"
        elif part:
            joined.append(part)
    return joined
