"""How much room there is and how it goes on, in words for any channel."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from bot.answering.wording import duration, moment
from bot.domain.capacity import Forecast, Gauge, GaugeKind, Outlook, Standing, Warned
from bot.words import mark, number, say, say_many

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
        return words + say_many(", {n} task waiting", ", {n} tasks waiting", gauge.waiting)
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
        return f"✅ {where}: {outlook_words(outlook)}. " + say(
            "Over after {lasted}.", lasted=lasted
        )
    words = f"{outlook_mark(outlook)} {where}: {outlook_words(outlook)}."
    since = say("Seen since {at}. I say so here when it is over.", at=moment(warned.began_at))
    return f"{words}\n{since}"


def over_words(warned: Warned) -> str:
    """For the thread, once."""
    return say("✅ There is room again: {outlook}.", outlook=outlook_words(warned.outlook))


def _named(gauge: Gauge) -> str:
    name = gauge.name if len(gauge.name) <= _NAME_MAX else f"{gauge.name[: _NAME_MAX - 1]}…"
    match gauge.kind:
        case GaugeKind.POOL:
            return say("pool {name}", name=name)
        case GaugeKind.SLOTS:
            return say("slots of the {name}", name=name)
        case GaugeKind.QUEUE:
            return say("queue of the {name}", name=name)
        case _:
            return name


def _measured(gauge: Gauge) -> str:
    match gauge.kind:
        case GaugeKind.POOL | GaugeKind.SLOTS:
            if gauge.limit is None:
                return say("{n} taken, without a limit that is known", n=number(gauge.used))
            used, limit = number(gauge.used), number(gauge.limit)
            return say("{n} of {all} slots taken", n=used, all=limit)
        case GaugeKind.QUEUE:
            if not gauge.waiting:
                return say("nothing waits")
            queued = say_many(
                "{n} task queued, the oldest for {age}",
                "{n} tasks queued, the oldest for {age}",
                gauge.waiting,
                age=duration(gauge.used),
            )
            if not gauge.limit:
                return queued
            return queued + say(", given up after {limit}", limit=duration(gauge.limit))
        case GaugeKind.HEARTBEAT:
            healthy = mark("healthy, heard of {age} before")
            ill = mark("not healthy, last heard of {age} before")
            return say(ill if gauge.is_full else healthy, age=duration(gauge.used))
        case GaugeKind.ANSWER:
            return say("does not answer") if gauge.is_full else say("answers")


def _rate(gauge: Gauge, forecast: Forecast) -> str:
    if forecast.days:
        return say("as on the {n} days before", n=number(forecast.days))
    if gauge.kind is GaugeKind.QUEUE:
        return say("longer and longer")
    if forecast.per_hour < 1:
        return say("slowly more")
    return say("{n} more an hour", n=number(forecast.per_hour))


def _foreseen(gauge: Gauge, forecast: Forecast) -> str:
    about, earliest = _clock(forecast.at), _clock(forecast.earliest)
    span = say("{earliest} or perhaps never", earliest=earliest)
    if forecast.latest:
        latest = _clock(forecast.latest)
        span = say("{earliest} to {latest}", earliest=earliest, latest=latest)
    if gauge.kind is GaugeKind.QUEUE:
        return say("that long at about {at} UTC ({span})", at=about, span=span)
    return say("full at about {at} UTC ({span})", at=about, span=span)


def _clock(at: datetime) -> str:
    """Nobody knows it to a minute: to the next five."""
    rounded = at + timedelta(minutes=(-at.minute) % 5, seconds=-at.second)
    return f"{rounded:%H:%M}"


def _is_tight(gauge: Gauge) -> bool:
    if gauge.limit is None or gauge.limit <= 0 or gauge.kind is GaugeKind.HEARTBEAT:
        return False
    return gauge.used >= _TIGHT * gauge.limit
