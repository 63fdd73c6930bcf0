"""Signals from the exceptions in a log: the chain that ended the try and the child's own."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.diagnosis.depth import Depth
from bot.diagnosis.families import family
from bot.diagnosis.log_part import LogPart
from bot.diagnosis.mechanisms import mechanism_of
from bot.diagnosis.quoting import Quotes
from bot.diagnosis.text import lines_of, normalise
from bot.diagnosis.wrappers import wrapper_of
from bot.domain.logs import ExceptionChain, RaisedException, Speaker
from bot.domain.signals import Signal
from bot.domain.verdicts import Quote

_ANNOUNCEMENT_MAX = 400
_WHOLE_MAX = 2_000

CHILD_SPEAKERS = (Speaker.CHILD, Speaker.STDOUT, Speaker.STDERR)

_ECHOED = re.compile(r"^Failed to execute (?:job|task) \S+ (?:for task \S+ )?\((.+?)(?:; \d+\))?$")
_SENT = re.compile(r"Task received SIGTERM signal|SystemExit: 143", re.I)
_HTTP = tuple(
    re.compile(pattern, re.I)
    for pattern in (
        r"\b([45]\d\d) (?:Client|Server) Error",
        r"status[ _-]?code['\"]?\s*(?:[:=]|is|of)?\s*\(?([45]\d\d)\b",
        r"\bHTTP(?:Error|Exception|/\d(?:\.\d)?)?(?: Error| status(?: code)?)?[ :=(]+([45]\d\d)\b",
        r"\((?:status )?([45]\d\d)\)",
        r"\b([45]\d\d)[ :,-]+(?:-\s*)?(?:Bad Gateway|Internal Server|Service Unavailable|Not Found"
        r"|Too Many|Unauthorized|Forbidden|Gateway Time|Bad Request|Conflict|Gone)",
        r"(?:respon(?:se|ded)|return(?:ed)?|status)\D{0,20}\b([45]\d\d)\b",
        r"^([45]\d\d)\b",
        r"(?:fail|error|fetch|request|api|download|upload)\w*\b.{0,80}[:=(]\s*([45]\d\d)\)?\.?$",
    )
)
_MISTAKES = re.compile(
    r"^(?:Type|Attribute|Name|Key|Index|UnboundLocal|ZeroDivision|Syntax|Indentation|Tab|Recursion"
    r"|NotImplemented|Template|Undefined)Error$"
)
_PARTS = frozenset(
    {"metadata_db", "broker", "api_server", "kubernetes_api", "log_server", "airflow_part"}
)
_OFTEN_OWN = frozenset({"ValueError", "RuntimeError", "Exception"})
_WAITING = frozenset(
    {
        "AirflowSensorTimeout",
        "TaskDeferralTimeout",
        "TaskDeferralError",
        "AirflowPokeFailException",
        "HITLTimeoutError",
        "TriggerFailureReason",
    }
)


def from_exceptions(part: LogPart, quotes: Quotes) -> Iterator[Signal]:
    """Facts from the chain that ended the try, and from the child's behind a wrapper."""
    chain = part.failure or _logged(part)
    if chain is None:
        yield from _echoed(part, quotes)
        return
    base = Depth.ROOT if part.failure is not None else Depth.ERROR_LINE
    root = chain.root_cause
    kind = wrapper_of(root) or wrapper_of(chain.exceptions[0])
    if kind:
        yield Signal("wrapper", kind, _quote(root, quotes), Depth.WRAPPER)
    if _SENT.search(root.message):
        yield Signal("stopped", "sigterm", _quote(root, quotes), Depth.ROOT)
    depth = Depth.WRAPPER if kind or _SENT.search(root.message) else base
    yield from _chain(chain, part, quotes, depth)
    child = child_chain(part)
    if child is not None:
        yield from _chain(child, part, quotes, Depth.CHILD)


def wraps(part: LogPart) -> bool:
    """What ended the try only says that something else failed, or says nothing at all."""
    if part.failure is None:
        return True
    chain = part.failure
    return wrapper_of(chain.root_cause) is not None or wrapper_of(chain.exceptions[0]) is not None


def _logged(part: LogPart) -> ExceptionChain | None:
    """Where nothing was raised to Airflow: the last exception that user code logged itself."""
    if part.ended_well:
        return None
    logged = [chain for chain in part.chains if chain.handled and not chain.after_failure]
    return logged[-1] if logged else None


def _echoed(part: LogPart, quotes: Quotes) -> Iterator[Signal]:
    """The message that Airflow 2 repeats at the end, where the traceback itself was cut off."""
    for line in part.lines:
        found = _ECHOED.search(normalise(line.text))
        if found and not part.ended_well:
            quote = quotes.log_line(line)
            yield Signal("message", found[1], quote, Depth.ROOT)
            yield Signal("text", found[1], quote, Depth.ROOT)
            return


def child_chain(part: LogPart) -> ExceptionChain | None:
    """The last exception of the child system behind the wrapper that ended the try."""
    wrapper = part.failure
    if wrapper is None or not wraps(part):
        return None
    found = [
        chain
        for chain in part.chains
        if chain is not wrapper
        and not chain.after_failure
        and chain.exceptions[0].speaker in CHILD_SPEAKERS
    ]
    return found[-1] if found else None


def _chain(chain: ExceptionChain, part: LogPart, quotes: Quotes, depth: int) -> Iterator[Signal]:
    root, surface = chain.root_cause, chain.exceptions[0]
    quote = _quote(root, quotes)
    yield Signal("exception", root.short_type, quote, depth)
    yield Signal("exception_dotted", root.type, quote, depth)
    yield Signal("surface_exception", surface.short_type, _quote(surface, quotes), Depth.WRAPPER)
    kind = family(root.short_type, root.message)
    if kind:
        yield Signal("family", kind, quote, depth)
    if root.message:
        yield Signal("message", normalise(root.message), quote, depth)
    place = chain.exceptions.index(root)
    for number, error in enumerate(chain.exceptions):
        # Above the root: its wrappers, the nearer the deeper. Below: what had been caught before.
        beside = Depth.TAIL if number > place else max(Depth.WRAPPER, Depth.CHAIN + number - place)
        at = depth if number == place else min(depth, beside)
        yield Signal("exception_chain", error.short_type, _quote(error, quotes), at)
        yield from _words(error, quotes, at)
    if part.against(chain) not in _PARTS:
        yield from _mechanisms(chain, quotes, depth)
    yield from _where(chain, part, quote, depth)
    status = http_status(f"{root.short_type}: {root.message}") or http_status(surface.message)
    if status:
        yield Signal("http_status", status, quote, depth)
    if any(error.short_type in _WAITING for error in chain.exceptions):
        yield Signal("while_waiting", "true", quote, depth)


def _where(chain: ExceptionChain, part: LogPart, quote: Quote, depth: int) -> Iterator[Signal]:
    root = chain.root_cause
    if root.frames:
        yield Signal("raised_in", _territory(root), quote, depth)
    if any(frame.is_user for error in chain.exceptions for frame in error.frames):
        yield Signal("raised_in_user_code", "true", quote, depth)
    target = part.against(chain)
    if target:
        yield Signal("against", target, quote, depth)
    if "DagBag import timeout" in root.message or part.kind == "dag_processor":
        yield Signal("in_import", "true", quote, depth)


def _territory(error: RaisedException) -> str:
    last = error.frames[-1]
    if last.is_user:
        return "user_code"
    return "airflow" if "/airflow/" in last.file.replace("\\", "/") else "library"


def _words(error: RaisedException, quotes: Quotes, depth: int) -> Iterator[Signal]:
    """Every line of `Type: message`, for signatures to be searched in."""
    for said, shown in _told(error):
        yield Signal("text", said, quotes.line(error.line, shown), depth)
    if "\n" in error.message:
        # One value of many lines: "Test failed." and below it the query and what it found.
        whole = normalise(f"{error.type}: {error.message[:_WHOLE_MAX]}")
        yield Signal("text", whole, _quote(error, quotes), depth)


def _mechanisms(chain: ExceptionChain, quotes: Quotes, depth: int) -> Iterator[Signal]:
    """Of the root, and of what surfaced where that says something of its own."""
    for error in dict.fromkeys((chain.root_cause, chain.exceptions[0])):
        if _by_own_mistake(error):
            continue
        mechanism = mechanism_of(normalise(f"{error.type}: {error.message[:_WHOLE_MAX]}"))
        if mechanism:
            at = depth if error is chain.root_cause else min(depth, Depth.WRAPPER)
            yield Signal("mechanism", mechanism, _quote(error, quotes), at)


def _by_own_mistake(error: RaisedException) -> bool:
    """Of these types the words name what the code stumbled over, not what happened outside."""
    if _MISTAKES.search(error.short_type):
        return True
    own = bool(error.frames) and error.frames[-1].is_user
    return own and error.short_type in _OFTEN_OWN


def _quote(error: RaisedException, quotes: Quotes) -> Quote:
    """The first line that says something: one that ends in a colon only announces the next."""
    _, shown = _told(error)[0]
    return quotes.line(error.line, shown)


def _told(error: RaisedException) -> list[tuple[str, str]]:
    """What each line of the exception says together with what announced it, and the bare line."""
    text = f"{error.type}: {error.message}" if error.message else error.type
    told: list[tuple[str, str]] = []
    announced = ""
    for line in lines_of(text) or [error.type]:
        said = f"{announced} {line}".strip()
        announced = said if line.endswith(":") and len(said) < _ANNOUNCEMENT_MAX else ""
        if not announced:
            told.append((said, line))
    return told or [(announced, announced)]


def http_status(text: str) -> str | None:
    """The status of a failed HTTP reply that the text names, as text."""
    for pattern in _HTTP:
        found = pattern.search(text[:4_000])
        if found:
            return found[1]
    return None
