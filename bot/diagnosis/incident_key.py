"""What makes two failures one incident: the key under which they are told together."""

from __future__ import annotations

import hashlib
import re
from pathlib import PurePosixPath

from bot.diagnosis.log_part import log_part
from bot.diagnosis.message_shape import absent_in, host_in, shape_of
from bot.domain.evidence import Evidence
from bot.domain.logs import ExceptionChain, Frame
from bot.domain.targets import Target
from bot.domain.verdicts import ErrorClass, Verdict, VerdictKind

_OF_POOL = frozenset({"pool_full", "pool_has_no_slots", "pool_missing", "slots_exhausted"})
_OF_CLUSTER = frozenset({VerdictKind.PLATFORM, VerdictKind.CAPACITY})
# A service in trouble refuses, resets and keeps waiting in turn: that is one trouble.
_OF_HOST = {
    ErrorClass.NETWORK: "not_reached",
    ErrorClass.TRANSIENT: "not_reached",
    ErrorClass.AUTH: "auth",
    ErrorClass.RATE_LIMIT: "rate_limit",
}
_ANYWHERE = "*"  # in place of a cluster
_FINGERPRINT_BYTES = 6


def incident_key(verdict: Verdict, target: Target, evidence: Evidence | None = None) -> str:
    """The same for failures with one cause, over tries, tasks, Dags and clusters.

    Causes of the platform and of capacity are of a whole cluster, or of one pool of it; what was
    done on purpose is of one Dag there. Anything else is told by the best of what is known: the
    host that fails, the name of what is missing, the place in the user's code that raised, what the
    deciding quote says without what differs from run to run. Without a place, code and data are of
    one Dag besides. Without a quote nothing says that two failures are alike, so a Dag's task has a
    key of its own.
    """
    if verdict.kind in _OF_CLUSTER:
        pool = _pool_of(evidence) if verdict.cause in _OF_POOL else ""
        return ":".join([target.cluster, verdict.cause, *([pool] if pool else [])])
    dag = target.dag_id or ""
    if verdict.kind is VerdictKind.OPERATOR:
        return ":".join([target.cluster, verdict.cause, dag])
    chain = _failure(evidence)
    if verdict.deciding is None and chain is None:
        return ":".join([target.cluster, verdict.cause, dag, target.task_id or ""])
    if (resource := _resource_of(verdict, chain)) is not None:
        return ":".join([_ANYWHERE, *resource])
    if chain is not None and (frame := _user_frame(chain)) is not None:
        error = chain.root_cause
        said = f"{error.short_type} {shape_of(error.message, names=False)}"
        return ":".join([_ANYWHERE, "code", frame, _digest(said)])
    is_own = verdict.kind is not VerdictKind.DEPENDENCY or verdict.error_class is ErrorClass.DATA
    own = [dag, _operator_of(evidence)] if is_own else []
    said = fingerprint(_said(verdict, chain))
    return ":".join([_ANYWHERE, verdict.cause, *filter(None, own), said])


def fingerprint(message: str) -> str:
    """Twelve hexadecimal digits, the same for messages that differ in numbers and ids only. Of a
    traceback the last line counts, which names the error."""
    lines = [line for line in message.splitlines() if line.strip()]
    return _digest(shape_of(lines[-1] if lines else "", names=True))


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=_FINGERPRINT_BYTES).hexdigest()


def _failure(evidence: Evidence | None) -> ExceptionChain | None:
    """The chain that ended the try."""
    if evidence is None or evidence.log is None:
        return None
    return log_part(evidence.log).failure


def _said(verdict: Verdict, chain: ExceptionChain | None) -> str:
    """The words that settle it."""
    if verdict.deciding is not None:
        return verdict.deciding.text
    if chain is None:
        return ""
    first = next(iter(chain.root_cause.message.splitlines()), "")
    return f"{chain.root_cause.short_type}: {first}"


def _resource_of(verdict: Verdict, chain: ExceptionChain | None) -> tuple[str, str] | None:
    """What it is about and its name: a host that fails, or a thing that is not there."""
    raised = (
        [f"{one.short_type}: {one.message}" for one in reversed(chain.exceptions)] if chain else []
    )
    quoted = [quote.text for quote in verdict.quotes]
    if verdict.kind is VerdictKind.DEPENDENCY:
        host = next(filter(None, map(host_in, [*raised, *quoted])), "")
        if host:
            return _OF_HOST.get(verdict.error_class, verdict.cause), host
    decides = quoted[:1] or raised[:1]
    absent = next(filter(None, map(absent_in, decides)), "")
    return (verdict.cause, absent) if absent else None


def _user_frame(chain: ExceptionChain) -> str | None:
    """File and function of the innermost code of the user's own, nearest to the cause."""
    for error in reversed(chain.exceptions):
        for frame in reversed(error.frames):
            if frame.is_user:
                return _place(frame)
    return None


def _place(frame: Frame) -> str:
    """Line numbers change with each version, and folders above with each bundle and host."""
    parts = PurePosixPath(frame.file.replace("\\", "/")).parts[-2:]
    return re.sub(r"\d{2,}", "#", f"{'/'.join(parts)}:{frame.function}")


def _operator_of(evidence: Evidence | None) -> str:
    task = evidence.task_instance if evidence is not None else None
    return (task.operator or "") if task is not None else ""


def _pool_of(evidence: Evidence | None) -> str:
    task = evidence.task_instance if evidence is not None else None
    return (task.pool or "") if task is not None else ""
