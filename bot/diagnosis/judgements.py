"""Judgements that join several signals in ways a runbook's front matter cannot say.

Each is a small function named in the front matter (`judgement: name`). It answers like a rule:
matched with its proofs, ruled out, or undecided for want of a signal.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from bot.diagnosis.findings import Finding, Matched, RuledOut
from bot.domain.evidence import Evidence
from bot.domain.logs import RaisedException
from bot.domain.signals import Signals

Judgement = Callable[[Signals, Evidence], Finding]

_NOTHING = RuledOut("nothing of it was seen")


def import_stalled_in_library(signals: Signals, evidence: Evidence) -> Finding:
    """A Dag file timed out inside the import of a library: the machine was slow, not the file."""
    return _import_timeout(signals, evidence, own_work=False)


def import_does_work(signals: Signals, evidence: Evidence) -> Finding:
    """A Dag file timed out in a call that it makes at its top level."""
    return _import_timeout(signals, evidence, own_work=True)


JUDGEMENTS: Mapping[str, Judgement] = {
    function.__name__: function for function in (import_stalled_in_library, import_does_work)
}

_IMPORT_MACHINERY = re.compile(
    r"importlib|/typing\.py|/re\.py|/sre_\w+\.py|/enum\.py|/dataclasses\.py|/abc\.py|/weakref\.py"
    r"|/collections/|/inspect\.py|/ast\.py|/functools\.py|<frozen|/tokenize\.py|/linecache\.py"
)
_TIMEOUT_HANDLER = "airflow/utils/timeout.py"


def _import_timeout(signals: Signals, evidence: Evidence, *, own_work: bool) -> Finding:
    error = _timed_out_import(evidence)
    if error is None:
        return _NOTHING
    proofs = tuple(s for s in signals.named("exception") if s.quote.line == error.line)
    if not proofs or _works(error) != own_work:
        return _NOTHING
    return Matched(proofs)


def _timed_out_import(evidence: Evidence) -> RaisedException | None:
    chains = evidence.log.chains if evidence.log else ()
    for chain in reversed(chains):
        if "DagBag import timeout" in chain.root_cause.message:
            return chain.root_cause
    return None


def _works(error: RaisedException) -> bool:
    """It was interrupted in a call, not while Python loaded and built modules."""
    frames = [frame for frame in error.frames if _TIMEOUT_HANDLER not in frame.file]
    return bool(frames) and not _IMPORT_MACHINERY.search(frames[-1].file)
