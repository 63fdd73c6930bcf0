"""Puts a reading together from the kept lines: try, exceptions, outcome, and chosen lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.diagnosis.logs.chains import Chain
from bot.diagnosis.logs.fates import find_chains
from bot.diagnosis.logs.keep import Keeper
from bot.diagnosis.logs.novelty import News
from bot.diagnosis.logs.outcome import missing_reason, outcome_of
from bot.diagnosis.logs.parse import Parser
from bot.diagnosis.logs.raised import Raised, find_raised
from bot.diagnosis.logs.repeats import Repeats
from bot.diagnosis.logs.rows import Row
from bot.diagnosis.logs.segments import Segment, Segments
from bot.diagnosis.logs.select import clip, select
from bot.diagnosis.redaction import Redactor
from bot.domain.logs import ExceptionChain, Frame, LogLine, LogReading, RaisedException

_MESSAGE_MAX = 2_000

# Lines above a chosen one that redaction looks at, and what its marks begin with.
_ABOVE = 2
_TAG = "[secret:"


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked of a reading, and how much was fed into it."""

    try_number: int | None
    token_budget: int
    redactor: Redactor
    bytes_read: int
    complete: bool


def assemble(
    keeper: Keeper, segments: Segments, request: Request, news: News | None = None
) -> LogReading:
    """The reading of the chosen try. `news` knows what a successful run's log does not have."""
    parser = Parser()
    everything = [row for number, raw in keeper.kept().items() for row in parser.rows(number, raw)]
    if news is not None:
        for row in everything:
            row.is_new = news.has(row)
    segment, rows = _chosen(segments.found, everything, request.try_number)
    outcome = outcome_of(rows)
    chains = find_chains(rows, find_raised(rows), outcome.state)
    lengths = select(rows, chains, segment.silence, request.token_budget)
    texts, masked = _redacted(rows, lengths, request.redactor)
    lines = _log_lines(rows, texts, Repeats(rows, keeper.repeats()))
    silence, missing = segment.silence, missing_reason(everything)
    return LogReading(
        try_number=request.try_number or segment.attempt or None,
        lines=lines,
        chains=tuple(_exception_chain(rows, chain, request.redactor) for chain in chains),
        exit_code=outcome.exit_code,
        signal=outcome.signal,
        final_state=outcome.state,
        segment_starts=tuple(
            part.start for part in segments.found if part.attempt and part.start <= segment.start
        ),
        first_at=segment.first_at,
        last_at=segment.last_at,
        longest_gap=silence.seconds if silence else None,
        gap_before_line=silence.number if silence else None,
        lines_read=keeper.lines_read,
        bytes_read=request.bytes_read,
        lines_dropped=keeper.lines_read - len(lines),
        secrets_masked=masked,
        complete=request.complete,
        missing_reason=request.redactor.redact(missing) if missing else None,
        compared=news is not None and news.is_told,
    )


def _chosen(
    found: Sequence[Segment], rows: Sequence[Row], try_number: int | None
) -> tuple[Segment, list[Row]]:
    """The try that was asked for, else the last that failed, else the last."""
    ends = [segment.start for segment in found[1:]] + [rows[-1].number + 1 if rows else 1]
    parts = [
        (segment, [row for row in rows if segment.start <= row.number < end])
        for segment, end in zip(found, ends, strict=True)
    ]
    tries = [part for part in parts if part[0].attempt] or parts
    for part in reversed(tries):
        if try_number is not None and part[0].attempt == try_number:
            return part
    return next((part for part in reversed(tries) if _failed(part[1])), tries[-1])


def _failed(rows: Sequence[Row]) -> bool:
    state = outcome_of(rows).state
    if state in ("success", "skipped"):
        return False
    return state is not None or any(row.head.rank >= 3 for row in rows)


def _redacted(
    rows: Sequence[Row], lengths: dict[int, int], redactor: Redactor
) -> tuple[dict[int, str], int]:
    """Chosen texts, masked whole and only then cut: half a secret is known to no rule.

    The lines above are looked at as well, for a name may stand on the line before its value.
    """
    if not lengths:
        return {}, 0
    seen = sorted({near for index in lengths for near in range(max(0, index - _ABOVE), index + 1)})
    masked = redactor.redact("\n".join(rows[index].text for index in seen)).split("\n")
    whole = {index: text for index, text in zip(seen, masked, strict=True) if index in lengths}
    count = sum(text.count(_TAG) - rows[index].text.count(_TAG) for index, text in whole.items())
    return {index: clip(text, lengths[index]) for index, text in whole.items()}, count


def _log_lines(rows: Sequence[Row], texts: dict[int, str], repeats: Repeats) -> tuple[LogLine, ...]:
    """One line a number: a record of several rows becomes one text of several lines."""
    by_number: dict[int, list[int]] = {}
    for index in texts:
        by_number.setdefault(rows[index].number, []).append(index)
    lines = []
    for number, indexes in by_number.items():
        row = rows[indexes[0]]
        count, last = repeats.of(row, by_number)
        lines.append(
            LogLine(
                number,
                "\n".join(texts[index] for index in indexes),
                row.head.at,
                row.inner or row.head.level,
                row.head.logger,
                row.head.speaker,
                row.head.source,
                count,
                last,
                any(rows[index].is_new for index in indexes),
            )
        )
    return tuple(lines)


def _exception_chain(rows: Sequence[Row], chain: Chain, redactor: Redactor) -> ExceptionChain:
    raised = tuple(_raised_exception(rows, item, redactor) for item in chain.raised)
    return ExceptionChain(raised, chain.root, chain.handled, chain.after_failure)


def _raised_exception(rows: Sequence[Row], raised: Raised, redactor: Redactor) -> RaisedException:
    row = rows[raised.at]
    # The type goes along: "PasswordExpired: abc" is read differently from "abc".
    lead = f"{raised.type}: "
    said = redactor.redact(lead + raised.message)
    message = said.removeprefix(lead) if said.startswith(lead) else said
    frames = tuple(_redacted_frame(frame, redactor) for frame, _ in raised.frames)
    return RaisedException(
        raised.type, message[:_MESSAGE_MAX], row.number, frames, row.head.speaker
    )


def _redacted_frame(frame: Frame, redactor: Redactor) -> Frame:
    if not frame.code:
        return frame
    code = redactor.redact(frame.code)
    return Frame(frame.file, frame.line, frame.function, frame.is_user, code)
