"""What makes two failures one incident: the key under which they are told together."""

from __future__ import annotations

import hashlib
import re

from bot.diagnosis.text import normalise
from bot.domain.evidence import Evidence
from bot.domain.targets import Target
from bot.domain.verdicts import Verdict, VerdictKind

# What differs between failures of one kind: numbers, ids, paths, quoted names, addresses.
_VARIABLE = re.compile(
    r"0x[0-9a-fA-F]+|\b[0-9a-fA-F]{7,}\b|\d+(?:[.:_-]\d+)*|(?:/[\w.@+-]+){2,}|'[^']*'|\"[^\"]*\""
)
_OF_POOL = frozenset({"pool_full", "pool_has_no_slots", "pool_missing", "slots_exhausted"})
_OF_CLUSTER = frozenset({VerdictKind.PLATFORM, VerdictKind.CAPACITY})
_FINGERPRINT_BYTES = 6


def incident_key(verdict: Verdict, target: Target, evidence: Evidence | None = None) -> str:
    """The same for failures with one cause: of a cluster, of a pool, or with the same message.

    Causes of the platform and of capacity are of a whole cluster, or of one pool of it. Anything
    else is told by what its deciding quote says, without what differs from run to run; code is of
    one Dag besides. Without a quote nothing says that two failures are alike, so a Dag's task has a
    key of its own.
    """
    parts = [target.cluster, verdict.cause]
    if verdict.kind in _OF_CLUSTER:
        pool = _pool_of(evidence) if verdict.cause in _OF_POOL else ""
        return ":".join([*parts, *([pool] if pool else [])])
    if verdict.kind is VerdictKind.CODE or verdict.deciding is None:
        parts.append(target.dag_id or "")
    if verdict.deciding is None:
        parts.append(target.task_id or "")
    else:
        parts.append(fingerprint(verdict.deciding.text))
    return ":".join(parts)


def fingerprint(message: str) -> str:
    """Twelve hexadecimal digits, the same for messages that differ in numbers and names only. Of a
    traceback the last line counts, which names the error."""
    lines = [line for line in message.splitlines() if line.strip()]
    told = normalise(lines[-1] if lines else "")
    shape = _VARIABLE.sub("#", told).lower()
    return hashlib.blake2b(shape.encode(), digest_size=_FINGERPRINT_BYTES).hexdigest()


def _pool_of(evidence: Evidence | None) -> str:
    task = evidence.task_instance if evidence is not None else None
    return (task.pool or "") if task is not None else ""
