"""Whether a missing file is input that did not come, or a place that the code should have made."""

from __future__ import annotations

import re

from bot.diagnosis.findings import NOTHING, Finding, Matched, RuledOut
from bot.domain.evidence import Evidence
from bot.domain.logs import RaisedException
from bot.domain.signals import Signals
from bot.words import say

_TYPES = frozenset({"FileNotFoundError", "NotADirectoryError"})
_WRITING_CODE = re.compile(
    r"open\([^)]*,\s*(?:mode\s*=\s*)?['\"][wax]|\.to_(?:csv|parquet|json|excel|pickle|feather|hdf)\b"
    r"|\b(?:makedirs|mkdir|savefig|write_text|write_bytes|\.save|dump)\(|\.write\.|FileHandler\("
)
_WRITING_FILES = re.compile(r"/logging/__init__\.py|/logging/handlers\.py|/shutil\.py")
_WRITING_FUNCTIONS = frozenset(
    {"makedirs", "mkdir", "savefig", "to_csv", "to_parquet", "check_parent"}
)
_STARTING = re.compile(r"/subprocess\.py")
_OTHER_SYSTEM = re.compile(r"'?[A-Za-z]:\\+")
_OUTPUT = re.compile(r"non-existent directory|/dags/[^'\"]*\.py\b", re.I)


def input_file_missing(signals: Signals, evidence: Evidence) -> Finding:
    """A file that was to be read is not there. Not: a place to write to, a program to start, a
    path of another operating system."""
    error = _root(evidence)
    if error is None or error.short_type not in _TYPES:
        return NOTHING
    proofs = tuple(s for s in signals.named("exception") if s.quote.line == error.line)
    if not proofs:
        return NOTHING
    lines = (proofs[0].quote,)
    if _OTHER_SYSTEM.search(error.message):
        return RuledOut(say("the path belongs to another operating system"), lines)
    if _OUTPUT.search(error.message) or _writes(error):
        return RuledOut(say("the code was about to write there"), lines)
    if any(_STARTING.search(frame.file) for frame in error.frames):
        return RuledOut(say("a program was to be started"), lines)
    return Matched(proofs)


def _root(evidence: Evidence) -> RaisedException | None:
    chains = evidence.log.chains if evidence.log else ()
    found = [chain for chain in chains if not chain.after_failure]
    return found[-1].root_cause if found else None


def _writes(error: RaisedException) -> bool:
    return any(
        frame.function in _WRITING_FUNCTIONS
        or _WRITING_FILES.search(frame.file)
        or _WRITING_CODE.search(frame.code)
        for frame in error.frames
    )
