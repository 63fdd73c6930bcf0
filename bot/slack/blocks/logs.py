"""An excerpt of a log: the end of it in a card, all of it as a text file."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from bot.answering.excerpt import says_something, without_packaged_frames
from bot.answering.foreign import middle_cut
from bot.answering.wording import short_name
from bot.domain.answers import Diagnosis, LogReport
from bot.domain.logs import LogLine
from bot.domain.targets import Target
from bot.slack.blocks.kit import Block, context, header, mrkdwn, preformatted, rich, safe
from bot.slack.blocks.message import Room, SlackMessage, fit
from bot.slack.blocks.pieces import more_buttons, small_print, unseen
from bot.slack.limits import Limit
from bot.words import number, say, say_many

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
    name = Limit(120).head(short_name(target))
    if target.try_number:
        return say("Log of {name}, try {n}", name=name, n=target.try_number)
    return say("Log of {name}", name=name)


def _counts(report: LogReport) -> str:
    if not report.lines:
        return say("There is no log to show.")
    return say_many("The end of {n} line", "The end of {n} lines", report.lines_read)


def _end(lines: Sequence[LogLine], size: int) -> str:
    """The last lines, with what Airflow and installed packages add to a traceback folded."""
    last = "\n".join(_line_words(line) for line in lines[-40:] if says_something(line))
    folded = (middle_cut(line, _LINE_MAX) for line in without_packaged_frames(last))
    return Limit(size).tail("\n".join(folded))


def excerpt_card(diagnosis: Diagnosis) -> SlackMessage:
    """The lines behind a diagnosis where a file cannot be sent."""
    title = say("Log excerpt of {name}", name=short_name(diagnosis.target))
    summary = mrkdwn(f"{title}\n{_end(diagnosis.log_lines, 1_500)}")

    def draw(room: Room) -> SlackMessage:
        body = preformatted(_end(diagnosis.log_lines, room.quote * 2))
        return SlackMessage(summary, (header(title), rich(body), small_print(diagnosis.reference)))

    return fit(draw)


def excerpt_file(target: Target, lines: Sequence[LogLine], lines_read: int) -> tuple[str, str]:
    """(file name, content) of the excerpt; gaps between lines are marked."""
    shown = say_many(
        "{shown} of {n} line: those that matter, secrets masked",
        "{shown} of {n} lines: those that matter, secrets masked",
        lines_read,
        shown=number(len(lines)),
    )
    head = f"# {target.label()}\n# {shown}\n"
    return f"{file_stem(target)}.log.txt", safe(head) + "\n".join(_with_gaps(lines)) + "\n"


def _with_gaps(lines: Sequence[LogLine]) -> Iterator[str]:
    previous: int | None = None
    for line in lines:
        if previous is not None and line.number > previous + 1:
            yield say_many(
                "       … {n} line …", "       … {n} lines …", line.number - previous - 1
            )
        yield f"{line.number:>6} {_line_words(line)}"
        previous = line.last_number or line.number


def _line_words(line: LogLine) -> str:
    at = f"{line.at:%Y-%m-%d %H:%M:%S} " if line.at else ""
    level = f"{line.level.upper()} " if line.level else ""
    folded = ""
    if line.repeated > 1:
        folded = say_many("  (repeated {n} time)", "  (repeated {n} times)", line.repeated)
    return safe(f"{at}{level}{line.text}{folded}")


def file_stem(target: Target) -> str:
    """Only letters that no file system and no shell trips over."""
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", short_name(target)).strip("-.") or "task"
    tried = f"-try{target.try_number}" if target.try_number else ""
    return f"{_FILE_NAME.head(name).rstrip('…')}{tried}"
