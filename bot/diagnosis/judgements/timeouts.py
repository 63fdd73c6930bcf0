"""Whether a task that ran out of time waited for another system or was busy by itself."""

from __future__ import annotations

import re

from bot.diagnosis.findings import NOTHING, Finding, Matched, RuledOut
from bot.domain.evidence import Evidence
from bot.domain.logs import RaisedException
from bot.domain.signals import Signals
from bot.words import mark

_HANDLERS = re.compile(r"airflow/(?:utils/timeout|sdk/execution_time/timeout)\.py")
_CLIENTS = re.compile(
    r"/(?:psycopg2?|pymysql|MySQLdb|snowflake/connector|redshift_connector|pyodbc|oracledb|trino"
    r"|clickhouse_\w+|pyhive|databricks|google/cloud|google/api_core|pymongo|botocore|s3transfer"
    r"|azure|requests|urllib3|httpx|httpcore|aiohttp|paramiko|grpc|elastic\w*|redis|kafka)/"
    r"|/http/client\.py|/socket\.py|/ssl\.py|airflow/providers/"
)
_ROUNDS = 20
"""Lines equal but for numbers from which on a task is busy: it goes round and round."""


def waited_for_other_system(signals: Signals, evidence: Evidence) -> Finding:
    """The time limit struck inside a call to another system, and the task did nothing else."""
    error = _timed_out(evidence)
    if error is None:
        return NOTHING
    proofs = tuple(s for s in signals.named("exception") if s.quote.line == error.line)
    frames = [frame for frame in error.frames if not _HANDLERS.search(frame.file)]
    if not proofs or not frames:
        return NOTHING
    lines = (proofs[0].quote,)
    if frames[-1].is_user or not _CLIENTS.search(frames[-1].file.replace("\\", "/")):
        return RuledOut(mark("the time limit struck in the Dag's own code"), lines)
    if _goes_round(evidence):
        return RuledOut(mark("the task was busy: it wrote the same line over and over"), lines)
    return Matched(proofs)


def _timed_out(evidence: Evidence) -> RaisedException | None:
    for chain in reversed(evidence.log.chains if evidence.log else ()):
        if chain.handled or chain.after_failure:
            continue
        for error in chain.exceptions:
            if error.short_type == "AirflowTaskTimeout" and "import timeout" not in error.message:
                return error
        return None
    return None


def _goes_round(evidence: Evidence) -> bool:
    return any(line.repeated >= _ROUNDS for line in (evidence.log.lines if evidence.log else ()))
