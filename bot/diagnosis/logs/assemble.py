"""Puts a reading together from the kept lines: try, exceptions, outcome, and chosen lines."""

from __future__ import annotations

from collections.abc import Sequence

from bot.diagnosis.logs.chains import Chain, find_chains
from bot.diagnosis.logs.keep import Keeper
from bot.diagnosis.logs.outcome import missing_reason, outcome_of
from bot.diagnosis.logs.parse import Parser
from bot.diagnosis.logs.raised import find_raised
from bot.diagnosis.logs.rows import Row
from bot.diagnosis.logs.segments import Segment, Segments
from bot.diagnosis.logs.select import clip, select
from bot.diagnosis.redaction import Redactor
from bot.domain.logs import ExceptionChain, LogLine, LogReading, RaisedException

_MESSAGE_MAX = 2_000


def assemble(
    keeper: Keeper,
    segments: Segments,
    *,
    try_number: int | None,
    token_budget: int,
    redactor: Redactor,
    bytes_read: int,
    complete: bool,
) -> LogReading:
    """The reading of the chosen try."""
    parser = Parser()
    rows = [row for number, raw in keeper.kept().items() for row in parser.rows(number, raw)]
    segment, mine = _chosen(segments.found, rows, try_number)
    outcome = outcome_of(mine)
    chains = find_chains(mine, find_raised(mine), outcome.state)
    chosen = select(mine, chains, segment.silence, token_budget)
    texts, masked = _redacted(mine, chosen, redactor)
    lines = _log_lines(mine, texts, keeper)
    silence = segment.silence
    return LogReading(
        try_number=try_number or segment.attempt or None,
        lines=lines,
        chains=tuple(_exception_chain(mine, chain, redactor) for chain in chains),
        exit_code=outcome.exit_code,
        signal=outcome.signal,
        final_state=outcome.state,
        segment_starts=tuple(part.start for part in segments.found if part.attempt),
        first_at=segment.first_at,
        last_at=segment.last_at,
        longest_gap=silence.seconds if silence else None,
        gap_before_line=silence.number if silence else None,
        lines_read=keeper.lines_read,
        bytes_read=bytes_read,
        lines_dropped=keeper.lines_read - len(lines),
        secrets_masked=masked,
        complete=complete,
        missing_reason=missing_reason(rows),
    )


def _chosen(
    found: Sequence[Segment], rows: Sequence[Row], try_number: int | None
) -> tuple[Segment, list[Row]]:
    """The try that was asked for, else the last that failed, else the last."""
    ends = [segment.start for segment in found[1:]] + [2**62]
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
    rows: Sequence[Row], chosen: dict[int, int], redactor: Redactor
) -> tuple[dict[int, str], int]:
    """Chosen texts, masked whole and only then cut."""
    if not chosen:
        return {}, 0
    indexes = sorted(chosen)
    scrubbed = redactor.scrub("\n".join(rows[index].text for index in indexes))
    texts = scrubbed.text.split("\n")
    cut = {index: clip(text, chosen[index]) for index, text in zip(indexes, texts, strict=True)}
    return cut, scrubbed.count


def _log_lines(rows: Sequence[Row], texts: dict[int, str], keeper: Keeper) -> tuple[LogLine, ...]:
    repeats = {first: (count, last) for first, last, count in keeper.repeats()}
    lines: dict[int, LogLine] = {}
    for index, text in texts.items():
        row = rows[index]
        known = lines.get(row.number)
        if known is not None:
            text = f"{known.text}\n{text}"
        count, last = repeats.get(row.number, (1, None))
        lines[row.number] = LogLine(
            row.number,
            text,
            row.head.at,
            row.inner or row.head.level,
            row.head.logger,
            row.head.speaker,
            row.head.source,
            count,
            last,
        )
    return tuple(lines.values())


def _exception_chain(rows: Sequence[Row], chain: Chain, redactor: Redactor) -> ExceptionChain:
    return ExceptionChain(
        tuple(
            RaisedException(
                raised.type,
                redactor.redact(raised.message)[:_MESSAGE_MAX],
                rows[raised.at].number,
                tuple(frame for frame, _ in raised.frames),
                rows[raised.at].head.speaker,
            )
            for raised in chain.raised
        ),
        chain.root,
        chain.handled,
        chain.after_failure,
    )
