"""The few blocks this bot builds, each cut to Slack's limits and free of foreign markup.

Text goes into `rich_text` and `plain_text` only: Slack parses no markup there, so nothing that
somebody wrote into a log, a Dag or a message can ping, link or format.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from bot.answering.foreign import visible
from bot.slack.limits import (
    BUTTON_TEXT,
    BUTTON_URL,
    BUTTON_VALUE,
    CONTEXT_TEXT,
    ELEMENTS_PER_ACTIONS,
    ELEMENTS_PER_CONTEXT,
    HEADER_TEXT,
    MESSAGE_TEXT,
    OPTION_TEXT,
    OPTION_VALUE,
    OPTIONS_PER_SELECT,
    PLACEHOLDER_TEXT,
    RICH_TEXT,
    ROWS_PER_TABLE,
)
from bot.words import say

Block = dict[str, Any]
Element = dict[str, Any]

# "<!channel>", "<@U…>", "<#C…>" and their full-width look-alikes. Rich text would show them as
# they are; they are broken all the same, for whoever copies or relays them.
_CALL = re.compile("[<\uff1c\ufe64](?=[@!#\uff20\uff01\uff03\ufe6b\ufe57\ufe5f])")


def safe(text: str) -> str:
    """`text` as a person sees it: no control, bidirectional or hidden characters, no calls."""
    return _CALL.sub("\u2039", visible(text))


def one_line(text: str) -> str:
    """`safe` text on one line."""
    return " ".join(safe(text).split())


def mrkdwn(text: str) -> str:
    """`text` for the top-level fallback, the one place that Slack still parses as mrkdwn."""
    escaped = safe(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return MESSAGE_TEXT.head(escaped) if escaped.strip() else say("(no words)")


def plain(text: str) -> Element:
    return {"type": "plain_text", "text": text or " ", "emoji": True}


def header(text: str) -> Block:
    return {"type": "header", "text": plain(HEADER_TEXT.head(one_line(text)))}


def context(*lines: str) -> Block:
    """Small grey print, one element for each line."""
    elements = [plain(CONTEXT_TEXT.head(one_line(line))) for line in lines if line.strip()]
    return {"type": "context", "elements": elements[:ELEMENTS_PER_CONTEXT] or [plain("")]}


def divider() -> Block:
    return {"type": "divider"}


def rich(*parts: Element) -> Block:
    """A block of sections, lists, quotes and preformatted pieces."""
    return {"type": "rich_text", "elements": list(parts)}


def text(
    words: str,
    *,
    bold: bool = False,
    italic: bool = False,
    code: bool = False,
    strike: bool = False,
) -> Element:
    """Words in a rich text section; never parsed, never a link."""
    element: Element = {"type": "text", "text": RICH_TEXT.head(safe(words)) or " "}
    wanted = {"bold": bold, "italic": italic, "code": code, "strike": strike}
    style = {name: True for name, on in wanted.items() if on}
    if style:
        element["style"] = style
    return element


def date(at: datetime, fallback: str) -> Element:
    """A moment in a rich text section, by the clock of whoever reads it."""
    return {
        "type": "date",
        "timestamp": int(at.timestamp()),
        "format": "{time}, {date_short_pretty}",
        "fallback": fallback,
    }


def link(label: str, url: str, *, bold: bool = False) -> Element:
    """A link to an address of our own making or out of our own runbooks."""
    element: Element = {"type": "link", "url": url, "text": RICH_TEXT.head(one_line(label))}
    if bold:
        element["style"] = {"bold": True}
    return element


def channel(channel_id: str) -> Element:
    """A channel by its name, as far as whoever reads it may know that."""
    return {"type": "channel", "channel_id": channel_id}


def section(*elements: Element) -> Element:
    return {"type": "rich_text_section", "elements": list(elements)}


def preformatted(words: str) -> Element:
    """Words exactly as they were written; of too many the end is kept."""
    shown = RICH_TEXT.tail(safe(words).strip("\n"))
    return {
        "type": "rich_text_preformatted",
        "elements": [{"type": "text", "text": shown if shown.strip() else " "}],
    }


def lines(items: Iterable[str]) -> Element:
    """One line for each, without bullets: each begins with a mark of its own."""
    return section(*(text(f"\n{item}" if number else item) for number, item in enumerate(items)))


def cell(words: str) -> Element:
    """A cell of a table; never parsed."""
    return {"type": "raw_text", "text": RICH_TEXT.head(one_line(words)) or " "}


def linked_cell(label: str, url: str) -> Element:
    """A cell that leads somewhere, where the address is one that Slack takes."""
    if not url.startswith(("https://", "http://")) or not BUTTON_URL.fits(url):
        return cell(label)
    return rich(section(link(label, url)))


def table(head: Sequence[str], rows: Iterable[Sequence[Element]]) -> Block:
    """A message takes one table, of at most 100 rows of 20 cells."""
    shown = [[cell(words) for words in head], *(list(row) for row in rows)]
    return {
        "type": "table",
        "rows": shown[:ROWS_PER_TABLE],
        "column_settings": [{"is_wrapped": True} for _ in head],
    }


def quote(*elements: Element) -> Element:
    return {"type": "rich_text_quote", "elements": list(elements)}


def listing(
    items: Iterable[Sequence[Element]], *, ordered: bool = False, indent: int = 0, offset: int = 0
) -> Element:
    """A list; `offset` continues the numbers of an interrupted one."""
    made: Element = {
        "type": "rich_text_list",
        "style": "ordered" if ordered else "bullet",
        "indent": indent,
        "elements": [section(*item) for item in items],
    }
    if offset:
        made["offset"] = offset
    return made


def actions(elements: Sequence[Element]) -> Block:
    return {"type": "actions", "elements": list(elements)[:ELEMENTS_PER_ACTIONS]}


def button(label: str, action_id: str, value: str, *, primary: bool = False) -> Element:
    """A button that comes back to us. `value` must fit: it is never cut, only refused."""
    if not BUTTON_VALUE.fits(value):
        raise ValueError(f"the value of button {action_id} is longer than Slack takes")
    made: Element = {
        "type": "button",
        "text": plain(BUTTON_TEXT.head(one_line(label))),
        "action_id": action_id,
        "value": value,
    }
    if primary:
        made["style"] = "primary"
    return made


def link_button(label: str, action_id: str, url: str) -> Element | None:
    """A button that opens an address; None where Slack would refuse it."""
    if not BUTTON_URL.fits(url) or not url.startswith(("https://", "http://")):
        return None
    words = plain(BUTTON_TEXT.head(one_line(label)))
    return {"type": "button", "text": words, "action_id": action_id, "url": url}


def select(placeholder: str, action_id: str, options: Sequence[tuple[str, str]]) -> Element:
    """A menu of (label, value); values must be short."""
    return {
        "type": "static_select",
        "action_id": action_id,
        "placeholder": plain(PLACEHOLDER_TEXT.head(one_line(placeholder))),
        "options": [
            {"text": plain(OPTION_TEXT.head(one_line(label))), "value": value}
            for label, value in options[:OPTIONS_PER_SELECT]
            if OPTION_VALUE.fits(value)
        ],
    }
