"""How the workspace says no, in Slack's words."""

from __future__ import annotations

from collections.abc import Sequence

from bot.domain.errors import BadRequest, BotError


class SlackRefusal(BotError):
    """A Web API call that Slack would answer with `ok: false` and this error code.

    `messages` are Slack's explanations under `response_metadata`; `fields` go to the top level
    of the reply (`needed`, `provided`, `errors` …).
    """

    def __init__(self, code: str, messages: Sequence[str] = (), **fields: object) -> None:
        self.code = code
        self.messages = tuple(messages)
        self.fields = fields
        super().__init__("; ".join((code, *self.messages)))


class NoSuchThing(BadRequest):
    """Somebody acted on a message, button or view that is not there."""
