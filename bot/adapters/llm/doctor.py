"""Whether the model can be used as it is configured, found out by using it."""

from __future__ import annotations

import asyncio
import time

from bot.adapters.llm.chat import ChatServer
from bot.adapters.llm.config import ModelConfig
from bot.adapters.llm.dialect import ReplyFormat
from bot.adapters.llm.faults import ModelFault, fault_of
from bot.adapters.llm.ledger import DayBudget
from bot.answering.prompts.schema import REPLY_SCHEMA
from bot.answering.reply import parse_reply
from bot.domain.checks import Check, CheckStatus
from bot.domain.errors import ModelError, StoreError

_PART = "model"
_SYSTEM = "You check whether a connection works. Reply with the JSON object that you are given."
_USER = '{"claims":[],"next_steps":[],"agrees_with_verdict":"yes","reason":"","reason_cites":[]}'
# Thinking models spend some hundreds of tokens before the first letter.
_REPLY_TOKENS = 1_000
_SLOW = 0.5  # share of the deadline that a trivial reply may take


async def check_model(config: ModelConfig, server: ChatServer, budget: DayBudget) -> list[Check]:
    """At most two requests; costs about a hundred tokens."""
    reachable = await _check_key(config, server)
    checks = [reachable]
    if reachable.status is not CheckStatus.FAILED:
        checks.extend(await _check_reply(config, server))
    return [*checks, await _check_budget(budget)]


async def _check_key(config: ModelConfig, server: ChatServer) -> Check:
    try:
        async with asyncio.timeout(config.seconds):
            names = await server.model_names()
    except (ModelFault, TimeoutError) as error:
        fault = fault_of(error) if isinstance(error, TimeoutError) else error
        # Some gateways list no models and still answer.
        status = CheckStatus.WARNING if "HTTP 404" in str(fault) else CheckStatus.FAILED
        remedy = "Check the model's base URL and API key."
        return Check(_PART, "server and key", status, str(fault), remedy)
    if names and config.model not in names:
        offered = ", ".join(sorted(names)[:5])
        detail = f"the server does not list {config.model}; it offers {offered}"
        remedy = "Set the model's name to one that the server offers."
        return Check(_PART, "server and key", CheckStatus.WARNING, detail, remedy)
    return Check(_PART, "server and key", CheckStatus.OK, config.model)


async def _check_reply(config: ModelConfig, server: ChatServer) -> list[Check]:
    began = time.monotonic()
    try:
        async with asyncio.timeout(config.seconds):
            completion = await server.complete(_SYSTEM, _USER, REPLY_SCHEMA, _REPLY_TOKENS)
        parse_reply(completion.text)
    except TimeoutError as error:
        return [_failed_reply(str(fault_of(error)))]
    except ModelError as error:
        return [_failed_reply(str(error))]
    return [_format_check(server), _speed_check(time.monotonic() - began, config.seconds)]


def _failed_reply(detail: str) -> Check:
    remedy = "Answers go out without the model until this works; try another model or server."
    return Check(_PART, "structured reply", CheckStatus.FAILED, detail, remedy)


def _format_check(server: ChatServer) -> Check:
    reply_format = server.dialect.reply_format
    if reply_format is ReplyFormat.PLAIN:
        detail = "the server enforces no form; replies that break it are not shown"
        remedy = "Prefer a server or model with response_format json_schema."
        return Check(_PART, "structured reply", CheckStatus.WARNING, detail, remedy)
    return Check(_PART, "structured reply", CheckStatus.OK, reply_format.value)


def _speed_check(seconds: float, deadline: float) -> Check:
    detail = f"{seconds:.1f} s for a trivial reply, deadline {deadline:g} s"
    if seconds > deadline * _SLOW:
        remedy = "Raise the model's deadline or use a faster model; slow replies are not shown."
        return Check(_PART, "speed", CheckStatus.WARNING, detail, remedy)
    return Check(_PART, "speed", CheckStatus.OK, detail)


async def _check_budget(budget: DayBudget) -> Check:
    try:
        spent = await budget.spent()
    except StoreError as error:
        return Check(_PART, "budget", CheckStatus.FAILED, str(error))
    if budget.cap is None:
        remedy = "Set prices and a cap per day to bound what the model may cost."
        return Check(_PART, "budget", CheckStatus.WARNING, "no cost cap per day", remedy)
    detail = f"{spent:.4f} of {budget.cap:g} spent today"
    status = CheckStatus.OK if spent < budget.cap else CheckStatus.WARNING
    return Check(_PART, "budget", status, detail)
