"""The language model behind the grounding check: it may fail in any way, but never raises."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import structlog

from bot.adapters.llm.chat import ChatServer, Completion
from bot.adapters.llm.config import ModelConfig
from bot.adapters.llm.doctor import check_model
from bot.adapters.llm.faults import ModelFault, Usage, fault_of
from bot.adapters.llm.ledger import DayBudget, SpendLedger
from bot.answering.grounding import Grounded, ground
from bot.answering.prompts.build import Prompt, prompt_for_diagnosis, prompt_for_how_to
from bot.answering.prompts.pack import tokens_of
from bot.answering.reply import parse_reply
from bot.domain.answers import Diagnosis, Explanation, HowTo, ModelOutcome
from bot.domain.checks import Check
from bot.domain.errors import ModelError
from bot.domain.evidence import Evidence
from bot.domain.questions import Question
from bot.services.at_work import span
from bot.services.no_meter import NoMeter
from bot.services.ports import Meter

log = structlog.get_logger(__name__)

_NO_METER = NoMeter()

# The rules alone take about 700 tokens; below this no evidence would fit beside them.
_SMALLEST_PROMPT = 1_500


@dataclass(frozen=True, slots=True)
class _Spent:
    tokens_in: int = 0
    tokens_out: int = 0


class OpenAIExplainer:
    """Implements `Explainer` over any server that speaks OpenAI's chat completions."""

    def __init__(
        self,
        config: ModelConfig,
        *,
        ledger: SpendLedger,
        redact: Callable[[str], str],
        now: Callable[[], datetime],
        new_nonce: Callable[[], str] = lambda: secrets.token_hex(8),
        meter: Meter = _NO_METER,
    ) -> None:
        """`redact` is the last lock before text leaves: evidence was redacted as it entered."""
        self._config = config
        self._server = ChatServer(config)
        self._budget = DayBudget(config.max_cost_per_day, ledger, now)
        self._redact = redact
        self._new_nonce = new_nonce
        self._meter = meter

    async def explain(
        self, question: Question, diagnosis: Diagnosis, evidence: Evidence
    ) -> Explanation:
        limit = self._config.affordable_prompt()
        nonce = self._new_nonce()
        prompt = prompt_for_diagnosis(question, diagnosis, evidence, nonce=nonce, max_tokens=limit)
        return await self._answer(prompt, limit)

    async def explain_how_to(self, question: Question, how_to: HowTo) -> Explanation:
        limit = self._config.affordable_prompt()
        prompt = prompt_for_how_to(question, how_to, nonce=self._new_nonce(), max_tokens=limit)
        return await self._answer(prompt, limit)

    async def doctor(self) -> Sequence[Check]:
        return await check_model(self._config, self._server, self._budget)

    async def close(self) -> None:
        await self._server.close()

    async def _answer(self, prompt: Prompt, limit: int) -> Explanation:
        began = time.monotonic()
        with span("model", model=self._config.model) as note:
            explanation = await self._within_budget(prompt, limit)
            note(
                outcome=explanation.outcome.value,
                tokens_in=explanation.tokens_in,
                tokens_out=explanation.tokens_out,
            )
        self._meter.model_call(
            explanation.outcome.value,
            explanation.tokens_in,
            explanation.tokens_out,
            explanation.cost,
        )
        log.info(
            "model_asked",
            outcome=explanation.outcome.value,
            model=self._config.model,
            prompt_version=prompt.version,
            tokens_in=explanation.tokens_in,
            tokens_out=explanation.tokens_out,
            cost=explanation.cost,
            claims=len(explanation.claims),
            dropped=explanation.dropped,
            detail=explanation.detail,
            seconds=round(time.monotonic() - began, 2),
        )
        return explanation

    async def _within_budget(self, prompt: Prompt, limit: int) -> Explanation:
        if limit < _SMALLEST_PROMPT:
            detail = "no useful prompt fits under the cost cap for one question"
            return self._failed(ModelOutcome.OVER_BUDGET, detail, _Spent())
        ceiling = self._config.cost(prompt.tokens, self._config.max_reply_tokens) or 0.0
        reserved = await self._budget.reserve(ceiling)
        if reserved.refusal:
            return self._failed(ModelOutcome.OVER_BUDGET, reserved.refusal, _Spent())
        cost = ceiling  # what an answer that nobody waited for may be billed at
        try:
            explanation = await self._asked(prompt)
            cost = explanation.cost or 0.0
        finally:
            await asyncio.shield(self._budget.settle(reserved, cost))
        return explanation

    async def _asked(self, prompt: Prompt) -> Explanation:
        try:
            async with asyncio.timeout(self._config.seconds):
                completion = await self._server.complete(
                    prompt.system,
                    self._redact(prompt.user),
                    prompt.schema,
                    self._config.max_reply_tokens,
                )
        except (ModelFault, TimeoutError) as error:
            fault = error if isinstance(error, ModelFault) else fault_of(error)
            return self._failed(fault.outcome, str(fault), self._spent_on(fault, prompt))
        return self._judged(completion, prompt)

    def _judged(self, completion: Completion, prompt: Prompt) -> Explanation:
        spent = _spent(completion.usage, prompt, tokens_of(completion.text))
        try:
            grounded = ground(parse_reply(completion.text), prompt)
        except ModelError as error:
            return self._failed(ModelOutcome.UNUSABLE, str(error), spent)
        detail = _told(grounded)
        if grounded.is_empty:
            nothing = f"no statement stood up to the evidence ({detail or 'the reply was empty'})"
            failed = self._failed(ModelOutcome.UNUSABLE, nothing, spent)
            return replace(failed, dropped=len(grounded.reasons))
        return Explanation(
            outcome=ModelOutcome.USED,
            claims=grounded.claims,
            next_steps=grounded.next_steps,
            disputes_verdict=grounded.disputes_verdict,
            dropped=len(grounded.reasons),
            model=self._config.model,
            tokens_in=spent.tokens_in,
            tokens_out=spent.tokens_out,
            cost=self._config.cost(spent.tokens_in, spent.tokens_out),
            detail=detail,
        )

    def _failed(self, outcome: ModelOutcome, detail: str, spent: _Spent) -> Explanation:
        return Explanation(
            outcome,
            model=self._config.model,
            tokens_in=spent.tokens_in,
            tokens_out=spent.tokens_out,
            cost=self._config.cost(spent.tokens_in, spent.tokens_out),
            detail=detail,
        )

    def _spent_on(self, fault: ModelFault, prompt: Prompt) -> _Spent:
        """A call given up while the server worked is counted at its ceiling, others as billed."""
        if fault.outcome is ModelOutcome.TIMED_OUT:
            return _spent(fault.usage, prompt, self._config.max_reply_tokens)
        return _spent(fault.usage, prompt, 0) if fault.usage else _Spent()


def _spent(usage: Usage | None, prompt: Prompt, tokens_out: int) -> _Spent:
    if usage is not None:
        return _Spent(usage.tokens_in, usage.tokens_out)
    return _Spent(prompt.tokens, tokens_out)


def _told(grounded: Grounded) -> str:
    """`2 x cites nothing that was shown`: why parts were dropped."""
    counts = Counter(grounded.reasons)
    return "; ".join(f"{number} x {reason}" for reason, number in counts.most_common())
