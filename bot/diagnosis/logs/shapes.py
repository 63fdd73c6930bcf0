"""How exceptions look in text: Python's and Java's frames, headers and `Type: message` lines."""

from __future__ import annotations

import re

import re2

TRACEBACK = "Traceback (most recent call last)"
DURING = "During handling of the above exception, another exception occurred"
CAUSE = "The above exception was the direct cause of the following exception"

# What child systems and exception groups put before a line of a traceback.
_MARGIN = re.compile(r"^\s*(?:\[[\w-]{1,30}\] )?(?:[|│]\s?)*(?:\+-)?")
_GROUP_RULE = re.compile(r"^[\s|+]*\+?-\+?-{4,}")
_BOX = re.compile(r"^\s*[╭╰┌└]")

FRAME = re.compile(r'\s*File "(?P<file>[^"]+)", line (?P<line>\d+)(?:, in (?P<function>.+))?')
# structlog's boxed tracebacks: "/opt/airflow/dags/x.py:12 in load"
BOX_FRAME = re.compile(r"\s*(?P<file>/?[\w./<>-]+\.py):(?P<line>\d+) in (?P<function>\S+)\s*│?\s*$")
JAVA_FRAME = re.compile(r"\s*at (?P<function>[\w.$/<>]+)\((?P<file>[^():]*)(?::(?P<line>\d+))?\)")
JAVA_MORE = re.compile(r"\s*\.\.\. \d+ (?:more|common frames)")

_ENDINGS = (
    "Error|Exception|Failure|Fault|Timeout|TimedOut|Interrupt|Exit|Terminated|Warning|Refused"
    "|Denied|Expired|NotFound|Required|YouOwned|OwnedByYou|NoSuch\\w+|Undefined\\w*|Died|Lost"
    "|Empty|Exceeded|Unavailable|Group|Failed|Mismatch|Iteration|Invalid\\w*|Skip|Deferred"
)
# `Type: message` where the type tells itself by its name.
_TELLING = re.compile(
    rf"(?:E\s{{3,}})?:?\s*(?P<type>(?:[A-Za-z_]\w*\.)*(?:[A-Z]\w*?(?:{_ENDINGS})|Exception|SystemExit))(?::\s?(?P<message>.*)|\s*)$",
    re.DOTALL,
)
_DOTTED = re.compile(r"(?P<type>[a-z_]\w*(?:\.\w+)*\.[A-Z]\w*)(?::\s(?P<message>.*)|)$", re.DOTALL)
# Behind indented frames any name at the margin is the exception's type.
_ANY_TYPE = re.compile(r"(?P<type>[A-Za-z_][\w.]*)(?::\s(?P<message>.*)|:?)$", re.DOTALL)
JAVA_HEAD = re.compile(
    r'(?P<lead>Exception in thread "[^"]*"|Caused by:|Suppressed:|^\s*:)\s+'
    r"(?P<type>(?:[a-z]\w*\.)+[A-Z][\w$]*)(?::\s?(?P<message>.*))?$",
    re.DOTALL,
)

_LIBRARY = re.compile(
    r"site-packages/|dist-packages/|/lib/python\d|^<|/usr/local/lib/python|/spark/python/|\.zip/"
    r"|pandas/_libs/|^src/.*\.pyx$|\.pyx$|/bin/(?:airflow|dbt|papermill)$|/airflow/(?:models|cli"
    r"|executors|jobs|utils|task|sdk|providers|operators|hooks|sensors|decorators|www|api)/"
)
_JAVA_LIBRARY = re.compile(
    r"(?:java|javax|jdk|sun|com\.sun|scala|kotlin|org\.apache|org\.spark_?project|org\.eclipse"
    r"|py4j|com\.amazonaws|software\.amazon|com\.google|io\.netty|org\.postgresql|com\.mysql"
    r"|com\.databricks|com\.fasterxml|io\.grpc|net\.snowflake)\b"
)

# Exceptions that only say that something below failed; the cause is what that something said.
_WRAPPER = re2.compile(
    r"(?i)bash command failed|cannot execute: |returned (?:a )?non-zero|"
    r"exited? with (?:a )?(?:non-zero|"
    r"return|exit|status|code)|exit status|exit code|pod .{0,200}returned a failure|"
    r"pod .{0,200} failed|"
    r"docker container failed|dockercontainerfailed|error running ssh|ssh operator error|"
    r"task received sigterm|script failed|calledprocesserror|py4jjavaerror|"
    r"an error occurred while calling|job run failed|job .{0,80}failed|task failed with exception|"
    r"error\(s\) have occurred|task exited|job aborted due to stage failure|"
    r"exception thrown in awaitresult|retryerror|run failed with terminal state|"
    r"state of this instance|command failed|failed to execute job|unknown error|"
    r"dagrun finished with|failed with state|query failed$|pipeline failed$"
)
# Wrappers in form whose text already names a cause.
_TELLS_CAUSE = re2.compile(
    r"(?i)oomkilled|outofmemory|exit code:? ?137|no space left|evicted|statement timeout|imagepull|"
    r"errimage|crashloop|unschedulable|failedscheduling|heartbeat timeout|zombie"
)


def bare(text: str) -> str:
    """The line without the margin that a relay or an exception group put before it."""
    if text[:1] in " |[│+" and (match := _MARGIN.match(text)):
        margin = match.group()
        if margin.strip():
            return text[match.end() :]
    return text


def is_rule(text: str) -> bool:
    """A line that only draws: group separators and box edges."""
    return _GROUP_RULE.match(text) is not None or _BOX.match(text) is not None


def is_library(file: str) -> bool:
    """Whether a Python file belongs to Airflow, a package or Python itself."""
    return _LIBRARY.search(file) is not None


def is_java_library(function: str) -> bool:
    """Whether a Java method belongs to a platform or a well-known library."""
    return _JAVA_LIBRARY.match(function) is not None


def told_type(text: str) -> tuple[str, str] | None:
    """(type, message) where the line is `Type: message` and the name tells that it is one."""
    match = _TELLING.match(text.strip())
    return None if match is None else (match["type"], (match["message"] or "").strip())


def raised_type(text: str, *, is_loose: bool) -> tuple[str, str] | None:
    """(type, message) of the line that ends a traceback. Loose: any name will do."""
    text = text.strip()
    match = _TELLING.match(text) or _DOTTED.match(text)
    if match is None and is_loose:
        match = _ANY_TYPE.match(text)
    return None if match is None else (match["type"], (match["message"] or "").strip())


def ends_message(text: str) -> bool:
    """Whether a message of several lines is over before this line."""
    return (
        not text.strip()
        or any(mark in text for mark in (TRACEBACK, DURING, CAUSE))
        or any(shape.match(text) for shape in (FRAME, JAVA_FRAME))
        or JAVA_HEAD.search(text) is not None
        or is_rule(text)
    )


def is_wrapper(type_: str, message: str) -> bool:
    """Whether it only reports that something else failed."""
    text = f"{type_}: {message[:400]}"
    return _WRAPPER.search(text) is not None and _TELLS_CAUSE.search(text) is None
