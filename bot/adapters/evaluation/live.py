"""A model behind an OpenAI-compatible endpoint as the judge of labelled failures."""

from __future__ import annotations

import asyncio
import time

from bot.adapters.llm.chat import ChatServer
from bot.adapters.llm.config import ModelConfig
from bot.adapters.llm.faults import ModelFault, Usage, fault_of
from bot.answering.prompts.pack import tokens_of
from bot.services.model_arms import Reply, Unanswered
from bot.services.verdict_prompt import VERDICT_SCHEMA, VerdictPrompt


class LiveModel:
    """One call for each prompt, within the configured seconds."""

    def __init__(self, config: ModelConfig) -> None:
        self._config = config
        self._server = ChatServer(config)

    async def close(self) -> None:
        await self._server.close()

    async def ask(self, prompt: VerdictPrompt) -> Reply:
        """Raises `Unanswered` for everything but a complete reply."""
        began = time.monotonic()
        limit = self._config.max_reply_tokens
        try:
            async with asyncio.timeout(self._config.seconds):
                said = await self._server.complete(
                    prompt.system, prompt.user, VERDICT_SCHEMA, limit
                )
        except ModelFault as fault:
            spent = fault.usage or Usage(0, 0)
            raise Unanswered(str(fault), spent.tokens_in, spent.tokens_out) from fault
        except TimeoutError as error:
            raise Unanswered(str(fault_of(error))) from error
        seconds = time.monotonic() - began
        if said.usage is None:
            return Reply(said.text, prompt.tokens, tokens_of(said.text), seconds, counted=False)
        return Reply(said.text, said.usage.tokens_in, said.usage.tokens_out, seconds)
