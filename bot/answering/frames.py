"""Where in the user's own code an exception came from."""

from __future__ import annotations

from bot.answering.excerpt import log_of
from bot.answering.foreign import one_line
from bot.domain.evidence import Evidence
from bot.domain.logs import ExceptionChain, Frame
from bot.domain.verdicts import Quote


def raised_at(evidence: Evidence, deciding: Quote | None) -> str:
    """`orders.py:33 in load: row["country"]`; "" where no frame is the user's own."""
    chain = deciding_chain(evidence, deciding)
    frame = _own_frame(chain) if chain else None
    return frame_text(frame) if frame else ""


def deciding_chain(evidence: Evidence, deciding: Quote | None) -> ExceptionChain | None:
    """The chain that was quoted, else the last one that was neither handled nor aftermath."""
    log = log_of(evidence, deciding.try_number if deciding else None)
    chains = log.chains if log else ()
    line = deciding.line if deciding else None
    quoted = (chain for chain in chains if line and line in {one.line for one in chain.exceptions})
    telling = (chain for chain in reversed(chains) if not (chain.handled or chain.after_failure))
    return next(quoted, None) or next(telling, None)


def frame_text(frame: Frame) -> str:
    line = f":{frame.line}" if frame.line else ""
    function = f" in {frame.function}" if frame.function else ""
    code = f": {frame.code.strip()}" if frame.code.strip() else ""
    return one_line(f"{frame.file.rsplit('/', 1)[-1]}{line}{function}{code}", 160)


def _own_frame(chain: ExceptionChain) -> Frame | None:
    """The innermost frame of the user's code, of the exception that explains it or one above."""
    root = chain.root if chain.root >= 0 else len(chain.exceptions) + chain.root
    for exception in reversed(chain.exceptions[: root + 1]):
        for frame in reversed(exception.frames):
            if frame.is_user:
                return frame
    return None
