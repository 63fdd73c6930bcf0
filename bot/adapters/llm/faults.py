"""What went wrong with a call to the model, as an outcome with a remedy.

Nothing that the server wrote is repeated but its status and its short error code: servers echo
keys and prompts in their messages.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import openai

from bot.domain.answers import ModelOutcome
from bot.domain.errors import ModelError

_CODE = re.compile(r"[A-Za-z][\w.-]{1,47}")
_REMEDIES = {
    401: "the server refused the API key; set a valid one",
    402: "the account has no credit left",
    403: "the API key may not use this model",
    404: "no such model or address; check the model's name and base URL",
    413: "the prompt is too large for this server; lower the prompt's token cap",
    429: "the rate limit or quota is used up",
}
_CONTEXT_CODES = {"context_length_exceeded", "string_above_max_length"}
_FILTER_CODES = {"content_filter", "content_policy_violation", "ResponsibleAIPolicyViolation"}


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens as the server counted them."""

    tokens_in: int
    tokens_out: int


class ModelFault(ModelError):
    """One call that gave nothing; `outcome` is what the asker is told, `usage` what it cost."""

    def __init__(self, outcome: ModelOutcome, detail: str, usage: Usage | None = None) -> None:
        self.outcome = outcome
        self.usage = usage
        super().__init__(detail)


def fault_of(error: Exception) -> ModelFault:
    """`error` is anything the client raises."""
    if isinstance(error, (TimeoutError, openai.APITimeoutError)):
        return ModelFault(ModelOutcome.TIMED_OUT, "the model did not answer in time")
    if isinstance(error, openai.APIStatusError):
        return _status_fault(error)
    if isinstance(error, openai.APIConnectionError):
        return ModelFault(ModelOutcome.FAILED, "the model's server cannot be reached")
    return ModelFault(ModelOutcome.FAILED, "the server's reply could not be read")


def code_of(error: openai.APIStatusError) -> str:
    """The server's own short code, or "" where it sent none that is safe to repeat."""
    code = str(error.code or error.type or "")
    return code if _CODE.fullmatch(code) else ""


def is_too_long(error: openai.APIStatusError) -> bool:
    return code_of(error) in _CONTEXT_CODES or "context length" in str(error.message).lower()


def is_filtered(error: openai.APIStatusError) -> bool:
    return code_of(error) in _FILTER_CODES


def _status_fault(error: openai.APIStatusError) -> ModelFault:
    if is_filtered(error):
        return ModelFault(ModelOutcome.REFUSED, "the server's content filter refused the prompt")
    remedy = _REMEDIES.get(413 if is_too_long(error) else error.status_code, "")
    code = code_of(error)
    said = f"HTTP {error.status_code}" + (f", {code}" if code else "")
    return ModelFault(ModelOutcome.FAILED, f"{said}: {remedy}" if remedy else said)
