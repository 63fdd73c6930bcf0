"""Signals from log lines: the child's complaints, Airflow's errors, and what was written last."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import re2

from bot.diagnosis.airflow_lines import calls_home, is_echo, is_noise, stop_of
from bot.diagnosis.complaints import weight
from bot.diagnosis.depth import Depth
from bot.diagnosis.log_part import LogPart
from bot.diagnosis.mechanisms import mechanism_of
from bot.diagnosis.quoting import Quotes
from bot.diagnosis.signals_exceptions import CHILD_SPEAKERS, child_chain, wraps
from bot.diagnosis.text import lines_of, normalise
from bot.domain.logs import LogLine, Speaker
from bot.domain.signals import Signal

_COMPLAINTS_KEPT = 24  # the last ones before the end, and half as many of the first
_CHILD_LINES = 40  # last lines of a failed child in which every signature counts
_BESIDE_A_RAISED = Depth.ROOT + 5  # where the child raised something, its complaints lead there
_TAIL = 6
_LINES_OF_RECORD = 60
_ERROR_LEVELS = ("error", "critical", "fatal")

_KERNEL = re2.compile(r"(?i)Out of memory: Kill|oom-kill|Memory cgroup out of memory|OOM ?Killer")
_POD = re.compile(
    r"\b(OOMKilled|Evicted|ErrImagePull|ImagePullBackOff|ErrImageNeverPull|InvalidImageName"
    r"|CrashLoopBackOff|CreateContainerConfigError|CreateContainerError|RunContainerError"
    r"|ContainerCannotRun|StartError|DeadlineExceeded|Unschedulable|FailedScheduling|Preempting"
    r"|Preempted|NodeLost|NodeShutdown|NodeAffinity|UnexpectedAdmissionError|OutOfmemory|OutOfcpu|OutOfpods"
    r"|FailedMount|FailedAttachVolume|FailedCreatePodSandBox|ContainerStatusUnknown)\b"
)
_RUN_TIMEOUT = re.compile(r"^Run .{1,300} of .{1,250} has timed-out")
_UNREACHED = ("refused", "cut", "no_reply", "name", "down", "too_slow")
_FOLD_MARKS = ("::group::", "::endgroup::")
_POD_SOURCES = ("pod", "kubernetes", "k8s", "executor")


def from_lines(part: LogPart, quotes: Quotes, *, killed: bool) -> Iterator[Signal]:
    """Facts from single lines. `killed`: the try was stopped from outside."""
    own = [line for line in part.lines if line.number <= part.end]
    spoken = [line for line in own if not _is_airflow(line) and _says_something(line.text)]
    if part.kind != "task":
        yield from _foreign_log(part, quotes)
        return
    yield from _airflow_lines(part, quotes)
    if not part.ended_well:
        yield from _complaints(part, spoken, quotes, killed)
        yield from _tail(spoken, quotes)
    if spoken:
        last = spoken[-1]
        quote = quotes.log_line(last)
        yield Signal("last_line", normalise(last.text), quote, Depth.STATE)
        yield Signal("after_progress", "true", quote, Depth.STATE)


def _says_something(text: str) -> bool:
    """Neither noise nor a mark at which Airflow's page folds lines."""
    return not text.startswith(_FOLD_MARKS) and not is_noise(normalise(text))


def _tail(spoken: Sequence[LogLine], quotes: Quotes) -> Iterator[Signal]:
    for line in spoken[-_TAIL:]:
        for text in lines_of(line.text, 8):
            yield Signal("text", text, quotes.line(line.number, text, line.at), Depth.TAIL)


def pod_reason(text: str) -> str | None:
    """The reason Kubernetes gives for a pod or container that ended or never started."""
    found = _POD.search(text)
    return found[1] if found else None


def _is_airflow(line: LogLine) -> bool:
    return line.speaker in (Speaker.AIRFLOW, Speaker.SOURCE, Speaker.CALLBACK)


def _airflow_lines(part: LogPart, quotes: Quotes) -> Iterator[Signal]:
    for line in part.lines:
        if line.speaker not in (Speaker.AIRFLOW, Speaker.TRIGGERER, Speaker.TASK):
            continue
        yield from _pod(line, quotes)
        if line.speaker is Speaker.TASK or line.number in part.traceback_lines:
            continue
        stop = stop_of(line)
        if stop is not None and line.number > part.end:
            continue  # a race with the end: `stopped: after_end` says so
        for text in lines_of(line.text, _LINES_OF_RECORD):
            if is_noise(text) or is_echo(text):
                continue
            loud = line.level in _ERROR_LEVELS
            depth = Depth.ERROR_LINE if loud else Depth.TAIL
            if stop is not None and stop.kind not in ("sigterm", "supervisor_sigterm"):
                depth = Depth.OUTSIDE
            name = "airflow_error" if loud else "text"
            quote = quotes.line(line.number, text, line.at)
            yield Signal(name, text, quote, depth)
            mechanism = mechanism_of(text) if loud and stop is None else None
            if mechanism and line.number <= part.end:
                if calls_home(line) and mechanism in _UNREACHED:
                    yield Signal("against", "api_server", quote, depth)
                    continue
                yield Signal("mechanism", mechanism, quote, depth)


def _pod(line: LogLine, quotes: Quotes) -> Iterator[Signal]:
    """Only from Airflow's and the provider's own lines: a pod's output may say anything."""
    source = (line.source or line.logger or "").lower()
    if line.speaker is Speaker.TASK and not any(mark in source for mark in _POD_SOURCES):
        return
    reason = pod_reason(line.text)
    if reason:
        yield Signal("pod_reason", reason, quotes.log_line(line), Depth.RECORDED)


def _complaints(
    part: LogPart, spoken: Sequence[LogLine], quotes: Quotes, killed: bool
) -> Iterator[Signal]:
    behind_wrapper = wraps(part)
    raised = child_chain(part) is not None
    last = {line.number for line in spoken[-_CHILD_LINES:]}
    found: list[Signal] = []
    for line in spoken:
        if line.number in part.traceback_lines or stop_of(line):
            continue
        for text in lines_of(line.text, _LINES_OF_RECORD):
            heavy = weight(text, line.level)
            if (
                is_echo(text)
                or is_noise(text)
                or heavy < 0
                or (not heavy and line.number not in last)
            ):
                continue
            depth = _complaint_depth(line, text, heavy, behind_wrapper, killed)
            if raised and depth > _BESIDE_A_RAISED:
                depth = _BESIDE_A_RAISED
            if not heavy and depth <= Depth.TAIL:
                continue
            name = "child_error" if heavy and depth > Depth.ROOT else "text"
            quote = quotes.line(line.number, text, line.at)
            found.append(Signal(name, text, quote, depth))
            mechanism = mechanism_of(text) if name == "child_error" and heavy == 2 else None
            if mechanism:
                found.append(Signal("mechanism", mechanism, quote, depth))
    kept = found[: _COMPLAINTS_KEPT // 2]
    yield from dict.fromkeys(kept + found[-_COMPLAINTS_KEPT:])


def _complaint_depth(line: LogLine, text: str, heavy: int, behind: bool, killed: bool) -> int:
    """A child's plain complaint lies deepest, then its possible ones, then what else it said."""
    if _KERNEL.search(text):
        return Depth.CHILD
    loud = line.level in _ERROR_LEVELS
    if killed and not (line.speaker is Speaker.CHILD and heavy == 2):
        return Depth.TAIL
    if behind and (line.speaker in CHILD_SPEAKERS or loud or heavy == 2):
        return Depth.CHILD - 2 + heavy
    return Depth.ERROR_LINE if loud else Depth.TAIL


def _foreign_log(part: LogPart, quotes: Quotes) -> Iterator[Signal]:
    """In the log of the scheduler or the Dag processor every line that is no noise counts."""
    for line in part.lines:
        if line.number in part.traceback_lines:
            continue
        for text in lines_of(line.text, _LINES_OF_RECORD):
            if is_noise(text):
                continue
            if _RUN_TIMEOUT.search(text):
                quote = quotes.line(line.number, text, line.at)
                yield Signal("ended_by", "run_timeout", quote, Depth.RECORDED)
            loud = line.level in _ERROR_LEVELS
            name = "airflow_error" if loud else "text"
            depth = Depth.ERROR_LINE if loud else Depth.TAIL
            yield Signal(name, text, quotes.line(line.number, text, line.at), depth)
