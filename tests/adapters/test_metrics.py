"""Figures: what is counted, under few and harmless labels, whatever the database does."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from prometheus_client.parser import text_string_to_metric_families

from bot.adapters.airflow.breaker import BreakerState
from bot.adapters.airflow.load import ClusterLoad
from bot.adapters.loop_lag import LoopLag
from bot.adapters.metrics import PrometheusMeter
from bot.adapters.scraped import FRESH_SECONDS
from bot.domain.errors import StoreError
from bot.domain.work import QueueDepth, WorkStatus
from tests.waiting import until

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


async def scraped(meter: PrometheusMeter) -> Samples:
    text = (await meter.render()).decode()
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def at(samples: Samples, name: str, **labels: str) -> float | None:
    return samples.get((f"airflow_bot_{name}", frozenset(labels.items())))


class Database:
    """Says how full the queues are, or fails, or hangs."""

    def __init__(self) -> None:
        self.asked = 0
        self.depths: list[QueueDepth] = [QueueDepth("questions", WorkStatus.WAITING, 3, 12.5)]
        self.error: Exception | None = None
        self.up = asyncio.Event()
        self.up.set()

    async def __call__(self) -> Sequence[QueueDepth]:
        self.asked += 1
        await self.up.wait()
        if self.error:
            raise self.error
        return self.depths


class Clock:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


async def test_everything_from_delivery_to_answer_is_counted() -> None:
    meter = PrometheusMeter("1.0")
    meter.delivery("event", "taken", 0.02)
    meter.delivery("event", "duplicate", 0.01)
    meter.step("gather", "retried", 3.0)
    meter.step("gather", "done", 1.0)
    meter.answered("capacity", 4.0)
    meter.gap("event log")
    meter.dead_letter("arrival", "told")
    meter.slack_call("chat.postMessage", "rate_limited")
    meter.airflow_call("prod", "timeout", 15.0)
    meter.log_read("prod", 1_000)
    samples = await scraped(meter)
    assert at(samples, "deliveries_total", kind="event", outcome="taken") == 1
    assert at(samples, "ack_seconds_count", kind="event") == 2
    assert at(samples, "step_seconds_sum", step="gather", outcome="done") == 1.0
    assert at(samples, "step_retries_total", step="gather") == 1
    assert at(samples, "answers_total", verdict="capacity") == 1
    assert at(samples, "answer_seconds_sum") == 4.0
    assert at(samples, "gaps_total", part="event log") == 1
    assert at(samples, "dead_letters_total", kind="arrival", outcome="told") == 1
    assert at(samples, "slack_calls_total", method="chat.postMessage", outcome="rate_limited") == 1
    assert at(samples, "airflow_call_seconds_count", cluster="prod", outcome="timeout") == 1
    assert at(samples, "log_read_bytes_total", cluster="prod") == 1_000


async def test_dead_letters_are_there_before_the_first() -> None:
    samples = await scraped(PrometheusMeter("1.0"))
    assert at(samples, "dead_letters_total", kind="arrival", outcome="told") == 0


async def test_the_model_is_counted_in_calls_tokens_and_money() -> None:
    meter = PrometheusMeter("1.0")
    meter.model_call("used", 1_200, 300, 0.02)
    meter.model_call("failed", 0, 0, None)
    samples = await scraped(meter)
    assert at(samples, "model_calls_total", outcome="used") == 1
    assert at(samples, "model_tokens_total", direction="in") == 1_200
    assert at(samples, "model_tokens_total", direction="out") == 300
    assert at(samples, "model_cost_total") == 0.02


async def test_the_process_and_what_runs_are_there() -> None:
    samples = await scraped(PrometheusMeter("1.0"))
    assert at(samples, "build_info", version="1.0") == 1
    for name in ("process_resident_memory_bytes", "process_cpu_seconds_total", "process_open_fds"):
        assert samples[name, frozenset()] > 0


async def test_several_meters_live_in_one_process() -> None:
    first, second = PrometheusMeter("1"), PrometheusMeter("2")
    first.gap("log")
    assert at(await scraped(first), "gaps_total", part="log") == 1
    assert at(await scraped(second), "gaps_total", part="log") is None


async def test_words_of_slack_that_nobody_knows_make_no_series_of_their_own() -> None:
    meter = PrometheusMeter("1.0")
    for number in range(100):
        meter.slack_call(f"chat.method{number}", f"error_{number}")
    samples = await scraped(meter)
    calls = [key for key in samples if key[0] == "airflow_bot_slack_calls_total"]
    assert len(calls) == 1
    assert at(samples, "slack_calls_total", method="other", outcome="other") == 100


@pytest.mark.parametrize("word", ["T1:C1:17.5" * 9, "<script>", "a\nb", "", "1234567", '"'])
async def test_what_does_not_look_like_a_word_is_folded(word: str) -> None:
    meter = PrometheusMeter("1.0")
    meter.gap(word)
    assert at(await scraped(meter), "gaps_total", part="other") == 1


async def test_ids_that_slip_in_as_names_cannot_fill_the_memory() -> None:
    meter = PrometheusMeter("1.0")
    for number in range(5_000):
        meter.step(f"step-{number}", "done", 0.1)
    samples = await scraped(meter)
    names = {key for key in samples if key[0] == "airflow_bot_step_seconds_count"}
    assert len(names) <= 201


async def test_queue_depths_are_looked_up_for_a_scrape_and_kept_for_a_moment() -> None:
    database, clock = Database(), Clock()
    meter = PrometheusMeter("1.0", depths=database, clock=clock)
    for _ in range(3):
        samples = await scraped(meter)
    assert at(samples, "queue_depth", queue="questions", status="waiting") == 3
    assert at(samples, "queue_oldest_seconds", queue="questions", status="waiting") == 12.5
    assert at(samples, "queue_depth_unknown") == 0
    assert database.asked == 1
    clock.now += FRESH_SECONDS
    database.depths = []
    samples = await scraped(meter)
    assert database.asked == 2
    assert at(samples, "queue_depth", queue="questions", status="waiting") is None


async def test_a_database_that_hangs_is_not_asked_twice_and_is_heard_when_it_is_back() -> None:
    database = Database()
    database.up.clear()
    meter = PrometheusMeter("1.0", depths=database, patience=0.02)
    for _ in range(3):
        samples = await scraped(meter)
        assert at(samples, "queue_depth_unknown") == 1
        assert at(samples, "queue_depth", queue="questions", status="waiting") is None
    assert database.asked == 1
    database.up.set()
    await asyncio.sleep(0)
    assert at(await scraped(meter), "queue_depth_unknown") == 0


async def test_scrapes_at_the_same_time_share_one_look() -> None:
    database = Database()
    database.up.clear()
    meter = PrometheusMeter("1.0", depths=database)
    scrapes = [asyncio.create_task(scraped(meter)) for _ in range(5)]
    await asyncio.sleep(0)
    database.up.set()
    for samples in await asyncio.gather(*scrapes):
        assert at(samples, "queue_depth", queue="questions", status="waiting") == 3
    assert database.asked == 1


async def test_a_database_that_fails_leaves_the_rest_and_is_asked_again() -> None:
    database = Database()
    database.error = StoreError("gone")
    meter = PrometheusMeter("1.0", depths=database)
    meter.gap("log")
    samples = await scraped(meter)
    assert at(samples, "queue_depth_unknown") == 1
    assert at(samples, "gaps_total", part="log") == 1
    database.error = None
    assert at(await scraped(meter), "queue_depth_unknown") == 0


async def test_each_cluster_shows_its_breaker_and_its_calls() -> None:
    load = ClusterLoad("prod", BreakerState.OPEN, 2, 2, 1, 7, 6, 3)
    samples = await scraped(PrometheusMeter("1.0", loads=lambda: [load]))
    assert at(samples, "cluster_breaker", cluster="prod", state="open") == 1
    assert at(samples, "cluster_breaker", cluster="prod", state="closed") == 0
    assert at(samples, "cluster_calls", cluster="prod", state="waiting") == 7
    assert at(samples, "cluster_gathers", cluster="prod", state="under_way") == 6
    assert at(samples, "cluster_calls_allowed", cluster="prod") == 2


def test_the_worst_lag_of_the_last_minute_is_told() -> None:
    clock = Clock()
    lag = LoopLag(clock)
    lag.note(0.8)
    clock.now += 30
    lag.note(0.1)
    assert lag.worst() == 0.8
    clock.now += 31
    assert lag.worst() == 0.1
    clock.now += 60
    assert lag.worst() == 0.0


async def test_the_lag_is_measured_while_it_runs() -> None:
    clock = Clock()
    lag = LoopLag(clock)
    watching = asyncio.create_task(lag.run())
    await asyncio.sleep(0)
    clock.now += 2.0  # what blocked the loop for so long
    await until(lambda: lag.worst() > 0, "a look at the clock")
    watching.cancel()
    assert lag.worst() == 1.5
