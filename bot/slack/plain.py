"""Plain text and links out of a Slack message, whatever it is made of.

Read are mrkdwn, every kind of block, legacy attachments (alerts use them), forwarded messages and
the preview of a pasted snippet. Payloads are tolerated as they come: what has another shape than
expected is left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

SOMEONE = "someone"
_TAKEN_OUT = "\0"  # stands where the bot was called, until the blank after it is gone too
_DEEPEST = 12  # blocks in blocks; Slack's own nest three or four deep

_TOKEN = re.compile(r"<([^<>\n]{1,4000})>")
_CODE = re.compile(r"```(?P<fence>.+?)```|`(?P<span>[^`\n]+)`", re.DOTALL)
_STYLES = {
    "*": re.compile(r"(?<![\w*])\*(?=\S)([^*\n]+?)(?<=\S)\*(?![\w*])"),
    "~": re.compile(r"(?<![\w~])~(?=\S)([^~\n]+?)(?<=\S)~(?![\w~])"),
    "_": re.compile(r"(?<![\w_])_(?=\S)([^_\n]+?)(?<=\S)_(?![\w_])"),
}
_BARE_URL = re.compile(r"https?://[^\s<>|\"'`\\^{}]{3,2000}", re.IGNORECASE)
_ENTITIES = (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&"))


@dataclass(frozen=True, slots=True)
class Flat:
    """`mentions` are the user ids that the message calls, the bot's among them."""

    text: str
    links: tuple[str, ...] = ()
    mentions: frozenset[str] = frozenset()


def flatten(message: Mapping[str, Any], bot_user_id: str, *, names: bool = False) -> Flat:
    """The whole message as plain text: calls of the bot removed, of other people made neutral. With
    `names` these stay as Slack writes them, `<@U0123ABCD>`, for whoever puts names in their place.
    """
    reader = _Reader(bot_user_id, names=names)
    body = _lines(reader.block(block) for block in _dicts(message.get("blocks")))
    typed_by_a_person = not message.get("bot_id")
    if body and typed_by_a_person and _has_rich_text(message):
        words = ""  # the composer sends the same words twice
    else:
        words = reader.mrkdwn(_str(message.get("text")))
    parts = [part for part in (words, body) if part]
    for attachment in _dicts(message.get("attachments")):
        parts.append(reader.attachment(attachment))
    parts.extend(reader.file(file) for file in _dicts(message.get("files")))
    text = _tidy("\n".join(_without_repeats(parts)))
    links = dict.fromkeys([*reader.links, *(_bare_urls(text))])
    return Flat(text, tuple(links), frozenset(reader.mentions))


def flatten_mrkdwn(text: str, bot_user_id: str = "") -> Flat:
    """The same for a lone text, such as that of a slash command."""
    return flatten({"text": text, "bot_id": ""}, bot_user_id)


class _Reader:
    def __init__(self, bot_user_id: str, *, names: bool = False) -> None:
        self._bot = bot_user_id
        self._names = names
        self.links: list[str] = []
        self.mentions: set[str] = set()

    def mrkdwn(self, text: str) -> str:
        plain, last = [], 0
        for code in _CODE.finditer(text):
            plain.append(self._styled(text[last : code.start()]))
            inner = self._tokens(code["fence"] or code["span"])
            plain.append(f"\n{inner.strip()}\n" if code["fence"] else inner)
            last = code.end()
        plain.append(self._styled(text[last:]))
        return _unescape("".join(plain)).strip()

    def _styled(self, text: str) -> str:
        text = self._tokens(text)
        for mark, style in _STYLES.items():
            if mark in text:
                text = style.sub(r"\1", text)
        return text

    def _tokens(self, text: str) -> str:
        return _TOKEN.sub(lambda hit: self._token(hit.group(1)), text)

    def _token(self, inner: str) -> str:
        target, _, label = inner.partition("|")
        if target.startswith("@"):
            return self._person(target[1:].strip())
        if target.startswith("#"):
            return f"#{label}" if label else "a channel"
        if target.startswith("!date^"):
            return label
        if target.startswith("!subteam"):
            return "a group"
        if target.startswith("!"):
            return "everyone"
        if target.startswith(("http://", "https://")):
            self.link(_unescape(target))
            return label or target
        if target.startswith(("mailto:", "tel:")):
            return label or target.partition(":")[2]
        return f"<{inner}>"

    def _person(self, user_id: str) -> str:
        self.mentions.add(user_id)
        if user_id == self._bot:
            return _TAKEN_OUT
        return f"<@{user_id}>" if self._names else SOMEONE

    def link(self, url: str) -> None:
        if url.startswith(("http://", "https://")):
            self.links.append(url)

    def block(self, node: Mapping[str, Any], depth: int = 0) -> str:
        """Text of a block or of an object inside one; unknown kinds are searched for text."""
        kind = _str(node.get("type"))
        if depth > _DEEPEST:
            return ""
        if kind == "mrkdwn":
            return self.mrkdwn(_str(node.get("text")))
        if kind in ("plain_text", "raw_text", "markdown"):
            return _unescape(_str(node.get("text"))).strip()
        if kind == "rich_text":
            return _lines(self._rich(part, depth + 1) for part in _dicts(node.get("elements")))
        self.link(_str(node.get("url")))
        if kind == "button":
            return ""  # its address counts, its label says nothing about the matter
        found: list[str] = []
        for key in ("title", "subtitle", "text", "body", "fields", "elements", "rows", "accessory"):
            found.extend(self.block(inner, depth + 1) for inner in _dicts(node.get(key)))
        return _lines(found)

    def _rich(self, node: Mapping[str, Any], depth: int) -> str:
        if depth > _DEEPEST:
            return ""
        children = _dicts(node.get("elements"))
        if node.get("type") == "rich_text_list":
            return _lines(f"- {self._rich(child, depth + 1)}" for child in children)
        if children:
            return "".join(self._rich(child, depth + 1) for child in children).strip("\n")
        return self._rich_leaf(node)

    def _rich_leaf(self, node: Mapping[str, Any]) -> str:
        match node.get("type"):
            case "text":
                return _unescape(_str(node.get("text")))
            case "link":
                return self._rich_link(node)
            case "user":
                return self._person(_str(node.get("user_id")))
            case "usergroup":
                return "a group"
            case "channel":
                return "a channel"
            case "broadcast":
                return "everyone"
            case "emoji":
                return f":{_str(node.get('name'))}:"
            case "date":
                return _str(node.get("fallback"))
            case _:
                return ""

    def _rich_link(self, node: Mapping[str, Any]) -> str:
        url = _unescape(_str(node.get("url")))
        self.link(url)
        return _unescape(_str(node.get("text"))) or url

    def attachment(self, node: Mapping[str, Any]) -> str:
        """A legacy attachment; `fallback` only where it has nothing else to say."""
        for key in ("title_link", "from_url", "original_url", "author_link"):
            self.link(_unescape(_str(node.get(key))))
        parts = [self.mrkdwn(_str(node.get(key))) for key in ("pretext", "title", "text")]
        for field in _dicts(node.get("fields")):
            name = self.mrkdwn(_str(field.get("title"))).rstrip(":")
            value = self.mrkdwn(_str(field.get("value")))
            parts.append(f"{name}: {value}" if name else value)
        parts.extend(self.block(block) for block in _dicts(node.get("blocks")))
        for action in _dicts(node.get("actions")):
            self.link(_unescape(_str(action.get("url"))))
        for forwarded in _dicts(node.get("message_blocks")):
            message = forwarded.get("message")
            inner = message.get("blocks") if isinstance(message, Mapping) else None
            parts.extend(self.block(block) for block in _dicts(inner))
        return _lines(_without_repeats(parts)) or self.mrkdwn(_str(node.get("fallback")))

    def file(self, node: Mapping[str, Any]) -> str:
        """A pasted snippet comes with its first lines; of other files the name alone is known."""
        named = _str(node.get("title")) or _str(node.get("name"))
        return _lines((named, _str(node.get("preview"))))


def _bare_urls(text: str) -> list[str]:
    found: list[str] = []
    for hit in _BARE_URL.finditer(text):
        url = hit.group().rstrip(".,;:!?*~")
        # Markdown's closing brackets are not part of the address unless it opened them itself.
        for opening, closing in ("()", "[]"):
            if url.count(closing) > url.count(opening):
                url = url[: url.rindex(closing)]
        found.append(url)
    return found


def _without_repeats(parts: Iterable[str]) -> list[str]:
    """Parts that say something new; an alert's fallback text often repeats its blocks."""
    kept: list[tuple[str, str]] = []
    for part in parts:
        essence = re.sub(r"\W+", "", part).lower()
        if not essence or any(essence in known for known, _ in kept):
            continue
        kept = [(known, text) for known, text in kept if known not in essence]
        kept.append((essence, part))
    return [text for _, text in kept]


def _has_rich_text(message: Mapping[str, Any]) -> bool:
    return any(block.get("type") == "rich_text" for block in _dicts(message.get("blocks")))


def _dicts(value: object) -> list[Mapping[str, Any]]:
    """The objects in `value`: itself, or those of a list, or of a list of lists (table rows)."""
    if isinstance(value, Mapping):
        return [value]
    if not isinstance(value, list):
        return []
    found: list[Mapping[str, Any]] = []
    for item in value:
        if isinstance(item, Mapping):
            found.append(item)
        elif isinstance(item, list):
            found.extend(cell for cell in item if isinstance(cell, Mapping))
    return found


def _str(value: object) -> str:
    return value if isinstance(value, str) else ""


def _unescape(text: str) -> str:
    for entity, character in _ENTITIES:
        text = text.replace(entity, character)
    return text


def _lines(parts: Iterable[str]) -> str:
    return "\n".join(part for part in parts if part)


def _tidy(text: str) -> str:
    """No blanks where a mention was taken out, no piles of empty lines."""
    text = re.sub(rf"{_TAKEN_OUT}[ \t]?", "", text)
    return re.sub(r"\n{3,}", "\n\n", re.sub(r"[ \t]+\n", "\n", text)).strip()
