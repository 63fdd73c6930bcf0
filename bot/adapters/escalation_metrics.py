"""What is counted of escalations, as Prometheus reads it."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Histogram

from bot.adapters.metric_words import Words
from bot.domain.escalations import Rule
from bot.services.escalation_ports import EscalationMeter

_ACKNOWLEDGED = (10, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200, 86400)


class EscalationMetrics(EscalationMeter):
    """Series are there from the start: of a counter that begins with its first event, Prometheus
    sees no increase."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._sources = Words()
        self._opened = Counter(
            "airflow_bot_escalations_opened", "Escalations, by the rule that fired", ["rule"],
            registry=registry,
        )  # fmt: skip
        for rule in Rule:
            self._opened.labels(rule.value)
        self._joined = Counter(
            "airflow_bot_escalations_joined", "Calls that joined an open escalation",
            registry=registry,
        )  # fmt: skip
        self._acknowledged = Histogram(
            "airflow_bot_escalation_acknowledge_seconds",
            "From the opening of an escalation to its acknowledgement", buckets=_ACKNOWLEDGED,
            registry=registry,
        )  # fmt: skip
        self._ended = Counter(
            "airflow_bot_escalations_ended", "Escalations that are over: resolved or expired",
            ["state"], registry=registry,
        )  # fmt: skip
        for state in ("resolved", "expired"):
            self._ended.labels(state)
        self._pages = Counter(
            "airflow_bot_pages", "Pages: paged, named (nobody was called), failed or uncertain",
            ["source", "outcome"], registry=registry,
        )  # fmt: skip

    def opened(self, rule: str) -> None:
        self._opened.labels(rule).inc()

    def joined(self) -> None:
        self._joined.inc()

    def acknowledged(self, seconds: float) -> None:
        self._acknowledged.observe(seconds)

    def ended(self, state: str) -> None:
        self._ended.labels(state).inc()

    def paged(self, source: str, outcome: str) -> None:
        self._pages.labels(self._sources.word(source or "none"), outcome).inc()
