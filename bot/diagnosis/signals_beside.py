"""Lines that do not decide by themselves, but explain the one that does: quoted beside it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from bot.diagnosis.airflow_lines import is_echo, is_noise
from bot.diagnosis.depth import Depth
from bot.diagnosis.log_part import LogPart
from bot.diagnosis.quoting import Quotes
from bot.diagnosis.text import lines_of, normalise
from bot.domain.logs import ExceptionChain, LogLine, RaisedException, Speaker
from bot.domain.signals import Signal

_NEW_SHOWN = 2
_ABOVE = 40  # lines above an exception in which its announcement is looked for
_LOUD = ("error", "critical", "fatal")
_NOT_THE_TASK = (Speaker.AIRFLOW, Speaker.SOURCE, Speaker.CALLBACK, Speaker.TRIGGERER)
_SQL_FAULT = re.compile(
    r"syntax error|compilation error|parse ?exception|mismatched input|unrecognized (?:name|token)"
    r"|(?:relation|table|view|column|function|schema|database|object)\b.{0,80}"
    r"(?:does not exist|not exist|not found|cannot be (?:found|resolved)|ambiguous|invalid)"
    r"|invalid identifier|unknown column|undefined(?:table|column|function)|\bORA-\d{5}",
    re.I,
)
_STATEMENT = re.compile(
    r"^(?:executing(?: sql| query| statement)?|running (?:statement|sql|query)|query|statement"
    r"|sql(?: command)?)\s?[:=]",
    re.I,
)


def from_beside(part: LogPart, quotes: Quotes) -> Iterator[Signal]:
    """`beside` names what a line is to the one that decides."""
    if part.ended_well:
        return
    if part.kind == "task":
        yield from _new(part, quotes)
    yield from _statement(part, quotes)
    chain = part.failure
    if chain is not None:
        yield from _handled(chain, quotes)
        yield from _raised_from(chain, part, quotes)
        yield from _said_before(chain, part, quotes)


def _new(part: LogPart, quotes: Quotes) -> Iterator[Signal]:
    """The last words of the task and its children that a successful run does not say."""
    new = [
        line
        for line in part.lines
        if line.is_new
        and line.number <= part.end
        and line.speaker not in _NOT_THE_TASK
        and line.number not in part.traceback_lines
        and _says_something(line)
    ]
    for line in reversed(new[-_NEW_SHOWN:]):
        yield Signal("beside", "new", quotes.log_line(line), Depth.STATE)


def _statement(part: LogPart, quotes: Quotes) -> Iterator[Signal]:
    """The statement that a database found fault with: the last that was sent before."""
    fault = next((line for line in reversed(_own(part)) if _SQL_FAULT.search(line.text)), None)
    if fault is None:
        return
    before = [line for line in part.lines if line.number < fault.number]
    sent = next((line for line in reversed(before) if _STATEMENT.match(line.text)), None)
    if sent is not None:
        text = " ".join(lines_of(sent.text, 4))
        yield Signal("beside", "statement", quotes.line(sent.number, text, sent.at), Depth.STATE)


def _own(part: LogPart) -> Sequence[LogLine]:
    return [line for line in part.lines if line.speaker is not Speaker.CALLBACK]


def _handled(chain: ExceptionChain, quotes: Quotes) -> Iterator[Signal]:
    """What was being dealt with when another exception came up."""
    below = chain.exceptions[chain.exceptions.index(chain.root_cause) + 1 :]
    for error in below[:1]:
        quote = quotes.line(error.line, _first_line(error))
        yield Signal("beside", "handled", quote, Depth.STATE)


def _raised_from(chain: ExceptionChain, part: LogPart, quotes: Quotes) -> Iterator[Signal]:
    """The line of the task's own code from which the exception came."""
    root = chain.root_cause
    own = [frame for frame in root.frames if frame.is_user and frame.code]
    if not own:
        return
    code = normalise(own[-1].code)
    line = next(
        (line for line in reversed(part.lines) if code in map(normalise, line.text.split("\n"))),
        None,
    )
    if line is not None and line.number <= root.line:
        yield Signal("beside", "raised_from", quotes.line(line.number, code, line.at), Depth.STATE)


def _said_before(chain: ExceptionChain, part: LogPart, quotes: Quotes) -> Iterator[Signal]:
    """What was logged at error level with the exception, or just above it."""
    at = min(error.line for error in chain.exceptions)
    raised = {_first_line(error) for error in chain.exceptions}
    above = [
        line
        for line in part.lines
        if at - _ABOVE <= line.number <= at
        and line.level in _LOUD
        and line.speaker not in _NOT_THE_TASK
        and line.number not in part.traceback_lines
        and not line.text[:1].isspace()
        and normalise(line.text) not in raised
        and _says_something(line)
    ]
    if above:
        yield Signal("beside", "said_before", quotes.log_line(above[-1]), Depth.STATE)


def _says_something(line: LogLine) -> bool:
    text = next(iter(lines_of(line.text, 1)), "")
    return bool(text) and not is_echo(text) and not is_noise(text)


def _first_line(error: RaisedException) -> str:
    text = f"{error.type}: {error.message}" if error.message else error.type
    return next(iter(lines_of(text, 1)), error.type)
