"""What a message says without what differs from one time to the next."""

from __future__ import annotations

import re

from bot.diagnosis.text import normalise

_SHAPE_MAX = 300
_FIRST_SENTENCE = 40  # characters at least; what comes after it goes into details
_VARIES = "#"

# Codes by which a system names an error are digits that never vary: kept before the rest is masked.
_CODE = re.compile(
    r"(?i:\b(?:errno|exit (?:code|status)|return code|status(?: code)?|http(?:/\d\.\d)?|error)"
    r"[ :=#(]{1,3}-?\d{1,5}\b)"
    r"|\b[A-Z]{2,5}-\d{3,6}\b|\b[45]\d\d (?:Client|Server) Error"
)
_URL = re.compile(r"\b([a-z][a-z0-9+.-]{1,12}://)([^\s/'\"<>()\\,]+)[^\s'\"<>()\\,]*", re.I)
_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"|`[^`]*`")
_PATH = re.compile(r"(?:[A-Za-z]:)?(?:[/\\][\w.@+=%-]+){2,}/?")
_EMAIL = re.compile(r"[\w.+-]+@[\w.-]+\.\w+")
# A word with a digit in it names one thing of many: a date, an address, an id, a host, a part.
_WITH_DIGIT = re.compile(r"[\w.:@+%~-]*\d[\w.:@+%~-]*")
# Names made up by Kubernetes end in letters that spell no word.
_MADE_UP = re.compile(r"\b[a-z0-9]+(?:-[a-z0-9]+)*-[bcdfghjklmnpqrstvwxz2456789]{5,10}\b")
_SEVERAL = re.compile(r"#(?:[\s,;:|/()\[\]{}<>=#-]+#)+")


# `Type: message` is written with the type's module in one place and without it in another.
_MODULE = re.compile(r"^(?:[A-Za-z_]\w*\.)+(?=[A-Z]\w*(?::|$)|\w*(?i:error|exception)\w*:)")
_END_OF_SENTENCE = re.compile(r"(?<=[a-z)\]#'\"])[.;!?] ")


def shape_of(message: str, *, names: bool) -> str:
    """The first sentence of the message in lower case with `#` in place of what varies; `names`
    leaves names in quotes as they are, as far as there are no digits in them."""
    text = _MODULE.sub("", normalise(message))[: 4 * _SHAPE_MAX]
    codes: list[str] = []

    def kept(hit: re.Match[str]) -> str:
        codes.append(hit[0])
        return f" \0{chr(0xE000 + len(codes) - 1)} "

    text = _CODE.sub(kept, text)
    text = _URL.sub(lambda hit: f"{hit[1]}{_masked(hit[2])}", text)
    if not names:
        text = _QUOTED.sub(_VARIES, text)
    text = _masked(_PATH.sub(_VARIES, _EMAIL.sub(_VARIES, text)))
    text = _SEVERAL.sub(_VARIES, text)
    for place, code in enumerate(codes):
        text = text.replace(f"\0{chr(0xE000 + place)}", code)
    end = _END_OF_SENTENCE.search(text, _FIRST_SENTENCE)
    return " ".join(text[: end.start() if end else _SHAPE_MAX].lower().split())


def _masked(text: str) -> str:
    return _WITH_DIGIT.sub(_VARIES, _MADE_UP.sub(_VARIES, text))


GAP = "\0"
"""In place of what varies, where the rest is kept to the letter."""


def with_gaps(message: str) -> str:
    """The message, normalised and with its letters as they are, but for what varies from one time
    to the next: numbers, ids, paths, addresses. Names in quotes stay."""
    codes: list[str] = []

    def kept(hit: re.Match[str]) -> str:
        codes.append(hit[0])
        return chr(0xE000 + len(codes) - 1)

    text = _CODE.sub(kept, normalise(message))
    for varies in (_URL, _PATH, _EMAIL, _MADE_UP, _WITH_DIGIT):
        text = varies.sub(GAP, text)
    for place, code in enumerate(codes):
        text = text.replace(chr(0xE000 + place), code)
    return text


_HOST = re.compile(
    r"(?:"
    r"[a-z][a-z0-9+.-]{1,12}://(?:[^\s/@'\"]*@)?(?P<url>[\w.-]+)"
    r"|\bhost(?:name)?\s?[=:]?\s?(?:name\s)?[\"'(]?(?P<said>[\w.-]{3,})"
    r"|\bserver at [\"'](?P<at>[\w.-]{3,})"
    r"|\b(?:connect(?:ing|ion)?|connected|endpoint|broker|address|resolve|resolving|lookup|to)"
    r"(?: to| for| of| server| url)? [\"'(]?(?P<to>(?:[\w-]+\.)+[a-z]{2,})\b"
    r"|(?P<name>\b(?:[a-z0-9-]+\.){2,}[a-z]{2,})(?=[:/\s'\",)]|$)"
    r")",
    re.I,
)
_NO_HOST = re.compile(
    r"^(?:[\d.:]+|localhost|is|for|and|the|not|was|has|unreachable|key)$"
    r"|\.(?:py|sql|csv|json|ya?ml|log|txt|sh|java|scala|parquet|gz|zip|xml|so|html?)$"
    r"|^(?:org|com|java|javax|io|net|sun|airflow|sqlalchemy|psycopg2?|requests|urllib3|google"
    r"|botocore|snowflake|kubernetes|azure|tests?)\.",
    re.I,
)
_HELP = re.compile(
    r"\bsee:? \S+|\bbackground on this error at:? \S+|\bfor more information\W.{0,20}https?://\S+"
    r"|\bdocs?\.[\w.-]+|\bdeveloper\.[\w.-]+|\bsqlalche\.me\S*",
    re.I,
)


def host_in(message: str) -> str:
    """The outside host that a message names, without what numbers it; "" where it names none."""
    text = _HELP.sub(" ", _MODULE.sub("", normalise(message)))
    for hit in _HOST.finditer(text):
        found = next(one for one in hit.groups() if one is not None).strip(".-").lower()
        if not _NO_HOST.search(found) and any(letter.isalpha() for letter in found):
            return re.sub(r"\d+", _VARIES, found)
    return ""


_IS_ABSENT = (
    r"(?:(?:does not|doesn't) exist|(?:is not|isn't|not|is un)\s?(?:defined|found|registered|set)"
    r"|(?:could not be|was not|cannot be) found|is missing|is unknown)"
)
_ABSENT = re.compile(
    rf"[\"'`](?P<quoted>[^\"'`]{{2,120}})[\"'`][^.;\"'`]{{0,30}}?\b{_IS_ABSENT}"
    rf"|\b(?:column|relation|table|view|schema|function|dataset|bucket|topic|variable|connection"
    rf"|conn_id|pool|secret|key|parameter) (?P<bare>[\w.-]{{2,120}}) {_IS_ABSENT}"
    r"|\bno module named [\"']?(?P<module>[\w.]+)"
    r"|\b(?:no such (?:table|column|file or directory|bucket|image|container|host)|not_found)"
    r"[^\w/.~]{1,3}(?:\W?key\W{1,4})?(?P<such>[\w./~-]{2,200})"
    r"|(?P<command>[\w./-]+): (?:command )?not found",
    re.I,
)


def absent_in(message: str) -> str:
    """The name of what a message says is not there; "" where it names nothing that stays the same
    from one time to the next."""
    found = _ABSENT.search(normalise(message))
    if found is None:
        return ""
    words = next(one for one in found.groups() if one is not None).split()
    name = _masked(words[-1] if len(words) == 1 else _longest(words)).lower().strip(".")
    return "" if _VARIES in name else name


def _longest(words: list[str]) -> str:
    """Of "Variable sftp_root" the name: words of a language have no joints."""
    joined = [one for one in words if "_" in one or "." in one or "-" in one]
    return max(joined or words, key=len)
