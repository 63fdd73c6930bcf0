"""One chat completion from an OpenAI-compatible server, whichever options it understands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx
import openai
import structlog
from openai.types.chat import ChatCompletion, ChatCompletionMessageParam

from bot.adapters.llm.config import ModelConfig
from bot.adapters.llm.dialect import Dialect, is_about_format
from bot.adapters.llm.faults import ModelFault, Usage, code_of, fault_of, is_filtered, is_too_long
from bot.domain.answers import ModelOutcome

log = structlog.get_logger(__name__)

# Four options can be given up one by one before the server's refusal must mean something else.
_MAX_REDUCTIONS = 4
_CLIENT_ERRORS = (openai.OpenAIError, httpx.HTTPError, ValueError, TypeError)


@dataclass(frozen=True, slots=True)
class Completion:
    """`text` as the model wrote it. `usage` is None where the server did not say."""

    text: str
    usage: Usage | None


class ChatServer:
    """Remembers for the life of the process which options the server refused."""

    def __init__(self, config: ModelConfig) -> None:
        self._config = config
        self._client = openai.AsyncOpenAI(
            base_url=config.base_url,
            # The client insists on a key; servers that need none ignore it.
            api_key=config.api_key or "none",
            timeout=config.seconds,
            max_retries=config.max_retries,
        )
        self.dialect = Dialect()

    async def close(self) -> None:
        await self._client.close()

    async def model_names(self) -> list[str]:
        """Models that the server offers, at most the first page. Raises `ModelFault`."""
        try:
            page = await self._client.models.list()
            return [model.id for model in page.data or []]
        except (*_CLIENT_ERRORS, AttributeError) as error:
            raise fault_of(error) from error

    async def complete(
        self, system: str, user: str, schema: Mapping[str, Any], max_reply_tokens: int
    ) -> Completion:
        """Raises `ModelFault` for everything but a complete reply with text in it."""
        messages: list[ChatCompletionMessageParam] = [
            {"role": "system", "content": system},
            {"role": "user", "content": user},
        ]
        dialect = self.dialect
        for _ in range(_MAX_REDUCTIONS + 1):
            options = dialect.options(schema, max_reply_tokens)
            try:
                reply = await self._client.chat.completions.create(
                    model=self._config.model, messages=messages, **options
                )
            except openai.APIStatusError as error:
                reduced = dialect.reduced(str(error.message)) if _is_about_options(error) else None
                if reduced is None:
                    raise fault_of(error) from error
                log.info("model_option_refused", status=error.status_code, code=code_of(error))
                dialect = reduced
                continue
            except _CLIENT_ERRORS as error:
                raise fault_of(error) from error
            self.dialect = dialect
            return _completion(reply, max_reply_tokens)
        raise ModelFault(ModelOutcome.FAILED, "the server refuses every form of the request")


def _is_about_options(error: openai.APIStatusError) -> bool:
    if is_filtered(error) or is_too_long(error):
        return False
    if error.status_code in (400, 422):
        return True
    return error.status_code >= 500 and is_about_format(str(error.message))


def _completion(reply: object, max_reply_tokens: int) -> Completion:
    """A server may send anything with status 200, so nothing is taken for granted."""
    if not isinstance(reply, ChatCompletion) or not reply.choices or not reply.choices[0].message:
        raise ModelFault(ModelOutcome.UNUSABLE, "the server's reply is no chat completion")
    usage = _usage(reply)
    choice = reply.choices[0]
    if choice.message.refusal or choice.finish_reason == "content_filter":
        raise ModelFault(ModelOutcome.REFUSED, "the model refused to answer", usage)
    if choice.finish_reason == "length":
        detail = f"the reply was cut off at {max_reply_tokens} tokens; raise the reply's token cap"
        raise ModelFault(ModelOutcome.UNUSABLE, detail, usage)
    if not isinstance(choice.message.content, str) or not choice.message.content.strip():
        raise ModelFault(ModelOutcome.UNUSABLE, "the reply is empty", usage)
    return Completion(choice.message.content, usage)


def _usage(reply: ChatCompletion) -> Usage | None:
    counts = reply.usage and (reply.usage.prompt_tokens, reply.usage.completion_tokens)
    if not counts or not all(isinstance(count, int) for count in counts):
        return None
    return Usage(*counts)
