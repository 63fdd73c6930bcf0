"""How an escalation stands, in words: the same for the asker, for those on call, and in lists."""

from __future__ import annotations

from datetime import datetime

from bot.answering.wording import listed, moment
from bot.domain.escalations import Escalation, PageNote, ReachCount, Rule, State, Touched
from bot.domain.oncall import PageStatus
from bot.words import mark, mark_many, say, say_many

_STANDING = {
    State.OPEN: mark("A human was called; nobody has acknowledged it yet"),
    State.ACKNOWLEDGED: mark("Somebody is on it"),
    State.MITIGATED: mark("The harm has stopped; the cause is being looked for"),
    State.HANDED_ON: mark("It was handed on; they have not acknowledged it yet"),
    State.SNOOZED: mark("It is put off"),
    State.RESOLVED: mark("Resolved"),
    State.EXPIRED: mark("It has expired: nobody did anything about it"),
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
    Rule.ASKED_FOR: mark("asked for"),
    Rule.UNKNOWN: mark("the verdict is unknown"),
    Rule.LOW_CONFIDENCE: mark("the verdict is a guess"),
    Rule.THRESHOLD: mark("the threshold of its runbook"),
    Rule.DOWN_TWICE: mark("👎 twice"),
    Rule.UNANSWERED: mark("nobody reacted"),
}
_THINGS = {
    Touched.CLUSTER: mark_many("{n} cluster", "{n} clusters"),
    Touched.DAG: mark_many("{n} Dag", "{n} Dags"),
    Touched.RUN: mark_many("{n} run", "{n} runs"),
    Touched.TASK: mark_many("{n} task", "{n} tasks"),
    Touched.DOWNSTREAM: mark_many("{n} task held up behind", "{n} tasks held up behind"),
    Touched.ASSET: mark_many("{n} asset not written", "{n} assets not written"),
    Touched.WAITING_DAG: mark_many("{n} other Dag that waits", "{n} other Dags that wait"),
}
_NAMED = frozenset({Touched.CLUSTER, Touched.DAG, Touched.ASSET, Touched.WAITING_DAG})


def standing_mark(state: State) -> str:
    return _MARKS[state]


def standing_words(escalation: Escalation, called_at: datetime | None = None) -> str:
    """One sentence without its full stop; whoever has it is named beside it. `called_at` is when
    anybody is called at all, where that is still to come."""
    if escalation.fault and escalation.state is State.OPEN:
        return say("A human is needed, and could not be told")
    if escalation.state is State.OPEN and escalation.is_channel_called:
        return say("The whole channel was called; nobody has acknowledged it yet")
    if called_at is not None and escalation.state is State.HANDED_ON:
        return say("The owner of its Dag is called at {at}", at=moment(called_at))
    if called_at is not None:
        return say("Those on call are called at {at}", at=moment(called_at))
    if escalation.state is State.SNOOZED and escalation.snoozed_until:
        return say("It is put off until {at}", at=moment(escalation.snoozed_until))
    return say(_STANDING[escalation.state])


def why_called(escalation: Escalation) -> str:
    """The rule that fired, with what it fired on."""
    fired = escalation.fired
    rule, words = say(_RULES[fired.rule]), fired.said()
    return say("Called because: {rule}. {words}", rule=rule, words=words)


def page_words(page: PageNote | None) -> str:
    """What became of the newest page; a failure is said to be one."""
    if page is None:
        return ""
    who = say("level {n}", n=page.level)
    if page.names:
        who += f" ({listed(list(page.names))})"
    reason = f": {say(page.reason).rstrip('.')}" if page.reason else ""
    again = say(" I keep trying.") if page.is_tried_again else ""
    match page.status:
        case PageStatus.PAGED:
            return say("Paged {who}.", who=who)
        case PageStatus.NAMED if page.names:
            return say("Called {who} in this channel.", who=who)
        case PageStatus.NAMED:
            return say("Nobody is on call at {who}{reason}.", who=who, reason=reason)
        case PageStatus.FAILED:
            return say("Paging {who} FAILED{reason}.", who=who, reason=reason) + again
        case PageStatus.UNCERTAIN:
            said = say(
                "Whether the page reached {who} is not known{reason}.", who=who, reason=reason
            )
            return said + again


def reach_words(reach: tuple[ReachCount, ...]) -> str:
    """`3 Dags (a, b, c), 41 tasks`; "" where nothing is known."""
    parts = []
    for one in reach:
        words = say_many(*_THINGS[one.kind], one.count)
        named = one.kind in _NAMED
        more = ", …" if one.count > len(one.names) else ""
        parts.append(f"{words} ({', '.join(one.names)}{more})" if named else words)
    return ", ".join(parts)
