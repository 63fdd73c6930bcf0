"""What kind of error an exception is, by its type and, where types say little, by its words."""

from __future__ import annotations

import re

_BY_WORDS = (
    ("memory", re.compile(r"OutOfMemory|Cannot allocate memory|bad_alloc|Java heap space", re.I)),
    ("disk", re.compile(r"No space left on device|Errno 28|Disk quota exceeded|Errno 122", re.I)),
    (
        "network",
        re.compile(r"Connection (?:refused|reset|aborted)|Name or service not known", re.I),
    ),
    ("timeout", re.compile(r"\btimed out\b|time-?out expired|DEADLINE_EXCEEDED", re.I)),
)
_BY_TYPE = (
    ("memory", re.compile(r"^(?:MemoryError|OutOfMemoryError|_ArrayMemoryError)$")),
    ("import", re.compile(r"^(?:ModuleNotFoundError|ImportError|SyntaxError|IndentationError)$")),
    ("template", re.compile(r"^(?:Template\w*|Undefined\w*Error|SecurityError)$")),
    (
        "timeout",
        re.compile(r"Time(?:d)?[oO]ut|DeadlineExceeded|^ReadTimeout"),
    ),
    (
        "auth",
        re.compile(
            r"Auth\w*(?:Error|Exception)|Unauthorized|Forbidden|Credential|AccessDenied|Permission"
            r"Denied|^RefreshError|ExpiredToken|InvalidToken|LoginError"
        ),
    ),
    (
        "network",
        re.compile(
            r"Connect(?:ion)?\w*Error|^ConnectError|^gaierror|BrokenPipe|RemoteDisconnected|SSL|"
            r"NameResolution|MaxRetry|ProtocolError|ConnectionClosed|NoBrokersAvailable|AutoReconnect"
            r"|ServerSelection|UnknownHost|ConnectException|ServerDisconnected|IncompleteRead"
        ),
    ),
    (
        "http",
        re.compile(r"^HTTP\w*(?:Error|Exception)|HttpError|^ApiException|StatusError|ClientError"),
    ),
    (
        "data",
        re.compile(
            r"JSONDecode|^ParserError|EmptyData|Unicode(?:De|En)codeError|IntegrityError|DataError"
            r"|Validation\w*Error|SchemaError|Arrow(?:Invalid|TypeError)|InvalidOperation|NotNull"
            r"|UniqueViolation|NumericValue|BadZipFile|XMLSyntax|InvalidTextRepresentation"
        ),
    ),
    (
        "sql",
        re.compile(
            r"^(?:Programming|Operational|Database|Interface|Internal|NotSupported)Error$|Undefined"
            r"(?:Table|Column|Function)|^SyntaxErrorOrAccess|AnalysisException|SQLCompilation"
        ),
    ),
    ("airflow", re.compile(r"^Airflow|^DagNotFound|^TaskNotFound|^XCom|^Pool|Dag\w*Exception")),
    (
        "python",
        re.compile(
            r"^(?:Type|Name|Attribute|Key|Index|Value|ZeroDivision|Assertion|UnboundLocal|Recursion"
            r"|NotImplemented|Lookup|Runtime|OS|FileNotFound|Permission|IsADirectory|NotADirectory"
            r"|FileExists|StopIteration|Overflow|Arithmetic)Error$|^Exception$"
        ),
    ),
)


def family(short_type: str, message: str) -> str | None:
    """One word of the vocabulary's `family`, or None where nothing is known of the type."""
    for name, pattern in _BY_WORDS:
        if pattern.search(message[:1_000]):
            return name
    for name, pattern in _BY_TYPE:
        if pattern.search(short_type):
            return name
    return None
