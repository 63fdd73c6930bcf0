"""A model's reply parsed: strict in form, patient with the wrapping."""

from __future__ import annotations

import re
from typing import Any, TypeVar

import msgspec

from bot.domain.errors import ModelError

_REPLY_MAX = 60_000  # characters; more is no answer to this prompt
_THINKING = re.compile(r"<think(?:ing)?>.*?</think(?:ing)?>", re.DOTALL | re.IGNORECASE)
_CITE = re.compile(r"\b[A-Z]{1,2}\d{1,9}(?:\.\d{1,2})?\b")
_PARTS_MAX = 30
_Part = TypeVar("_Part", bound=msgspec.Struct)


class ReplyClaim(msgspec.Struct, frozen=True):
    text: str
    cites: list[str]
    quote: str = ""
    stance: str = "neutral"


class ReplyStep(msgspec.Struct, frozen=True):
    text: str
    cites: list[str]


class ModelReply(msgspec.Struct, frozen=True):
    """`malformed` names the parts that did not fit the schema and were left out."""

    claims: list[ReplyClaim]
    next_steps: list[ReplyStep]
    agrees_with_verdict: str
    reason: str
    reason_cites: list[str]
    malformed: list[str]


def parse_reply(text: str) -> ModelReply:
    """Raises `ModelError` where the text holds no JSON object of the agreed form."""
    content = decoded(text)
    malformed: list[str] = []
    claims = _parts(content.get("claims"), ReplyClaim, malformed)
    steps = _parts(content.get("next_steps"), ReplyStep, malformed)
    if "claims" not in content and "next_steps" not in content:
        raise ModelError("the reply has neither claims nor next steps")
    return ModelReply(
        claims=[
            ReplyClaim(one.text, _ids(one.cites), one.quote, one.stance.lower()) for one in claims
        ],
        next_steps=[ReplyStep(one.text, _ids(one.cites)) for one in steps],
        agrees_with_verdict=_word(content.get("agrees_with_verdict")),
        reason=_text(content.get("reason")),
        reason_cites=_ids(content.get("reason_cites")),
        malformed=malformed,
    )


def decoded(text: str) -> dict[str, Any]:
    """The outermost JSON object, freed from thoughts, code fences and words around it."""
    text = _THINKING.sub("", text[:_REPLY_MAX])
    start, end = text.find("{"), text.rfind("}")
    if start < 0 or end <= start:
        raise ModelError("the reply holds no JSON object")
    try:
        content = msgspec.json.decode(text[start : end + 1])
    except (msgspec.DecodeError, UnicodeError) as error:
        raise ModelError(f"the reply is not valid JSON: {error}") from error
    if not isinstance(content, dict):
        raise ModelError("the reply is JSON, but no object")
    return content


def _parts(raw: object, kind: type[_Part], malformed: list[str]) -> list[_Part]:
    found: list[_Part] = []
    for part in raw[:_PARTS_MAX] if isinstance(raw, list) else []:
        try:
            found.append(msgspec.convert(part, kind))
        except msgspec.ValidationError as error:
            malformed.append(str(error))
    return found


def _ids(raw: object) -> list[str]:
    """`["[L118]", "l119, E4"]` → `L118, L119, E4`."""
    words = raw if isinstance(raw, list) else []
    return [hit for word in words if isinstance(word, str) for hit in _CITE.findall(word.upper())]


def _word(raw: object) -> str:
    if isinstance(raw, bool):
        return "yes" if raw else "no"
    return raw.strip().lower() if isinstance(raw, str) else ""


def _text(raw: object) -> str:
    return raw if isinstance(raw, str) else ""
