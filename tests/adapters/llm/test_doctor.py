"""What the doctor says of a model's server."""

from __future__ import annotations

from bot.domain.checks import CheckStatus
from tests.adapters.llm.support import PRICES, explainer_for
from tests.fakes.model_server import ModelServer


async def test_the_doctor_tells_what_works(server: ModelServer) -> None:
    explainer = explainer_for(server, prices=PRICES, max_cost_per_day=2.0)
    checks = {check.name: check for check in await explainer.doctor()}
    await explainer.close()
    assert {name: check.status for name, check in checks.items()} == {
        "server and key": CheckStatus.OK,
        "structured reply": CheckStatus.OK,
        "speed": CheckStatus.OK,
        "budget": CheckStatus.OK,
    }
    assert checks["structured reply"].detail == "json_schema"


async def test_the_doctor_names_a_refused_key_with_its_remedy(server: ModelServer) -> None:
    explainer = explainer_for(server, api_key="sk-wrong")
    first, *_ = await explainer.doctor()
    await explainer.close()
    assert first.status is CheckStatus.FAILED
    assert "API key" in first.remedy


async def test_the_doctor_warns_of_a_model_that_the_server_does_not_list(
    server: ModelServer,
) -> None:
    server.models = ["other-model"]
    explainer = explainer_for(server)
    first, *_ = await explainer.doctor()
    await explainer.close()
    assert first.status is CheckStatus.WARNING
    assert "other-model" in first.detail


async def test_the_doctor_goes_on_where_a_gateway_lists_no_models(server: ModelServer) -> None:
    server.models = None
    explainer = explainer_for(server)
    checks = {check.name: check.status for check in await explainer.doctor()}
    await explainer.close()
    assert checks["server and key"] is CheckStatus.WARNING
    assert checks["structured reply"] is CheckStatus.OK
