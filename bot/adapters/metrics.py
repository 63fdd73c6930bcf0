"""What the process counts and times, as Prometheus reads it."""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import product

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
)
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from bot.adapters.alert_metrics import AlertMetrics
from bot.adapters.escalation_metrics import EscalationMetrics
from bot.adapters.loop_lag import LoopLag
from bot.adapters.metric_words import SLACK_METHODS, SLACK_OUTCOMES, Words
from bot.adapters.scraped import Depths, DepthWatch, Loads, Scraped
from bot.services.ports import Meter

PATIENCE_SECONDS = 2.0  # for the database, while a scrape waits

# Slack gives up on an acknowledgement after 3 s.
_ACK = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 3)
_STEP = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 60, 120, 300)
_ANSWER = (0.5, 1, 2, 3, 5, 7.5, 10, 15, 20, 30, 60, 120, 300, 600)
_CALL = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60, 180)

_STEPS = 200  # names that steps may have

# Kinds of work that somebody waits for. There from the start: of a counter that begins with its
# first event, Prometheus sees no increase.
_LETTERS = ("arrival", "alert_look", "unreadable")


class PrometheusMeter(Meter):
    """A registry of its own, so that several may live in one process.

    `depths` tells how full the queues are and may wait for a database; `loads` tells at once how
    each cluster is doing.
    """

    content_type: str = CONTENT_TYPE_LATEST

    def __init__(
        self,
        version: str,
        *,
        depths: Depths | None = None,
        loads: Loads = tuple,
        clock: Callable[[], float] = time.monotonic,
        patience: float = PATIENCE_SECONDS,
    ) -> None:
        # They would double the number of series.
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self.loop_lag = LoopLag(clock)
        self._registry = CollectorRegistry()
        self._work = _WorkMetrics(self._registry)
        self._calls = _CallMetrics(self._registry)
        self.escalations = EscalationMetrics(self._registry)
        self.alerts = AlertMetrics(self._registry)
        self._depths = DepthWatch(depths, clock, patience) if depths else None
        ProcessCollector(registry=self._registry)
        build = Gauge("airflow_bot_build_info", "What runs", ["version"], registry=self._registry)
        build.labels(version).set(1)
        self._registry.register(Scraped(self._depths, loads, self.loop_lag))

    async def render(self) -> bytes:
        """The exposition, at the latest `patience` seconds from now. Queue depths that could not
        be had by then are left out, and `airflow_bot_queue_depth_unknown` is 1."""
        if self._depths:
            await self._depths.refresh()
        return generate_latest(self._registry)

    def delivery(self, kind: str, outcome: str, seconds: float) -> None:
        self._work.delivery(kind, outcome, seconds)

    def step(self, name: str, outcome: str, seconds: float) -> None:
        self._work.step(name, outcome, seconds)

    def answered(self, verdict: str, seconds: float) -> None:
        self._work.answered(verdict, seconds)

    def dead_letter(self, kind: str, outcome: str) -> None:
        self._work.dead_letter(kind, outcome)

    def gap(self, part: str) -> None:
        self._work.gap(part)

    def model_call(self, outcome: str, tokens_in: int, tokens_out: int, cost: float | None) -> None:
        self._calls.model_call(outcome, tokens_in, tokens_out, cost)

    def slack_call(self, method: str, outcome: str) -> None:
        self._calls.slack_call(method, outcome)

    def airflow_call(self, cluster: str, outcome: str, seconds: float) -> None:
        self._calls.airflow_call(cluster, outcome, seconds)

    def log_read(self, cluster: str, size: int) -> None:
        self._calls.log_read(cluster, size)


class _WorkMetrics:
    """From the delivery of a question to its answer."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._kinds, self._verdicts, self._parts = Words(), Words(), Words()
        self._steps = Words(room=_STEPS)
        self._deliveries = Counter(
            "airflow_bot_deliveries",
            "Deliveries from outside: taken, twin (Slack sends two events of each mention), "
            "duplicate (delivered again), ignored or refused",
            ["kind", "outcome"], registry=registry,
        )  # fmt: skip
        self._ack = Histogram(
            "airflow_bot_ack_seconds", "From the arrival of a delivery to its acknowledgement",
            ["kind"], buckets=_ACK, registry=registry,
        )  # fmt: skip
        self._step = Histogram(
            "airflow_bot_step_seconds", "One try of a step", ["step", "outcome"], buckets=_STEP,
            registry=registry,
        )  # fmt: skip
        self._retries = Counter(
            "airflow_bot_step_retries", "Tries of a step that will be repeated", ["step"],
            registry=registry,
        )  # fmt: skip
        self._answers = Counter(
            "airflow_bot_answers", "Replies posted, by verdict or kind", ["verdict"],
            registry=registry,
        )  # fmt: skip
        self._answer = Histogram(
            "airflow_bot_answer_seconds", "From the question to its answer", buckets=_ANSWER,
            registry=registry,
        )  # fmt: skip
        self._dead_letters = Counter(
            "airflow_bot_dead_letters",
            "Work given up on before anything was said, by kind; told: the asker knows by now",
            ["kind", "outcome"], registry=registry,
        )  # fmt: skip
        for kind, outcome in product(_LETTERS, ("told", "not_told")):
            self._dead_letters.labels(kind, outcome)
        self._gaps = Counter(
            "airflow_bot_gaps", "Parts of evidence that could not be had", ["part"],
            registry=registry,
        )  # fmt: skip

    def delivery(self, kind: str, outcome: str, seconds: float) -> None:
        kind = self._kinds.word(kind)
        self._deliveries.labels(kind, outcome).inc()
        self._ack.labels(kind).observe(seconds)

    def step(self, name: str, outcome: str, seconds: float) -> None:
        name = self._steps.word(name)
        self._step.labels(name, outcome).observe(seconds)
        if outcome == "retried":
            self._retries.labels(name).inc()

    def answered(self, verdict: str, seconds: float) -> None:
        self._answers.labels(self._verdicts.word(verdict)).inc()
        self._answer.observe(seconds)

    def dead_letter(self, kind: str, outcome: str) -> None:
        self._dead_letters.labels(self._kinds.word(kind), outcome).inc()

    def gap(self, part: str) -> None:
        self._gaps.labels(self._parts.word(part)).inc()


class _CallMetrics:
    """What the bot asks of others."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._outcomes = Words()
        self._methods = Words(SLACK_METHODS, room=0)
        self._slack_outcomes = Words(SLACK_OUTCOMES, room=0)
        self._slack = Counter(
            "airflow_bot_slack_calls",
            "Calls to Slack: ok, rate_limited (HTTP 429), refused (its word is in the log), failed "
            "(its own fault), timeout or unreachable",
            ["method", "outcome"], registry=registry,
        )  # fmt: skip
        self._airflow = Histogram(
            "airflow_bot_airflow_call_seconds", "Calls to Airflow that went out",
            ["cluster", "outcome"], buckets=_CALL, registry=registry,
        )  # fmt: skip
        self._log_bytes = Counter(
            "airflow_bot_log_read_bytes", "Task logs read through", ["cluster"], registry=registry
        )
        self._model = Counter(
            "airflow_bot_model_calls", "Questions to the model", ["outcome"], registry=registry
        )
        self._tokens = Counter(
            "airflow_bot_model_tokens", "Tokens sent to and had from the model", ["direction"],
            registry=registry,
        )  # fmt: skip
        self._cost = Counter(
            "airflow_bot_model_cost", "In the currency of the configured prices", registry=registry
        )

    def slack_call(self, method: str, outcome: str) -> None:
        self._slack.labels(self._methods.word(method), self._slack_outcomes.word(outcome)).inc()

    def airflow_call(self, cluster: str, outcome: str, seconds: float) -> None:
        self._airflow.labels(cluster, self._outcomes.word(outcome)).observe(seconds)

    def log_read(self, cluster: str, size: int) -> None:
        self._log_bytes.labels(cluster).inc(size)

    def model_call(self, outcome: str, tokens_in: int, tokens_out: int, cost: float | None) -> None:
        self._model.labels(self._outcomes.word(outcome)).inc()
        self._tokens.labels("in").inc(max(0, tokens_in))
        self._tokens.labels("out").inc(max(0, tokens_out))
        self._cost.inc(max(0.0, cost or 0.0))
