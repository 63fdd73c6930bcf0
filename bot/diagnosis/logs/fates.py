"""Says of each chain whether it ended the task, was handled, or came in the failure's wake."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import accumulate

from bot.diagnosis.logs.chains import Chain, link, unique, words_of
from bot.diagnosis.logs.raised import Raised
from bot.diagnosis.logs.rows import Row
from bot.domain.logs import Speaker

_FAILED = re.compile(
    r"Marking task as (?:FAILED|UP_FOR_RETRY)|Task failed with exception|Failed to execute job"
)
_CALLBACK = re.compile(
    r"(?:Error when executing|Failed (?:to|at) (?:run|execut)\w*) .{0,60}callback"
    r"|on_(?:failure|retry|execute|success)_callback",
    re.IGNORECASE,
)
_CALLBACK_FRAME = re.compile(
    r"on_(?:failure|retry|success|execute|skipped)_callback|_?run_(?:finished|task)_callbacks?"
)
_HEARTBEAT = "heartbeat got an exception"
_HEAD_REACH = 3

# Rows of work, by others than Airflow, after which an exception that was logged cannot have
# ended the task.
_WENT_ON = 30


def find_chains(
    rows: Sequence[Row], raised: Sequence[Raised], final_state: str | None
) -> list[Chain]:
    """Chains in order of appearance, the same one only once, with their flags set.

    The records of callbacks are given their speaker on the way.
    """
    chains = link(raised)
    _note_callbacks(rows, chains)
    _note_wake(rows, chains)
    if final_state in ("success", "skipped"):
        for chain in chains:
            chain.handled = True
    else:
        _note_handled(rows, chains)
    return unique(chains)


def _note_callbacks(rows: Sequence[Row], chains: Sequence[Chain]) -> None:
    for chain in chains:
        said = [rows[chain.start].text] + ([rows[chain.start - 1].text] if chain.start else [])
        frames = (frame for raised in chain.raised for frame, _ in raised.frames)
        if any(map(_CALLBACK.search, said)) or any(
            _CALLBACK_FRAME.fullmatch(frame.function) for frame in frames
        ):
            chain.after_failure = True
            rows[chain.start].head.speaker = Speaker.CALLBACK


def _note_wake(rows: Sequence[Row], chains: Sequence[Chain]) -> None:
    """What is raised once a failure stood that something else had caused."""
    failed_at = next((i for i, row in enumerate(rows) if _says_failed(row)), None)
    if failed_at is None:
        return
    first = rows[failed_at].head
    later = [
        chain for chain in chains if chain.start > failed_at and rows[chain.start].head is not first
    ]
    if len(later) < len(chains):
        for chain in later:
            chain.after_failure = True


def _says_failed(row: Row) -> bool:
    return row.head.speaker is Speaker.AIRFLOW and _FAILED.search(row.text) is not None


def _note_handled(rows: Sequence[Row], chains: Sequence[Chain]) -> None:
    """What user code or a child logged, and then went on, did not end the task."""
    open_ = [chain for chain in chains if not chain.after_failure]
    raised = [chain for chain in open_ if rows[chain.start].head.speaker is Speaker.AIRFLOW]
    # A heartbeat that failed is tried again; it ends a task only where nothing else did.
    fatal = [chain for chain in raised if not _is_heartbeat(rows, chain)] or raised
    said = {words_of(item) for chain in fatal for item in chain.raised}
    end = min((chain.start for chain in fatal), default=len(rows))
    is_explained = any(not chain.cause.is_wrapper for chain in fatal)
    worked = list(accumulate((row.head.speaker is not Speaker.AIRFLOW for row in rows), initial=0))
    for chain in open_:
        if chain in fatal or said & {words_of(item) for item in chain.raised}:
            continue
        head = rows[chain.start].head
        is_child = head.speaker is Speaker.CHILD
        if is_explained or (not is_child and head.rank == 2):
            chain.handled = True
        elif not is_child or not fatal:
            chain.handled = worked[end] - worked[min(chain.end + 1, end)] > _WENT_ON


def _is_heartbeat(rows: Sequence[Row], chain: Chain) -> bool:
    reach = range(chain.start, max(-1, chain.start - _HEAD_REACH), -1)
    head = rows[chain.start].head
    return any(rows[i].head is head and _HEARTBEAT in rows[i].text for i in reach)
