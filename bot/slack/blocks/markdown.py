"""Markdown of runbooks, Dag docs and models as rich text, which Slack does not parse again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from markdown_it import MarkdownIt
from markdown_it.token import Token

from bot.slack.blocks.kit import Element, link, listing, preformatted, quote, section, text
from bot.slack.limits import Limit

# Raw HTML stays text. Without "linkify" only written links are links.
_MARKDOWN = MarkdownIt("commonmark", {"html": False})
_INDENT_MAX = 8


def rich_parts(markdown: str, limit: Limit, *, trusted: bool = False) -> tuple[Element, ...]:
    """Parts of a rich text block for `markdown`, of which at most `limit` is used.

    `trusted` text is ours: its links stay links. Elsewhere a link shows its label and address as
    plain words.
    """
    return tuple(_Writer(trusted).write(_MARKDOWN.parse(limit.head(markdown))))


def inline(markdown: str, limit: Limit, *, trusted: bool = False) -> tuple[Element, ...]:
    """The same as elements of a single section, for a list item or a line: blocks are joined."""
    elements: list[Element] = []
    for token in _MARKDOWN.parse(limit.head(markdown)):
        if elements and token.type in ("inline", "fence", "code_block"):
            elements.append(text(" "))
        if token.type == "inline":
            elements.extend(_inline(token.children or [], trusted))
        elif token.type in ("fence", "code_block"):
            elements.append(text(" ".join(token.content.split()), code=True))
    return tuple(elements) or (text(" "),)


def steps(items: Sequence[str], limit: Limit, *, trusted: bool = True) -> tuple[Element, ...]:
    """A numbered list of Markdown steps, going on counting past the code blocks inside them."""
    parts: list[Element] = []
    pending: list[Sequence[Element]] = []
    done = 0
    for item in items:
        head, *rest = rich_parts(item, limit, trusted=trusted) or (section(text(" ")),)
        opening = head["elements"] if head["type"] == "rich_text_section" else [text(" ")]
        pending.append(opening)
        below = rest if head["type"] == "rich_text_section" else [head, *rest]
        if below:
            parts.append(listing(pending, ordered=True, offset=done))
            done += len(pending)
            pending = []
            parts.extend(_indented(part) for part in below)
    if pending:
        parts.append(listing(pending, ordered=True, offset=done))
    return tuple(parts)


def _indented(part: Element) -> Element:
    if part["type"] == "rich_text_list":
        return {**part, "indent": min(part["indent"] + 1, _INDENT_MAX)}
    return part


@dataclass(slots=True)
class _List:
    ordered: bool
    offset: int
    items: list[list[Element]] = field(default_factory=list)


class _Writer:
    """Walks block tokens; nested lists become further lists with a deeper indent."""

    def __init__(self, trusted: bool) -> None:
        self._trusted = trusted
        self._lists: list[_List] = []
        self._quoted = 0

    def write(self, tokens: Sequence[Token]) -> Iterator[Element]:
        for index, token in enumerate(tokens):
            match token.type:
                case "bullet_list_open" | "ordered_list_open":
                    yield from self._flush()
                    start = int(token.attrGet("start") or 1)
                    self._lists.append(_List(token.type.startswith("ordered"), start - 1))
                case "bullet_list_close" | "ordered_list_close":
                    yield from self._flush()
                    self._lists.pop()
                case "list_item_open":
                    self._lists[-1].items.append([])
                case "blockquote_open":
                    self._quoted += 1
                case "blockquote_close":
                    self._quoted -= 1
                case "fence" | "code_block":
                    yield from self._flush()
                    yield preformatted(token.content)
                case "inline":
                    heading = tokens[index - 1].type == "heading_open"
                    yield from self._paragraph(token, heading)

    def _paragraph(self, token: Token, heading: bool) -> Iterator[Element]:
        elements = list(_inline(token.children or [], self._trusted, bold=heading))
        if not elements:
            return
        if self._lists and self._lists[-1].items:
            item = self._lists[-1].items[-1]
            item.extend([text("\n"), *elements] if item else elements)
        elif self._quoted:
            yield quote(*elements)
        else:
            yield section(*elements)

    def _flush(self) -> Iterator[Element]:
        """The open list so far, if it has words; what follows counts on from there."""
        if not self._lists:
            return
        current = self._lists[-1]
        items = [item for item in current.items if item]
        if items:
            indent = min(len(self._lists) - 1, _INDENT_MAX)
            offset = current.offset if current.ordered else 0
            yield listing(items, ordered=current.ordered, indent=indent, offset=offset)
            current.offset += len(items)
        current.items = []


def _inline(tokens: Sequence[Token], trusted: bool, *, bold: bool = False) -> Iterator[Element]:
    depth = {"strong": int(bold), "em": 0, "s": 0}
    address: str | None = None
    label: list[str] = []
    for token in tokens:
        name, _, edge = token.type.rpartition("_")
        if name in depth and edge in ("open", "close"):
            depth[name] += 1 if edge == "open" else -1
        elif token.type == "link_open":
            address, label = str(token.attrGet("href") or ""), []
        elif token.type == "link_close":
            yield from _link("".join(label), address or "", trusted)
            address = None
        elif words := _words(token):
            if address is not None:
                label.append(words)
            else:
                yield text(
                    words,
                    bold=depth["strong"] > 0,
                    italic=depth["em"] > 0,
                    code=token.type == "code_inline",
                )


def _words(token: Token) -> str:
    if token.type in ("softbreak", "hardbreak"):
        return "\n" if token.type == "hardbreak" else " "
    return token.content  # text, code, raw HTML, and an image's alternative text


def _link(label: str, address: str, trusted: bool) -> Iterator[Element]:
    if trusted and address.startswith(("https://", "http://")):
        yield link(label or address, address)
    else:
        yield text(label if not address or label == address else f"{label} ({address})")
