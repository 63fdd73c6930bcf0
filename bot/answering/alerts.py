"""How an alert is said to stand: plain text for any channel."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bot.answering.wording import duration, listed, moment
from bot.domain.alerts import UNREACHABLE, Alert, AlertState, Diverted, Radius
from bot.words import mark, mark_many, number, say, say_many

_NAMED = 8  # Dags in a line
_LINE_MAX = 150
_LIST_MAX = 2_000
_HINT = mark("Mention me with a name, and I look into that one.")
_BESIDE = 5  # other causes that are named
_INVITE = mark("Invite me there (/invite), or correct failure_webhook.routes.")
_DIVERSIONS = {
    "not_in_channel": (mark("I am no member there"), _INVITE),
    "channel_not_found": (mark("I do not find it, or am no member there"), _INVITE),
    "is_archived": (
        mark("it is archived"),
        mark("Give another channel in failure_webhook.routes."),
    ),
    "in_trouble_for_a_day": (
        mark("Slack did not take it for a day"),
        mark("See how Slack is doing."),
    ),
}
_REFUSED = (
    mark("Slack refuses me there ({reason})"),
    mark("Mend that, or correct failure_webhook.routes."),
)
AGAIN = mark("I look again by myself, and change this message.")
MOVED = mark("Airflow answers again. I have looked, and told in other threads here what it was.")


def standing_mark(alert: Alert) -> str:
    if alert.state is AlertState.RECOVERED:
        return "✅"
    return "🔶" if alert.incident.startswith(UNREACHABLE) else "🔴"


def standing_words(alert: Alert, radius: Radius) -> str:
    """`Failing since 10:02 UTC, last at 10:40 UTC`; the first thing that is read."""
    if alert.state is AlertState.RECOVERED and alert.recovered_at is not None:
        lasted = duration((alert.recovered_at - alert.first_at).total_seconds())
        return say(
            "Recovered at {at} after {lasted}", at=_at(alert.recovered_at, alert), lasted=lasted
        )
    if alert.incident.startswith(UNREACHABLE):
        name = alert.incident.removeprefix(UNREACHABLE)
        return say("{name} reported failures and does not answer now", name=name)
    if max(radius.tasks, radius.runs) <= 1:
        return say("Failed at {at}", at=_at(alert.first_at, alert))
    first, last = _at(alert.first_at, alert), _at(alert.last_at, alert)
    return say("Failing since {first}, last at {last}", first=first, last=last)


def radius_words(radius: Radius) -> str:
    """What else it reaches; empty for a single failure."""
    if max(radius.dags, radius.runs, radius.tasks) <= 1:
        return ""
    parts = [say_many("{n} run", "{n} runs", radius.runs), _dags(radius)]
    if radius.tasks > 1:
        parts.insert(0, say_many("{n} task instance", "{n} task instances", radius.tasks))
    words = " · ".join(parts)
    if radius.dags > 1:
        words += f": {named(radius, _NAMED)}"
    return words


def history_words(alert: Alert, radius: Radius) -> str:
    """What has come and gone meanwhile; empty where nothing has."""
    parts = []
    if 0 < radius.recovered < radius.dags:
        parts.append(
            say_many(
                "{n} of {all} Dags run well again.",
                "{n} of {all} Dags run well again.",
                radius.recovered,
                all=number(radius.dags),
            )
        )
    if 0 < radius.well < radius.parts:
        parts.append(say("Still failing: {names}.", names=_failing(radius)))
    if alert.relapses:
        parts.append(
            say_many(
                "Failed again {n} time soon after it had recovered.",
                "Failed again {n} times soon after it had recovered.",
                alert.relapses,
            )
        )
    return " ".join(parts)


def recovered_news(alert: Alert, radius: Radius) -> str:
    """For the thread, once. A Dag is not said to be well while it fails for another cause."""
    what = radius.names[0] if radius.dags == 1 and radius.names else _dags(radius)
    one, many = mark_many(
        "✅ {standing}: {what} runs well again.", "✅ {standing}: {what} run well again."
    )
    others = ""
    if radius.beside:
        one, many = mark_many(
            "✅ {standing}: {what} no longer fails for this cause.",
            "✅ {standing}: {what} no longer fail for this cause.",
        )
        names = "; ".join(map(say, radius.beside[:_BESIDE]))
        others = say(" Still failing for another cause: {names}.", names=names)
    standing = standing_words(alert, radius)
    return say_many(one, many, radius.dags, standing=standing, what=what) + others


def reminder(alert: Alert, radius: Radius, now: datetime) -> str:
    """For whoever has forgotten it."""
    return say(
        "⏰ Still failing after {age}: {names}. {title}. Last failed at {at}.",
        age=duration((now - alert.first_at).total_seconds()),
        names=_failing(radius),
        title=say(alert.title),
        at=_at(alert.last_at, alert),
    )


def diverted_words(diverted: Diverted) -> str:
    """Why it is told elsewhere and how to mend that; the name of its channel stands before."""
    why, remedy = _DIVERSIONS.get(diverted.reason, _REFUSED)
    return f": {say(why, reason=diverted.reason)}. {say(remedy)}"


def untold_words(hidden: int, diverted: Diverted) -> str:
    """In place of failures that the default channel may not hear of either."""
    return say_many(
        "⚠️ {n} failure of Dags that this channel may not see could not be told in the channel "
        "{channel}{why}",
        "⚠️ {n} failures of Dags that this channel may not see could not be told in the channel "
        "{channel}{why}",
        hidden,
        channel=diverted.channel,
        why=diverted_words(diverted),
    )


def _failing(radius: Radius) -> str:
    more = radius.parts - radius.well - len(radius.failing[:_NAMED])
    names = list(radius.failing[:_NAMED])
    if more <= 0:
        return listed(names, _NAMED)
    return say_many("{named} and {n} more", "{named} and {n} more", more, named=", ".join(names))


def relapsed_news(alert: Alert) -> str:
    """In place of the news of its recovery."""
    at = _at(alert.last_at, alert)
    return say("🔴 Failed again at {at}. It had recovered, and I say so above from now on.", at=at)


def list_words(alerts: Sequence[tuple[Alert, Radius]]) -> str:
    """Causes for which there was no room, each on a line with its Dags, as people look for theirs;
    says how many it leaves out."""
    lines, room = [], _LIST_MAX
    for alert, radius in alerts:
        line = f"• {named(radius, 4)}: {say(alert.title)}"
        line = line if len(line) <= 2 * _LINE_MAX else f"{line[: 2 * _LINE_MAX - 1]}…"
        room -= len(line)
        if room < 0:
            break
        lines.append(line)
    rest = len(alerts) - len(lines)
    if rest:
        lines.append(say_many("… and {n} other", "… and {n} others", rest))
    head = say_many(
        "{n} more failure than there is room for threads:",
        "{n} more failures than there is room for threads:",
        len(alerts),
    )
    return "\n".join([head, *lines, say(_HINT)])


def named(radius: Radius, limit: int) -> str:
    """The Dags by name, the first ones of many."""
    names = list(radius.names[:limit])
    more = radius.dags - len(names)
    if not more:
        return listed(names, limit)
    return say_many("{named} and {n} more", "{named} and {n} more", more, named=", ".join(names))


def _dags(radius: Radius) -> str:
    return say_many("{n} Dag", "{n} Dags", radius.dags)


def _at(at: datetime, alert: Alert) -> str:
    """With its day where the alert is older than that."""
    return f"{at:%H:%M} UTC" if at.date() == alert.first_at.date() else moment(at)
