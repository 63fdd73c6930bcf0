"""Turns what a person types into the two forms that Slack sends: mrkdwn text and rich text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bot.playground.workspace.values import Json

_FENCE = re.compile(r"```\n?(.*?)\n?```", re.DOTALL)
_TOKEN = re.compile(
    r"(?P<code>`[^`\n]+`)"
    r"|(?P<mention><@[UW][A-Z0-9]+>)"
    r"|(?P<handle>(?<!\S)@[\w.-]*\w)"
    r"|(?P<channel>(?<!\S)#[\w-]+)"
    r"|(?P<link>https?://[^\s<>|\"']*[^\s<>|\"'.,;:!?)\]}])"
    r"|(?P<bold>(?<!\w)\*[^*\n]+\*(?!\w))"
    r"|(?P<italic>(?<!\w)_[^_\n]+_(?!\w))"
    r"|(?P<strike>(?<!\w)~[^~\n]+~(?!\w))"
)
_STYLES = ("bold", "italic", "strike")


@dataclass(frozen=True, slots=True)
class Names:
    """Who and what can be mentioned: ids by handle and by channel name."""

    users: Mapping[str, str]
    channels: Mapping[str, str]


def escape(text: str) -> str:
    """The three characters that Slack escapes in text."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def compose(typed: str, names: Names) -> tuple[str, Json]:
    """The message text and its rich_text block (without a block id)."""
    parts = list(_parts(typed, names))
    return "".join(_part_text(part) for part in parts).strip("\n"), {
        "type": "rich_text",
        "elements": parts,
    }


def escaped(typed: str, names: Names) -> str:
    """The text of a command that asks for escaping: mentions carry their names too."""
    handles = {user: handle for handle, user in names.users.items()}
    channels = {channel: name for name, channel in names.channels.items()}
    text = compose(typed, names)[0]
    text = re.sub(r"<@(\w+)>", lambda m: f"<@{m[1]}|{handles.get(m[1], '')}>", text)
    return re.sub(r"<#(\w+)\|>", lambda m: f"<#{m[1]}|{channels.get(m[1], '')}>", text)


def _parts(typed: str, names: Names) -> Iterable[Json]:
    end = 0
    for fence in _FENCE.finditer(typed):
        yield from _paragraphs(typed[end : fence.start()], names)
        code = {"type": "text", "text": fence.group(1)}
        yield {"type": "rich_text_preformatted", "elements": [code], "border": 0}
        end = fence.end()
    yield from _paragraphs(typed[end:], names)


def _paragraphs(text: str, names: Names) -> Iterable[Json]:
    """Runs of quoted and of plain lines, each one section."""
    run: list[str] = []
    quoted = False
    for line in text.split("\n") if text.strip() else ():
        is_quote = line.startswith(">")
        if run and is_quote is not quoted:
            yield _section(run, quoted, names)
            run = []
        quoted = is_quote
        run.append(line[1:].lstrip() if is_quote else line)
    if run:
        yield _section(run, quoted, names)


def _section(lines: list[str], quoted: bool, names: Names) -> Json:
    kind = "rich_text_quote" if quoted else "rich_text_section"
    return {"type": kind, "elements": list(_inline("\n".join(lines), names))}


def _inline(text: str, names: Names) -> Iterable[Json]:
    end = 0
    for token in _TOKEN.finditer(text):
        element = _element(str(token.lastgroup), token.group(), names)
        if element is None:
            continue
        if token.start() > end:
            yield {"type": "text", "text": text[end : token.start()]}
        yield element
        end = token.end()
    if end < len(text):
        yield {"type": "text", "text": text[end:]}


def _element(kind: str, token: str, names: Names) -> Json | None:
    """The element for one token; None where it is only text after all."""
    if kind == "code":
        return {"type": "text", "text": token[1:-1], "style": {"code": True}}
    if kind == "mention":
        return {"type": "user", "user_id": token[2:-1]}
    if kind == "handle":
        user = names.users.get(token[1:].lower())
        return {"type": "user", "user_id": user} if user else None
    if kind == "channel":
        channel = names.channels.get(token[1:].lower())
        return {"type": "channel", "channel_id": channel} if channel else None
    if kind == "link":
        return {"type": "link", "url": token}
    return {"type": "text", "text": token[1:-1], "style": {kind: True}}


def _part_text(part: Json) -> str:
    inside = "".join(_element_text(element) for element in part["elements"])
    if part["type"] == "rich_text_preformatted":
        return f"```{inside}```"
    if part["type"] == "rich_text_quote":
        return "".join(f"&gt; {line}\n" for line in inside.split("\n"))
    return inside


def _element_text(element: Json) -> str:
    match element["type"]:
        case "user":
            return f"<@{element['user_id']}>"
        case "channel":
            return f"<#{element['channel_id']}|>"
        case "link":
            return f"<{escape(element['url'])}>"
    text = escape(element["text"])
    marks = {"code": "`", "bold": "*", "italic": "_", "strike": "~"}
    for style in element.get("style", ()):
        text = f"{marks[style]}{text}{marks[style]}"
    return text
