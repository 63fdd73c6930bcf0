"""The meter of those who do not measure: everything is heard and nothing is kept."""

from __future__ import annotations

from bot.services.ports import Meter


class NoMeter(Meter):
    """The default of everything that takes a `Meter`."""

    def delivery(self, kind: str, outcome: str, seconds: float) -> None:
        pass

    def step(self, name: str, outcome: str, seconds: float) -> None:
        pass

    def answered(self, verdict: str, seconds: float) -> None:
        pass

    def dead_letter(self, kind: str, outcome: str) -> None:
        pass

    def gap(self, part: str) -> None:
        pass

    def model_call(self, outcome: str, tokens_in: int, tokens_out: int, cost: float | None) -> None:
        pass

    def slack_call(self, method: str, outcome: str) -> None:
        pass

    def airflow_call(self, cluster: str, outcome: str, seconds: float) -> None:
        pass

    def log_read(self, cluster: str, size: int) -> None:
        pass
