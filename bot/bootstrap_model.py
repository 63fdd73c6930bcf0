"""From the settings to the language model, and to the search in runbooks."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime

from bot.adapters.llm.config import ModelConfig, Prices
from bot.adapters.llm.none import NoExplainer
from bot.adapters.parameters_file import ParametersFile
from bot.adapters.runbook_folder import RunbookFolder
from bot.adapters.search.build import LocalModel, SearchConfig, build_knowledge
from bot.adapters.search.embedders import EmbeddingServer
from bot.adapters.search.knowledge import RunbookKnowledge
from bot.adapters.sql.spend import SqlSpendLedger
from bot.diagnosis.redaction import Redactor
from bot.revealing import revealed
from bot.services.ports import Explainer, Meter
from bot.settings import Embeddings, EmbeddingsSettings, ModelSettings, Settings

_OPENAI = "https://api.openai.com/v1"


@asynccontextmanager
async def explainer_of(
    settings: Settings,
    redactor: Redactor,
    spend: SqlSpendLedger,
    meter: Meter,
    now: Callable[[], datetime],
) -> AsyncIterator[Explainer]:
    model = settings.model
    if not model.is_enabled:
        yield NoExplainer()
        return
    from bot.adapters.llm.explainer import OpenAIExplainer

    explainer = OpenAIExplainer(
        model_config(model),
        ledger=spend,
        redact=redactor.redact,
        now=now,
        meter=meter,
    )
    try:
        yield explainer
    finally:
        await explainer.close()


def model_config(model: ModelSettings) -> ModelConfig:
    """Of OpenAI's own server where the settings name no other."""
    prices = None
    if model.price_in is not None and model.price_out is not None:
        prices = Prices(model.price_in, model.price_out)
    return ModelConfig(
        base_url=model.base_url or _OPENAI,
        model=model.name or "",
        api_key=revealed(model.api_key),
        seconds=model.timeout,
        max_reply_tokens=model.max_tokens,
        prices=prices,
        max_cost_per_question=model.max_cost_per_question,
        max_cost_per_day=model.max_cost_per_day,
    )


def knowledge_of(settings: Settings, runbooks: RunbookFolder) -> RunbookKnowledge:
    config = SearchConfig(settings.chroma_dir, _embeddings(settings.knowledge.embeddings))
    fitted = ParametersFile(settings.data_dir)
    return build_knowledge(runbooks.catalogue, config, fitted.parameters)


def _embeddings(chosen: EmbeddingsSettings) -> LocalModel | EmbeddingServer | None:
    match chosen.kind:
        case Embeddings.LOCAL:
            return LocalModel(chosen.folder)
        case Embeddings.OPENAI:
            return EmbeddingServer(
                base_url=chosen.base_url or _OPENAI,
                model=chosen.name or "",
                api_key=revealed(chosen.api_key),
            )
        case _:
            return None
