"""Joins exceptions into chains and says which one of each explains the failure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

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
    r"on_(?:failure|retry|success|execute)_callback|callback|notifier", re.I
)
_QUOTED_MIN = 8
_VARIABLE = re.compile(r"0x[0-9a-fA-F]+|[0-9a-f]{7,}\b|\d+")

# Exceptions of one chain that are kept, and chains of one log.
_LONGEST = 20
_MOST = 60

# Rows of work after which an exception that was logged cannot have ended the task.
_WENT_ON = 30


@dataclass(slots=True)
class Chain:
    """Linked exceptions, the one that surfaced first, the deepest cause last."""

    raised: list[Raised]
    root: int = 0
    handled: bool = False
    after_failure: bool = False

    @property
    def cause(self) -> Raised:
        return self.raised[self.root]

    @property
    def start(self) -> int:
        return min(raised.start for raised in self.raised)

    @property
    def end(self) -> int:
        return max(raised.end for raised in self.raised)

    @property
    def is_wrapper(self) -> bool:
        """Whether nothing in it says more than that something else failed."""
        return all(raised.is_wrapper for raised in self.raised)


def find_chains(
    rows: Sequence[Row], raised: Sequence[Raised], final_state: str | None
) -> list[Chain]:
    """Chains in order of appearance, each signature once, with their flags set."""
    chains = _linked(raised)
    for chain in chains:
        chain.root = _root(chain.raised)
    _flag_after_failure(rows, chains)
    _flag_handled(rows, chains, final_state)
    return _unique(chains)


def _linked(raised: Sequence[Raised]) -> list[Chain]:
    chains: list[list[Raised]] = []
    for item in raised:
        if not chains or item.link is None:
            chains.append([item])
        elif len(chains[-1]) < _LONGEST:
            chains[-1].append(item)
        else:  # the deepest tells more than the middle of an endless chain
            chains[-1][-1] = item
    return [Chain(_surfaced_first(chain)) for chain in chains]


def _surfaced_first(printed: list[Raised]) -> list[Raised]:
    """Python prints the deepest first; Java's causes and a group's members come after it."""
    above = [raised for raised in printed if not raised.is_deeper]
    return above[::-1] + [raised for raised in printed if raised.is_deeper]


def _root(chain: Sequence[Raised]) -> int:
    index = 0
    while index + 1 < len(chain):
        here, deeper = chain[index], chain[index + 1]
        # The link is noted on whichever was printed later.
        link = deeper.link if deeper.is_deeper else here.link
        if here.link == "member" and link == "member":
            break  # members of a group stand side by side
        if link != "during" or here.is_wrapper or _quotes(here.message, deeper):
            index += 1
        else:
            break
    return index


def _quotes(message: str, deeper: Raised) -> bool:
    """`raise Failed(f"could not load: {error}")` only repeats what it caught."""
    said = deeper.message.strip()
    return len(said) >= _QUOTED_MIN and said in message


def _flag_after_failure(rows: Sequence[Row], chains: Sequence[Chain]) -> None:
    """What is raised once the failure stood: callbacks, and whatever breaks in its wake."""
    failed_at = next((i for i, row in enumerate(rows) if _says_failed(row)), len(rows))
    known = [
        chain
        for chain in chains
        if chain.start <= failed_at or rows[chain.start].head is rows[failed_at].head
    ]
    for chain in chains:
        is_later = bool(known) and chain.start > failed_at and chain not in known
        chain.after_failure = is_later or _is_callback(rows, chain)


def _says_failed(row: Row) -> bool:
    return row.head.speaker is Speaker.AIRFLOW and _FAILED.search(row.text) is not None


def _is_callback(rows: Sequence[Row], chain: Chain) -> bool:
    above = rows[chain.start - 1].text if chain.start else ""
    if _CALLBACK.search(above) or _CALLBACK.search(rows[chain.start].text):
        return True
    frames = (frame for raised in chain.raised for frame, _ in raised.frames if frame.is_user)
    return any(_CALLBACK_FRAME.search(frame.function) for frame in frames)


def _flag_handled(rows: Sequence[Row], chains: Sequence[Chain], final_state: str | None) -> None:
    """What user code or a child logged, and then went on, did not end the task."""
    if final_state in ("success", "skipped"):
        for chain in chains:
            chain.handled = True
        return
    fatal = [
        chain
        for chain in chains
        if rows[chain.start].head.speaker is Speaker.AIRFLOW and not chain.after_failure
    ]
    said = {_words(raised) for chain in fatal for raised in chain.raised}
    end = min((chain.start for chain in fatal), default=len(rows))
    is_explained = any(not chain.cause.is_wrapper for chain in fatal)
    for chain in chains:
        head = rows[chain.start].head
        if head.speaker is Speaker.AIRFLOW or said & {_words(raised) for raised in chain.raised}:
            continue
        if is_explained or (head.speaker is not Speaker.CHILD and head.rank == 2):
            chain.handled = True
        elif head.speaker is not Speaker.CHILD or not fatal:
            chain.handled = _rows_after(rows, chain.end, end) > _WENT_ON
        if chain.after_failure:
            chain.handled = False


def _rows_after(rows: Sequence[Row], start: int, end: int) -> int:
    """How many rows of work follow."""
    return sum(row.head.speaker is not Speaker.AIRFLOW for row in rows[start + 1 : end])


def _words(raised: Raised) -> tuple[str, str]:
    return raised.type.rsplit(".", 1)[-1], _VARIABLE.sub("#", raised.message[:300])


def _unique(chains: Sequence[Chain]) -> list[Chain]:
    """The same exceptions logged again are one chain: the first that ended the task."""
    best: dict[tuple[tuple[str, str], ...], Chain] = {}
    for chain in chains:
        words = tuple(_words(raised) for raised in chain.raised)
        known = best.get(words)
        if known is None or (chain.after_failure, chain.handled) < (
            known.after_failure,
            known.handled,
        ):
            best[words] = chain
    chains = sorted(best.values(), key=lambda chain: chain.start)
    return chains[: _MOST // 4] + chains[_MOST // 4 :][-_MOST * 3 // 4 :]
