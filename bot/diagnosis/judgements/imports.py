"""Whether a Dag file timed out by its own work or because Python's import machinery stalled."""

from __future__ import annotations

import re

from bot.diagnosis.findings import NOTHING, Finding, Matched
from bot.domain.evidence import Evidence
from bot.domain.logs import RaisedException
from bot.domain.signals import Signal, Signals

_MACHINERY = re.compile(
    r"importlib|/typing\.py|/re\.py|/sre_\w+\.py|/enum\.py|/dataclasses\.py|/abc\.py|/weakref\.py"
    r"|/collections/|/inspect\.py|/ast\.py|/functools\.py|<frozen|/tokenize\.py|/linecache\.py"
)
_TIMEOUT_HANDLER = "airflow/utils/timeout.py"
_BARE = re.compile(r"^Process timed out(?:, PID: \d+)?$", re.I)


def import_does_work(signals: Signals, evidence: Evidence) -> Finding:
    """It was interrupted in a call that the file makes while it is imported."""
    error, proofs = _timed_out(signals, evidence)
    return Matched(proofs) if error is not None and _works(error) else NOTHING


def import_stalled_in_library(signals: Signals, evidence: Evidence) -> Finding:
    """It was interrupted while modules were loaded, or nothing tells where: a slow machine."""
    error, proofs = _timed_out(signals, evidence)
    if error is not None:
        return NOTHING if _works(error) else Matched(proofs)
    in_processor = any(signal.value == "dag_processor" for signal in signals.named("log_kind"))
    bare = tuple(s for s in signals.named("airflow_error") if _BARE.match(s.value))
    return Matched(bare) if bare and in_processor else NOTHING


def _timed_out(
    signals: Signals, evidence: Evidence
) -> tuple[RaisedException | None, tuple[Signal, ...]]:
    chains = evidence.log.chains if evidence.log else ()
    for chain in reversed(chains):
        error = chain.root_cause
        if "DagBag import timeout" in error.message:
            proofs = tuple(s for s in signals.named("exception") if s.quote.line == error.line)
            return error if proofs else None, proofs
    return None, ()


def _works(error: RaisedException) -> bool:
    frames = [frame for frame in error.frames if _TIMEOUT_HANDLER not in frame.file]
    return bool(frames) and not _MACHINERY.search(frames[-1].file)
