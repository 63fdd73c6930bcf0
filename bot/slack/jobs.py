"""What arrives from Slack, as durable work: under which key, in which queue, in whose line."""

from __future__ import annotations

from bot.domain.questions import Origin, Question, ThreadKey
from bot.domain.work import Delivery, Job, Priority, Queue
from bot.slack.arrivals import (
    Asked,
    Beside,
    ButtonPress,
    Command,
    Overheard,
    Pick,
    Place,
    PolicyChange,
    RatingPress,
    Way,
    WorkspaceGone,
)
from bot.slack.case_values import CasePressed
from bot.slack.escalation_arrivals import EscalationArrival, act_job, user_of
from bot.slack.growth_values import DraftPressed
from bot.slack.home_arrivals import HOME, UNFURL, Errand, HomeErrand, LinksShared
from bot.slack.talk.arrivals import (
    ChannelGone,
    Deleted,
    Edited,
    KeepOut,
    Reaction,
    Solved,
    Stop,
    Talk,
    TellMore,
)

ARRIVAL = "arrival"
"""The kind of job that works on an arrival."""
TALK = "talk"
"""The kind of job that does what people ask for by reacting, deleting, stopping and the like."""
STOPPED = "stopped"
"""The kind of job that says of work that its asker stopped it; its body is that of the work."""
EDIT = "edit"
"""The kind of job that has a question answered anew."""
POST = "post"
"""The kind of job that says something in Slack."""
MESSAGE = "message"
"""The kind of job that sees to it that something is said, however long that takes."""
SETTINGS = "channel_settings"
"""The kind of job that changes what the bot does in a channel."""
OVERHEARD = "overheard"
"""The kind of job that sees whether a question that called nobody is to be come back to."""
WORKSPACE_GONE = "workspace_gone"
"""The kind of job that deletes all that is kept of a workspace."""
CASE_PRESSED = "case_pressed"
"""The kind of job that does what somebody pressed under a resolved case."""
DRAFT_PRESSED = "draft_pressed"
"""The kind of job that does what somebody pressed under a draft of a runbook."""
UNANSWERED = "unanswered"
"""The kind of job that comes back to it."""

_Ours = Asked | Command | Pick | ButtonPress | RatingPress | Talk
Taken = _Ours | EscalationArrival | Errand | Beside
"""Every arrival that is work for us."""


def job_of(arrival: Taken) -> Job:
    """One thread has one turn at a time; presses do not wait for it."""
    if isinstance(arrival, EscalationArrival):
        return act_job(arrival)
    if isinstance(arrival, LinksShared):
        share = arrival.key
        return Job(arrival.key, UNFURL, arrival, Queue.QUESTIONS, share, Priority.REMARK)
    if isinstance(arrival, HomeErrand):
        share = f"{arrival.workspace}:home:{arrival.asker.user_id}"
        return Job(arrival.key, HOME, arrival, Queue.QUESTIONS, share, Priority.REMARK)
    if isinstance(arrival, Beside):
        return _job_beside(arrival)
    remark = isinstance(arrival, Asked) and arrival.way in (Way.FOLLOW_UP, Way.ASIDE)
    return Job(
        key=arrival.key,
        kind=_kind(arrival),
        body=arrival,
        queue=Queue.QUESTIONS,
        share=_share(arrival),
        priority=Priority.REMARK if remark else Priority.ASKED,
    )


def _job_beside(arrival: Beside) -> Job:
    if isinstance(arrival, WorkspaceGone):
        return Job(arrival.key, WORKSPACE_GONE, arrival, Queue.LATER, share=arrival.key)
    if isinstance(arrival, CasePressed):
        share = f"case:{arrival.case}"
        return Job(arrival.key, CASE_PRESSED, arrival, Queue.QUESTIONS, share=share)
    if isinstance(arrival, DraftPressed):
        share = f"draft:{arrival.draft}"
        return Job(arrival.key, DRAFT_PRESSED, arrival, Queue.QUESTIONS, share=share)
    if isinstance(arrival, Overheard):
        key = arrival.key
        return Job(key, OVERHEARD, arrival, Queue.LATER, share=key, priority=Priority.REMARK)
    return Job(arrival.key, SETTINGS, arrival, Queue.QUESTIONS, share=arrival.key)


def _kind(arrival: _Ours) -> str:
    if isinstance(arrival, Edited):
        return EDIT
    return TALK if isinstance(arrival, Talk) else ARRIVAL


def _share(arrival: _Ours) -> str:
    match arrival:
        case Reaction(message=message, user=user):
            return f"{message.fragment}:reactions of {user}"
        # What calls work off must not wait behind it.
        case ButtonPress() | Edited() | Deleted() | ChannelGone() | KeepOut() | Stop():
            return arrival.key
        case Solved() | TellMore():
            return arrival.key
        case RatingPress(rating):
            # The last thumb of a person counts, so theirs are kept in order.
            return f"{rating.turn_id}:rating:{rating.user_id}"
    thread = arrival.question.thread
    return f"{thread.workspace}:{thread.channel}:{thread.thread}"


def delivery_of(arrival: Taken, event_id: str, origin: Origin) -> Delivery:
    """`engages` only where others will see the answer, in a thread that is known already."""
    if isinstance(arrival, EscalationArrival):
        return Delivery(origin, event_id, None, user_of(arrival))
    if isinstance(arrival, WorkspaceGone):
        return Delivery(origin, event_id, None, "")
    if isinstance(arrival, Errand | PolicyChange | Overheard | DraftPressed | CasePressed):
        return Delivery(origin, event_id, None, arrival.asker.user_id)
    if isinstance(arrival, Edited):
        arrival = arrival.asked
    question, place = question_of(arrival), getattr(arrival, "place", None)
    if question is None or place is None or place.thread is None:
        user = _user(arrival, place)
        return Delivery(origin, event_id, None, user)
    return Delivery(
        origin,
        event_id,
        question.thread,
        question.asker.user_id,
        engages=question.is_addressed and not place.is_private,
    )


def _user(arrival: _Ours, place: Place | None) -> str:
    match arrival:
        case RatingPress(rating=rating):
            return rating.user_id
        case Reaction(user=user):
            return user
    return place.user if place is not None else ""


def said_among_people(arrival: Taken) -> ThreadKey | None:
    """The thread in which this was said among people, where it may not be for us; None where it
    certainly is."""
    match arrival:
        case Edited(asked=asked):
            return said_among_people(asked)
        case Asked(way=Way.FOLLOW_UP | Way.ASIDE, question=question):
            return question.thread
        case Deleted(is_ours_to_know=False, thread=thread):
            return thread
        case KeepOut(is_addressed=False, thread=thread):
            return thread
    return None


def question_of(arrival: Taken) -> Question | None:
    """What is asked, where something is."""
    return arrival.question if isinstance(arrival, Asked | Command | Pick) else None
