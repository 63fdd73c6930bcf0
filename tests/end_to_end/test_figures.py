"""What an operator reads at /metrics after questions, calls that fail and a busy Slack."""

from __future__ import annotations

import asyncio
from pathlib import Path
from urllib.request import urlopen

from prometheus_client.parser import text_string_to_metric_families

from bot.playground.workspace import Fault, FaultKind
from tests.end_to_end.asking import FAILED, WHY, at_rest
from tests.end_to_end.conftest import Stage, bot_between
from tests.fakes import model_server
from tests.fakes.model_server import ModelServer
from tests.ports import free_port
from tests.waiting import until

WANTED = {
    "airflow_bot_ack_seconds_count": {"kind": "event"},
    "airflow_bot_answer_seconds_count": {},
    "airflow_bot_answers_total": {},
    "airflow_bot_airflow_call_seconds_count": {"cluster": "lab", "outcome": "ok"},
    "airflow_bot_deliveries_total": {"kind": "event", "outcome": "taken"},
    "airflow_bot_gaps_total": {},
    "airflow_bot_model_calls_total": {},
    "airflow_bot_model_cost_total": {},
    "airflow_bot_model_tokens_total": {"direction": "in"},
    "airflow_bot_slack_calls_total": {"method": "chat.postMessage", "outcome": "rate_limited"},
    "airflow_bot_step_retries_total": {},
    "airflow_bot_step_seconds_count": {"step": "gather", "outcome": "done"},
}
"""Each with labels of which a sample above zero is there."""
ALWAYS = ("airflow_bot_queue_depth", "airflow_bot_queue_oldest_seconds")

Sample = tuple[str, dict[str, str], float]


async def figures(port: int) -> list[Sample]:
    def read() -> str:
        with urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as page:
            return str(page.read().decode())

    families = text_string_to_metric_families(await asyncio.to_thread(read))
    return [(s.name, s.labels, s.value) for family in families for s in family.samples]


def missing(samples: list[Sample]) -> set[str]:
    there = {
        name
        for name, labels, value in samples
        if value > 0 and name in WANTED and WANTED[name].items() <= labels.items()
    }
    return set(WANTED) - there


async def test_all_that_an_operator_needs_is_there_after_questions(tmp_path: Path) -> None:
    async with ModelServer(model_server.grounded) as model:
        port = free_port()
        priced = {"price_in": 0.5, "price_out": 1.5, "timeout": 4}
        more = {
            "model": {"name": "test-model", "base_url": model.base_url, **priced},
            "web": {"port": port},
        }
        environ = {"AIRFLOW_BOT_MODEL__API_KEY": model_server.API_KEY}
        async with bot_between(tmp_path, (FAILED,), more=more, environ=environ) as stage:
            stage.airflow.faults.forbidden.add("event_logs")
            busy = Fault(FaultKind.RATE_LIMITED, "chat.postMessage", seconds=1)
            stage.ws.faults.add(busy)
            await _answered(stage, WHY)
            await _answered(stage, "is the cluster healthy?")
            samples: list[Sample] = []

            async def all_there() -> bool:
                samples[:] = await figures(port)
                return not missing(samples)

            await until(all_there, "figures")
    assert all(any(name == each for name, _, _ in samples) for each in ALWAYS)
    _labels_are_few(samples, stage)


async def _answered(stage: Stage, question: str) -> None:
    await stage.answer(await stage.ask(question))
    await at_rest(stage)


def _labels_are_few(samples: list[Sample], stage: Stage) -> None:
    """No label holds who asked, where or about what."""
    said = {value for _, labels, _ in samples for value in labels.values()}
    for private in (stage.channel, stage.asker, FAILED, stage.ws.team_id):
        assert not [value for value in said if private in value]
