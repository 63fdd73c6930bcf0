"""How much room there is and how it goes on, in words for any channel."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from bot.answering.wording import count, duration, moment
from bot.domain.capacity import Forecast, Gauge, GaugeKind, Outlook, Standing, Warned

_MARKS = {Standing.ROOM: "▫️", Standing.FORESEEN: "🟠", Standing.FULL: "🔴"}
_NAME_MAX = 80
_ORDER = {Standing.FULL: 0, Standing.FORESEEN: 1, Standing.ROOM: 2}
_TIGHT = 0.8  # of the limit


def outlook_mark(outlook: Outlook) -> str:
    return _MARKS[outlook.standing]


def outlook_words(outlook: Outlook) -> str:
    """`pool etl: 34 of 40 slots taken, 6 more an hour: full at about 02:10 UTC (01:50 to 03:00)`"""
    gauge, forecast = outlook.gauge, outlook.forecast
    words = f"{_named(gauge)}: {_measured(gauge)}"
    if gauge.is_full and gauge.waiting and gauge.kind is GaugeKind.POOL:
        return f"{words}, {count(gauge.waiting, 'task')} waiting"
    if forecast is None:
        return words
    return f"{words}, {_rate(gauge, forecast)}: {_foreseen(gauge, forecast)}"


def telling(outlooks: Sequence[Outlook], limit: int) -> list[Outlook]:
    """Those worth a line: full, foreseen to be, or nearly so; the gravest first."""
    found = [one for one in outlooks if one.standing is not Standing.ROOM or _is_tight(one.gauge)]
    return sorted(found, key=lambda one: (_ORDER[one.standing], one.gauge.key))[:limit]


def warning_words(warned: Warned) -> str:
    """The message in the channel of the platform team, as the trouble stands."""
    outlook, where = warned.outlook, warned.cluster
    if warned.is_over:
        lasted = duration((warned.last_at - warned.began_at).total_seconds())
        return f"✅ {where}: {outlook_words(outlook)}. Over after {lasted}."
    words = f"{outlook_mark(outlook)} {where}: {outlook_words(outlook)}."
    return f"{words}\nSeen since {moment(warned.began_at)}. I say so here when it is over."


def over_words(warned: Warned) -> str:
    """For the thread, once."""
    return f"✅ There is room again: {outlook_words(warned.outlook)}."


def _named(gauge: Gauge) -> str:
    name = gauge.name if len(gauge.name) <= _NAME_MAX else f"{gauge.name[: _NAME_MAX - 1]}…"
    match gauge.kind:
        case GaugeKind.POOL:
            return f"pool {name}"
        case GaugeKind.SLOTS:
            return f"slots of the {name}"
        case GaugeKind.QUEUE:
            return f"queue of the {name}"
        case _:
            return name


def _measured(gauge: Gauge) -> str:
    match gauge.kind:
        case GaugeKind.POOL | GaugeKind.SLOTS:
            if gauge.limit is None:
                return f"{gauge.used:,.0f} taken, without a limit that is known"
            return f"{gauge.used:,.0f} of {gauge.limit:,.0f} slots taken"
        case GaugeKind.QUEUE:
            if not gauge.waiting:
                return "nothing waits"
            tasks = count(gauge.waiting, "task")
            given_up = f", given up after {duration(gauge.limit)}" if gauge.limit else ""
            return f"{tasks} queued, the oldest for {duration(gauge.used)}{given_up}"
        case GaugeKind.HEARTBEAT:
            state = "not healthy, last" if gauge.is_full else "healthy,"
            return f"{state} heard of {duration(gauge.used)} before"
        case GaugeKind.ANSWER:
            return "does not answer" if gauge.is_full else "answers"


def _rate(gauge: Gauge, forecast: Forecast) -> str:
    if gauge.kind is GaugeKind.QUEUE:
        return "longer and longer"
    return f"{forecast.per_hour:,.0f} more an hour" if forecast.per_hour >= 1 else "slowly more"


def _foreseen(gauge: Gauge, forecast: Forecast) -> str:
    what = "that long" if gauge.kind is GaugeKind.QUEUE else "full"
    latest = f"to {_clock(forecast.latest)}" if forecast.latest else "or perhaps never"
    return f"{what} at about {_clock(forecast.at)} UTC ({_clock(forecast.earliest)} {latest})"


def _clock(at: datetime) -> str:
    """Nobody knows it to a minute: to the next five."""
    rounded = at + timedelta(minutes=(-at.minute) % 5, seconds=-at.second)
    return f"{rounded:%H:%M}"


def _is_tight(gauge: Gauge) -> bool:
    if gauge.limit is None or gauge.limit <= 0 or gauge.kind is GaugeKind.HEARTBEAT:
        return False
    return gauge.used >= _TIGHT * gauge.limit
