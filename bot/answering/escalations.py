"""How an escalation stands, in words: the same for the asker, for those on call, and in lists."""

from __future__ import annotations

from bot.answering.wording import count, listed, moment
from bot.domain.escalations import Escalation, PageNote, ReachCount, Rule, State, Touched
from bot.domain.oncall import PageStatus

_STANDING = {
    State.OPEN: "A human was called; nobody has acknowledged it yet",
    State.ACKNOWLEDGED: "Somebody is on it",
    State.MITIGATED: "The harm has stopped; the cause is being looked for",
    State.HANDED_ON: "It was handed on; they have not acknowledged it yet",
    State.SNOOZED: "It is put off",
    State.RESOLVED: "Resolved",
    State.EXPIRED: "It has expired: nobody did anything about it",
}
_MARKS = {
    State.OPEN: "🔔",
    State.ACKNOWLEDGED: "🙋",
    State.MITIGATED: "🩹",
    State.HANDED_ON: "🤝",
    State.SNOOZED: "💤",
    State.RESOLVED: "✅",
    State.EXPIRED: "⌛",
}
_RULES = {
    Rule.ASKED_FOR: "asked for",
    Rule.UNKNOWN: "the verdict is unknown",
    Rule.LOW_CONFIDENCE: "the verdict is a guess",
    Rule.THRESHOLD: "the threshold of its runbook",
    Rule.DOWN_TWICE: "👎 twice",
    Rule.UNANSWERED: "nobody reacted",
}
_THINGS = {
    Touched.CLUSTER: "cluster",
    Touched.DAG: "Dag",
    Touched.RUN: "run",
    Touched.TASK: "task",
    Touched.DOWNSTREAM: "task held up behind",
    Touched.ASSET: "asset not written",
    Touched.WAITING_DAG: "other Dag that waits",
}
_THINGS_MANY = {
    Touched.DOWNSTREAM: "tasks held up behind",
    Touched.ASSET: "assets not written",
    Touched.WAITING_DAG: "other Dags that wait",
}
_NAMED = frozenset({Touched.CLUSTER, Touched.DAG, Touched.ASSET, Touched.WAITING_DAG})


def standing_mark(state: State) -> str:
    return _MARKS[state]


def standing_words(escalation: Escalation) -> str:
    """One sentence without its full stop; whoever has it is named beside it."""
    if escalation.fault and escalation.state is State.OPEN:
        return "A human is needed, and could not be told"
    if escalation.state is State.OPEN and escalation.is_channel_called:
        return "The whole channel was called; nobody has acknowledged it yet"
    if escalation.state is State.SNOOZED and escalation.snoozed_until:
        return f"It is put off until {moment(escalation.snoozed_until)}"
    return _STANDING[escalation.state]


def why_called(escalation: Escalation) -> str:
    """The rule that fired, with what it fired on."""
    return f"Called because: {_RULES[escalation.fired.rule]}. {escalation.fired.words}"


def page_words(page: PageNote | None) -> str:
    """What became of the newest page; a failure is said to be one."""
    if page is None:
        return ""
    who = f"level {page.level}"
    if page.names:
        who += f" ({listed(list(page.names))})"
    reason = f": {page.reason.rstrip('.')}" if page.reason else ""
    again = " I keep trying." if page.is_tried_again else ""
    match page.status:
        case PageStatus.PAGED:
            return f"Paged {who}."
        case PageStatus.NAMED if page.names:
            return f"Called {who} in this channel."
        case PageStatus.NAMED:
            return f"Nobody is on call at {who}{reason}."
        case PageStatus.FAILED:
            return f"Paging {who} FAILED{reason}.{again}"
        case PageStatus.UNCERTAIN:
            return f"Whether the page reached {who} is not known{reason}.{again}"


def reach_words(reach: tuple[ReachCount, ...]) -> str:
    """`3 Dags (a, b, c), 41 tasks`; "" where nothing is known."""
    parts = []
    for one in reach:
        words = count(one.count, _THINGS[one.kind], _THINGS_MANY.get(one.kind, ""))
        named = one.kind in _NAMED
        more = ", …" if one.count > len(one.names) else ""
        parts.append(f"{words} ({', '.join(one.names)}{more})" if named else words)
    return ", ".join(parts)
