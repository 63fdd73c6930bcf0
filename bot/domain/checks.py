"""The outcome of one check by `airflow-bot doctor`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class CheckStatus(StrEnum):
    OK = "ok"
    WARNING = "warning"  # works, with less
    FAILED = "failed"
    SKIPPED = "skipped"  # not configured, or could not be reached to be checked


@dataclass(frozen=True, slots=True)
class Check:
    """`part` is slack, airflow:<cluster>, database, model or index."""

    part: str
    name: str
    status: CheckStatus
    detail: str = ""
    remedy: str = ""
