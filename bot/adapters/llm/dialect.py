"""Which of the request options of OpenAI's API a server understands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

_SCHEMA_NAME = "airflow_answer"
_FORMAT_WORDS = ("response_format", "schema", "json", "grammar", "structured", "guided")


class ReplyFormat(StrEnum):
    JSON_SCHEMA = "json_schema"
    JSON_OBJECT = "json_object"
    PLAIN = "plain"


_NEXT = {
    ReplyFormat.JSON_SCHEMA: ReplyFormat.JSON_OBJECT,
    ReplyFormat.JSON_OBJECT: ReplyFormat.PLAIN,
}


@dataclass(frozen=True, slots=True)
class Dialect:
    """Starts with the most that may be asked for and is reduced by what a server refuses."""

    reply_format: ReplyFormat = ReplyFormat.JSON_SCHEMA
    token_field: str = "max_tokens"  # noqa: S105 (a field's name)
    temperature: bool = True

    def options(self, schema: Mapping[str, Any], max_reply_tokens: int) -> dict[str, Any]:
        """Keyword arguments for `chat.completions.create`."""
        options: dict[str, Any] = {self.token_field: max_reply_tokens}
        if self.temperature:
            options["temperature"] = 0
        if self.reply_format is ReplyFormat.JSON_SCHEMA:
            wanted = {"name": _SCHEMA_NAME, "strict": True, "schema": dict(schema)}
            options["response_format"] = {"type": "json_schema", "json_schema": wanted}
        elif self.reply_format is ReplyFormat.JSON_OBJECT:
            options["response_format"] = {"type": "json_object"}
        return options

    def reduced(self, refusal: str) -> Dialect | None:
        """The dialect to try after the server's complaint; None where nothing is left to give up.

        A complaint that names no option is taken to be about the reply's format.
        """
        refusal = refusal.lower()
        if "max_completion_tokens" in refusal and self.token_field == "max_tokens":  # noqa: S105
            return replace(self, token_field="max_completion_tokens")  # noqa: S106
        if "temperature" in refusal and self.temperature:
            return replace(self, temperature=False)
        following = _NEXT.get(self.reply_format)
        return replace(self, reply_format=following) if following else None


def is_about_format(complaint: str) -> bool:
    """Some servers answer 500 where a schema is beyond them."""
    complaint = complaint.lower()
    return any(word in complaint for word in _FORMAT_WORDS)
