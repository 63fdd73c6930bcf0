"""What is counted of alerts, as Prometheus reads it."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter

from bot.services.alert_ports import AlertMeter

_FAILURES = ("routed", "hidden", "held", "diverted", "answered")
_LOOKS = ("opened", "joined", "nothing_left", "unreachable", "given_up")


class AlertMetrics(AlertMeter):
    """Series are there from the start: of a counter that begins with its first event, Prometheus
    sees no increase."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._failures = Counter(
            "airflow_bot_alert_failures",
            "Reported failures: routed to a channel, hidden from all, held, diverted to the "
            "default channel, answered by a success",
            ["outcome"], registry=registry,
        )  # fmt: skip
        self._looks = Counter(
            "airflow_bot_alert_looks",
            "Looks into failures: opened or joined an alert, nothing_left, unreachable, given_up",
            ["outcome"], registry=registry,
        )  # fmt: skip
        self._recovered = Counter(
            "airflow_bot_alerts_recovered", "Alerts whose Dags all run well again",
            registry=registry,
        )  # fmt: skip
        for outcome in _FAILURES:
            self._failures.labels(outcome)
        for outcome in _LOOKS:
            self._looks.labels(outcome)

    def failures(self, outcome: str, count: int = 1) -> None:
        self._failures.labels(outcome).inc(count)

    def looked(self, outcome: str) -> None:
        self._looks.labels(outcome).inc()

    def recovered(self) -> None:
        self._recovered.inc()
