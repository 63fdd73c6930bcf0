"""Made-up log lines of the kinds that fill real task logs, for benchmarks that need many.

`chatter` is what programs say while nothing is wrong; `alarming` has words of failure that mean
none: retries that went well, counters at zero, warnings, handled exceptions with tracebacks.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

_PARTS = (Path(__file__).parent / "noise.txt").read_text().replace("\\e", "\x1b").split("=== ")
_BY_KIND = {name: rest.splitlines() for name, _, rest in (p.partition("\n") for p in _PARTS)}
_CHATTER, _ALARMING = _BY_KIND["chatter"], _BY_KIND["alarming"]
_RETRIED = [line.split(": ", 1) for line in _BY_KIND["retried"]]
_NOUNS = (
    *("orders", "customers", "invoices", "sessions", "payments", "stock", "prices", "events"),
    *("clicks", "users", "items", "refunds", "shipments", "carts", "ledgers", "accounts"),
    *("tickets", "devices", "routes", "meters", "claims", "policies", "trades", "quotes"),
)
_LIBRARY = "/usr/local/lib/python3.12/site-packages/tenacity/__init__.py"


class Noise:
    """Lines in an order that the seed fixes."""

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)

    def chatter(self) -> str:
        return self._filled(self._chance.choice(_CHATTER))

    def alarming(self) -> str:
        return self._filled(self._chance.choice(_ALARMING))

    def line(self, share: float = 0.07) -> str:
        """An alarming line in this share of cases, else chatter."""
        return self.alarming() if self._chance.random() < share else self.chatter()

    def retried(self) -> list[str]:
        """A handled exception: what was logged, its traceback, and that it went well then."""
        what, error = self._chance.choice(_RETRIED)
        noun = self._chance.choice(_NOUNS)
        line = self._chance.randrange(9, 400)
        return [
            f"{what} of {noun} failed, will try again",
            "Traceback (most recent call last):",
            f'  File "/opt/airflow/dags/lib/{noun}.py", line {line}, in {what}',
            f"    reply = self._{what}(part)",
            f'  File "{_LIBRARY}", line 478, in __call__',
            "    result = fn(*args, **kwargs)",
            self._filled(error),
        ]

    def lines(self, count: int, share: float = 0.12) -> Iterator[list[str]]:
        """Records of one or more lines, so many lines in all or a few more."""
        made = 0
        while made < count:
            record = self.retried() if self._chance.random() < 0.03 else [self.line(share)]
            made += len(record)
            yield record

    def _filled(self, template: str) -> str:
        chance = self._chance
        return template.format(
            n=chance.randrange(10**7),
            m=chance.randrange(10**3),
            k=chance.randrange(10**4),
            d=chance.randrange(1, 28),
            noun=chance.choice(_NOUNS),
        )
