"""An excerpt of a log: the end of it in a card, all of it as a text file."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from bot.answering.excerpt import says_something, without_packaged_frames
from bot.answering.foreign import middle_cut
from bot.answering.wording import count, short_name
from bot.domain.answers import Diagnosis, LogReport
from bot.domain.logs import LogLine
from bot.domain.targets import Target
from bot.slack.blocks.kit import Block, context, header, mrkdwn, preformatted, rich, safe
from bot.slack.blocks.message import Room, SlackMessage, fit
from bot.slack.blocks.pieces import more_buttons, small_print, unseen
from bot.slack.limits import Limit

_FILE_NAME = Limit(120)
_LINE_MAX = 600  # characters of one line in a card; the file has them all


def log_card(report: LogReport, turn_id: str) -> SlackMessage:
    summary = mrkdwn(f"{_headline(report.target)}\n{_counts(report)}\n{_end(report.lines, 1_500)}")

    def draw(room: Room) -> SlackMessage:
        return SlackMessage(summary, tuple(_blocks(report, turn_id, room)))

    return fit(draw)


def _blocks(report: LogReport, turn_id: str, room: Room) -> Iterator[Block]:
    yield header(f"📄 {_headline(report.target)}")
    if report.lines:
        yield rich(preformatted(_end(report.lines, room.quote)))
    yield context(_counts(report), unseen(report.gaps, room.items))
    yield from more_buttons(report.links, turn_id, room.urls)
    yield small_print(report.reference)


def _headline(target: Target) -> str:
    tried = f", try {target.try_number}" if target.try_number else ""
    return f"Log of {Limit(120).head(short_name(target))}{tried}"


def _counts(report: LogReport) -> str:
    if not report.lines:
        return "There is no log to show."
    return f"The end of {count(report.lines_read, 'line')}"


def _end(lines: Sequence[LogLine], size: int) -> str:
    """The last lines, with what Airflow and installed packages add to a traceback folded."""
    last = "\n".join(_line_words(line) for line in lines[-40:] if says_something(line))
    folded = (middle_cut(line, _LINE_MAX) for line in without_packaged_frames(last))
    return Limit(size).tail("\n".join(folded))


def excerpt_card(diagnosis: Diagnosis) -> SlackMessage:
    """The lines behind a diagnosis where a file cannot be sent."""
    title = f"Log excerpt of {short_name(diagnosis.target)}"
    summary = mrkdwn(f"{title}\n{_end(diagnosis.log_lines, 1_500)}")

    def draw(room: Room) -> SlackMessage:
        body = preformatted(_end(diagnosis.log_lines, room.quote * 2))
        return SlackMessage(summary, (header(title), rich(body), small_print(diagnosis.reference)))

    return fit(draw)


def excerpt_file(target: Target, lines: Sequence[LogLine], lines_read: int) -> tuple[str, str]:
    """(file name, content) of the excerpt; gaps between lines are marked."""
    shown = f"{len(lines):,} of {count(lines_read, 'line')}"
    head = f"# {target.label()}\n# {shown}: those that matter, secrets masked\n"
    return f"{file_stem(target)}.log.txt", safe(head) + "\n".join(_with_gaps(lines)) + "\n"


def _with_gaps(lines: Sequence[LogLine]) -> Iterator[str]:
    previous: int | None = None
    for line in lines:
        if previous is not None and line.number > previous + 1:
            yield f"       … {count(line.number - previous - 1, 'line')} …"
        yield f"{line.number:>6} {_line_words(line)}"
        previous = line.last_number or line.number


def _line_words(line: LogLine) -> str:
    at = f"{line.at:%Y-%m-%d %H:%M:%S} " if line.at else ""
    level = f"{line.level.upper()} " if line.level else ""
    folded = f"  (repeated {line.repeated:,} times)" if line.repeated > 1 else ""
    return safe(f"{at}{level}{line.text}{folded}")


def file_stem(target: Target) -> str:
    """Only letters that no file system and no shell trips over."""
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", short_name(target)).strip("-.") or "task"
    tried = f"-try{target.try_number}" if target.try_number else ""
    return f"{_FILE_NAME.head(name).rstrip('…')}{tried}"
