"""How an alert is said to stand: plain text for any channel."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bot.answering.wording import count, duration, listed, moment
from bot.domain.alerts import UNREACHABLE, Alert, AlertState, Diverted, Radius

_NAMED = 8  # Dags in a line
_LINE_MAX = 150
_LIST_MAX = 2_000
_HINT = "Mention me with a name, and I look into that one."
_BESIDE = 5  # other causes that are named
_ROUTES = "failure_webhook.routes"
_INVITE = f"Invite me there (/invite), or correct {_ROUTES}."
_DIVERSIONS = {
    "not_in_channel": ("I am no member there", _INVITE),
    "channel_not_found": ("I do not find it, or am no member there", _INVITE),
    "is_archived": ("it is archived", f"Give another channel in {_ROUTES}."),
    "in_trouble_for_a_day": ("Slack did not take it for a day", "See how Slack is doing."),
}
_REFUSED = ("Slack refuses me there ({})", f"Mend that, or correct {_ROUTES}.")
AGAIN = "I look again by myself, and change this message."
MOVED = "Airflow answers again. I have looked, and told in other threads here what it was."


def standing_mark(alert: Alert) -> str:
    if alert.state is AlertState.RECOVERED:
        return "✅"
    return "🔶" if alert.incident.startswith(UNREACHABLE) else "🔴"


def standing_words(alert: Alert, radius: Radius) -> str:
    """`Failing since 10:02 UTC, last at 10:40 UTC`; the first thing that is read."""
    if alert.state is AlertState.RECOVERED and alert.recovered_at is not None:
        lasted = duration((alert.recovered_at - alert.first_at).total_seconds())
        return f"Recovered at {_at(alert.recovered_at, alert)} after {lasted}"
    if alert.incident.startswith(UNREACHABLE):
        name = alert.incident.removeprefix(UNREACHABLE)
        return f"{name} reported failures and does not answer now"
    if max(radius.tasks, radius.runs) <= 1:
        return f"Failed at {_at(alert.first_at, alert)}"
    return f"Failing since {_at(alert.first_at, alert)}, last at {_at(alert.last_at, alert)}"


def radius_words(radius: Radius) -> str:
    """What else it reaches; empty for a single failure."""
    if max(radius.dags, radius.runs, radius.tasks) <= 1:
        return ""
    parts = [count(radius.runs, "run"), count(radius.dags, "Dag")]
    if radius.tasks > 1:
        parts.insert(0, count(radius.tasks, "task instance"))
    words = " · ".join(parts)
    if radius.dags > 1:
        words += f": {named(radius, _NAMED)}"
    return words


def history_words(alert: Alert, radius: Radius) -> str:
    """What has come and gone meanwhile; empty where nothing has."""
    parts = []
    if 0 < radius.recovered < radius.dags:
        parts.append(f"{radius.recovered} of {radius.dags} Dags run well again.")
    if 0 < radius.well < radius.parts:
        parts.append(f"Still failing: {_failing(radius)}.")
    if alert.relapses:
        times = count(alert.relapses, "time")
        parts.append(f"Failed again {times} soon after it had recovered.")
    return " ".join(parts)


def recovered_news(alert: Alert, radius: Radius) -> str:
    """For the thread, once. A Dag is not said to be well while it fails for another cause."""
    what = radius.names[0] if radius.dags == 1 and radius.names else count(radius.dags, "Dag")
    verb = "runs" if radius.dags == 1 else "run"
    if radius.beside:
        verb = "no longer fails" if radius.dags == 1 else "no longer fail"
        others = f"Still failing for another cause: {'; '.join(radius.beside[:_BESIDE])}."
        return f"✅ {standing_words(alert, radius)}: {what} {verb} for this cause. {others}"
    return f"✅ {standing_words(alert, radius)}: {what} {verb} well again."


def reminder(alert: Alert, radius: Radius, now: datetime) -> str:
    """For whoever has forgotten it."""
    age = duration((now - alert.first_at).total_seconds())
    last = f"Last failed at {_at(alert.last_at, alert)}."
    return f"⏰ Still failing after {age}: {_failing(radius)}. {alert.title}. {last}"


def diverted_words(diverted: Diverted) -> str:
    """Why it is told elsewhere and how to mend that; the name of its channel stands before."""
    why, remedy = _DIVERSIONS.get(diverted.reason, _REFUSED)
    return f": {why.format(diverted.reason)}. {remedy}"


def untold_words(hidden: int, diverted: Diverted) -> str:
    """In place of failures that the default channel may not hear of either."""
    what = f"{count(hidden, 'failure')} of Dags that this channel may not see"
    where = f"the channel {diverted.channel}{diverted_words(diverted)}"
    return f"⚠️ {what} could not be told in {where}"


def _failing(radius: Radius) -> str:
    more = radius.parts - radius.well - len(radius.failing[:_NAMED])
    names = list(radius.failing[:_NAMED])
    return f"{', '.join(names)} and {more:,} more" if more > 0 else listed(names, _NAMED)


def relapsed_news(alert: Alert) -> str:
    """In place of the news of its recovery."""
    at = _at(alert.last_at, alert)
    return f"🔴 Failed again at {at}. It had recovered, and I say so above from now on."


def list_words(alerts: Sequence[tuple[Alert, Radius]]) -> str:
    """Causes for which there was no room, each on a line with its Dags, as people look for theirs;
    says how many it leaves out."""
    lines, room = [], _LIST_MAX
    for alert, radius in alerts:
        line = f"• {named(radius, 4)}: {alert.title}"
        line = line if len(line) <= 2 * _LINE_MAX else f"{line[: 2 * _LINE_MAX - 1]}…"
        room -= len(line)
        if room < 0:
            break
        lines.append(line)
    rest = len(alerts) - len(lines)
    if rest:
        lines.append(f"… and {count(rest, 'other')}")
    head = f"{count(len(alerts), 'more failure')} than there is room for threads:"
    return "\n".join([head, *lines, _HINT])


def named(radius: Radius, limit: int) -> str:
    """The Dags by name, the first ones of many."""
    names = list(radius.names[:limit])
    more = radius.dags - len(names)
    return f"{', '.join(names)} and {more:,} more" if more else listed(names, limit)


def _at(at: datetime, alert: Alert) -> str:
    """With its day where the alert is older than that."""
    return f"{at:%H:%M} UTC" if at.date() == alert.first_at.date() else moment(at)
