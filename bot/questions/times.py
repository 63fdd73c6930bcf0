"""Reading the words that say when: days, parts of days, dates, "two hours ago"."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from bot.domain.targets import DayPart, RunChoice


@dataclass(frozen=True, slots=True)
class TimeSaid:
    """When, as far as the words tell; see `TargetHints` for the single values.

    `span` is where the words stand in the text.
    """

    run: RunChoice
    said: str
    span: tuple[int, int]
    date: str | None = None
    part: DayPart | None = None
    ago: float | None = None


def times_in(text: str) -> tuple[TimeSaid, ...]:
    """Every time that is said: dates first, then in the order of the text.

    Days that do not exist (30 Feb) are among them: they were meant as days.
    """
    # A few letters become two in lower case; the spans are those of the text.
    words = "".join(letter.lower() if len(letter.lower()) == 1 else letter for letter in text)
    found: list[TimeSaid] = []
    for pattern, read in _READERS:
        for match in pattern.finditer(words):
            if any(match.start() < end and start < match.end() for start, end in _spans(found)):
                continue
            found.append(read(match))
    return tuple(sorted(found, key=lambda time: (time.run is not RunChoice.ON_DATE, time.span)))


def without_times(text: str) -> str:
    """The text with blanks for times, clock times and amounts, none of which name anything."""
    for start, end in _spans(times_in(text)):
        text = text[:start] + " " * (end - start) + text[end:]
    return _AMOUNT.sub(" ", _CLOCK.sub(" ", text))


def _spans(times: list[TimeSaid] | tuple[TimeSaid, ...]) -> Iterator[tuple[int, int]]:
    return (time.span for time in times)


# Ids may hold such words ("load-today", "monday.sales"): only words that stand alone count.
_ALONE = r"(?<![\w.\-/])(?:%s)(?![\w\-/]|\.\w)"

_CLOCK = re.compile(
    _ALONE % r"\d{1,2}:\d{2}(?::\d{2})?(?:\s?[ap]m)?|\d{1,2}\s?[ap]m|\d{1,2} o'clock", re.I
)
_UNIT = (
    r"s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?|weeks?|months?|years?|ms|percent|%"
    r"|[kmg]i?b|bytes|runs|times|tries|attempts|retries|rows|records|lines|files|tasks|dags"
)
_AMOUNT = re.compile(
    rf"(?<![\w.\-/])(?:\d+(?:\.\d+)?\s?(?:{_UNIT})|\d{{1,3}}(?:st|nd|rd|th))(?![\w\-/]|\.\w)"
    r"|\b(?:code|status|errno|error|http|signal|port|pid|line|ticket|issue|version|year)"
    r"[ :=#]{1,2}\d+(?![\w.\-])"
    r"|\b(?:in|since|until|before|after) 20\d\d(?![\w.\-])",
    re.IGNORECASE,
)

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = (
    r"jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?"
    r"|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?"
)
_WEEKDAY = "monday|tuesday|wednesday|thursday|friday|saturday|sunday"
_WEEKDAY_BEGINNINGS = r"mon|tues?|wed|thu(?:rs?)?|fri|sat|sun"
_PART = "morning|afternoon|evening|night"
_NUMBERS = {"a": 1.0, "an": 1.0, "one": 1.0, "two": 2.0, "a couple of": 2.0, "three": 3.0,
            "a few": 3.0, "half an": 0.5, "half a": 0.5}  # fmt: skip
_SECONDS = {"m": 60.0, "h": 3600.0, "d": 86400.0, "w": 7 * 86400.0}


def _iso(match: re.Match[str]) -> TimeSaid:
    year, month, day, clock = match["year"], int(match["month"]), int(match["day"]), match["clock"]
    date = f"{year}-{month:02d}-{day:02d}" + (f"T{clock}".upper() if clock else "")
    return TimeSaid(RunChoice.ON_DATE, f"on {match.group()}", match.span(), date)


def _compact(match: re.Match[str]) -> TimeSaid:
    digits = match["digits"]
    date = f"{digits[:4]}-{digits[4:6]}-{digits[6:]}"
    return TimeSaid(RunChoice.ON_DATE, f"on {date}", match.span(), date)


def _by_month(match: re.Match[str]) -> TimeSaid:
    month, year = _MONTHS.index(match["month"][:3]) + 1, match["year"]
    date = f"{year or '-'}-{month:02d}-{int(match['day']):02d}"
    said = f"on {int(match['day'])} {match['month'][:3].title()}{' ' + year if year else ''}"
    return TimeSaid(RunChoice.ON_DATE, said, match.span(), date, _part(match))


def _by_dots(match: re.Match[str]) -> TimeSaid:
    date = f"{match['year']}-{int(match['month']):02d}-{int(match['day']):02d}"
    return TimeSaid(RunChoice.ON_DATE, f"on {match.group()}", match.span(), date)


def _ago(match: re.Match[str]) -> TimeSaid:
    count = match["count"].strip()
    number = float(count) if count[0].isdigit() else _NUMBERS[count]
    return TimeSaid(
        RunChoice.AGO, match.group(), match.span(), ago=number * _SECONDS[match["unit"][0]]
    )


def _before_yesterday(match: re.Match[str]) -> TimeSaid:
    return TimeSaid(RunChoice.AGO, match.group(), match.span(), ago=2 * _SECONDS["d"])


def _weekday(match: re.Match[str]) -> TimeSaid:
    beginning = (match["full"] or match["short"])[:3]
    day = next(name for name in _WEEKDAY.split("|") if name.startswith(beginning))
    part, last = _part(match), match["last"] or ""
    said = f"{last or 'on '}{day.title()}{' ' + part if part else ''}"
    return TimeSaid(RunChoice.ON_WEEKDAY, said, match.span(), last + day, part)


def _relative(run: RunChoice) -> Callable[[re.Match[str]], TimeSaid]:
    def read(match: re.Match[str]) -> TimeSaid:
        said = match.group().replace("'s", "").replace("\u2019s", "")
        return TimeSaid(run, said, match.span(), part=_part(match))

    return read


def _tonight(match: re.Match[str]) -> TimeSaid:
    return TimeSaid(RunChoice.TODAY, match.group(), match.span(), part=DayPart.NIGHT)


def _last_night(match: re.Match[str]) -> TimeSaid:
    return TimeSaid(RunChoice.LAST_NIGHT, "last night", match.span())


def _part(match: re.Match[str]) -> DayPart | None:
    part = match.groupdict().get("part")
    return DayPart(part) if part else None


_READERS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], TimeSaid]], ...] = tuple(
    (re.compile(_ALONE % pattern), read)
    for pattern, read in (
        (
            r"(?P<year>20\d\d)(?P<by>[\-/])(?P<month>\d{1,2})(?P=by)(?P<day>\d{1,2})"
            r"(?:[t ](?P<clock>\d{2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?(?:z|[+\-]\d{2}:?\d{2})?))?",
            _iso,
        ),
        (r"(?P<day>\d{1,2})\.(?P<month>\d{1,2})\.(?P<year>20\d\d)", _by_dots),
        (r"(?:on|of|for|from|since|date|ds)[ =:]\s?(?P<digits>20[0-9]{6})", _compact),
        (
            rf"(?P<day>\d{{1,2}})(?:st|nd|rd|th|\.)?\s(?:of\s)?(?P<month>{_MONTH})\.?"
            rf"(?:,?\s(?P<year>20\d\d))?(?:\s(?:in the\s)?(?P<part>{_PART}))?",
            _by_month,
        ),
        (
            rf"(?P<month>{_MONTH})\.?\s(?P<day>\d{{1,2}})(?:st|nd|rd|th)?(?![:\d])(?:,?\s(?P<year>20\d\d))?"
            rf"(?:\s(?:in the\s)?(?P<part>{_PART}))?",
            _by_month,
        ),
        (
            rf"(?P<count>\d{{1,4}}\s?|(?:{'|'.join(sorted(_NUMBERS, key=len, reverse=True))})\s)"
            r"(?P<unit>m|mins?|minutes?|h|hrs?|hours?|d|days?|w|weeks?) ago",
            _ago,
        ),
        (r"(?:the )?day before yesterday", _before_yesterday),
        (r"last night|overnight|nightly run", _last_night),
        (r"tonight|this night", _tonight),
        (rf"yesterday(?:['\u2019]s)?(?:\s(?P<part>{_PART}))?", _relative(RunChoice.YESTERDAY)),
        (
            r"(?:this|today['\u2019]s)\s(?P<part>morning|afternoon|evening)",
            _relative(RunChoice.TODAY),
        ),
        (r"today(?:['\u2019]s)?", _relative(RunChoice.TODAY)),
        (
            rf"(?:(?P<last>last\s)|(?:on|this|since)\s)?(?P<full>{_WEEKDAY})(?P<short>)"
            rf"(?:['\u2019]s)?(?:\s(?P<part>{_PART}))?",
            _weekday,
        ),
        (
            rf"(?:(?P<last>last\s)|(?:on|since)\s)(?P<full>)(?P<short>{_WEEKDAY_BEGINNINGS})\.?"
            rf"(?:\s(?P<part>{_PART}))?",
            _weekday,
        ),
    )
)
