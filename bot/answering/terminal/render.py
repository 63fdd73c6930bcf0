"""Any reply as text: one place that knows which page belongs to which kind."""

from __future__ import annotations

from collections.abc import Iterator
from typing import assert_never

from rich.text import Text

from bot.answering.escalations import standing_words, why_called
from bot.answering.model_note import model_note
from bot.answering.steps import unwrapped
from bot.answering.terminal.diagnosis import claim_parts, diagnosis_parts
from bot.answering.terminal.duties import mine_parts, on_call_parts, runbook_parts
from bot.answering.terminal.page import Part, numbered, page, section, text
from bot.answering.terminal.reports import (
    health_parts,
    incidents_parts,
    log_parts,
    status_parts,
)
from bot.answering.wording import sentence
from bot.domain.answers import (
    Apology,
    Choice,
    Diagnosis,
    HealthReport,
    Help,
    HowTo,
    HumanCalled,
    LogReport,
    NotFound,
    Reply,
    StatusReport,
    Unsupported,
)
from bot.domain.incidents import IncidentsReport
from bot.domain.reports import FailingDags, OnCallReport, RunbookReport

_EXAMPLES = (
    "why did orders fail?",
    "why did load fail in orders last night?",
    "is orders all right?",
    "how is the platform doing?",
    "show me the log of load in orders, try 2",
    "how do I clear a task?",
)
_PASSAGES_SHOWN = 3


def render_text(reply: Reply, width: int = 80, *, colour: bool = False) -> str:
    """`reply` on a page of `width` columns; foreign control characters are never passed on."""
    return page(_parts(reply), width, colour=colour)


def _parts(reply: Reply) -> Iterator[Part]:
    match reply:
        case Diagnosis():
            yield from diagnosis_parts(reply)
            return
        case StatusReport():
            yield from status_parts(reply)
        case HealthReport():
            yield from health_parts(reply)
        case LogReport():
            yield from log_parts(reply)
        case HowTo():
            yield from _how_to(reply)
        case Choice():
            yield text(reply.ambiguous.question, "bold")
            yield numbered(option.label for option in reply.ambiguous.options)
        case NotFound():
            yield from _not_found(reply)
        case Help():
            yield from _help(reply)
        case Unsupported():
            refused = f"I may not {reply.asked} for you."
            yield text(refused if reply.is_refused else f"I cannot {reply.asked} yet.", "bold")
            yield text(reply.instead)
        case Apology():
            yield text("That went wrong on my side.", "bold")
            yield text(reply.what)
        case HumanCalled(escalation=escalation):
            standing = standing_words(escalation, reply.called_at)
            yield text(f"{standing} ({escalation.id})", "bold")
            yield text(why_called(escalation))
        case RunbookReport():
            yield from runbook_parts(reply)
        case FailingDags():
            yield from mine_parts(reply)
        case OnCallReport():
            yield from on_call_parts(reply)
        case IncidentsReport():
            yield from incidents_parts(reply)
        case _:
            assert_never(reply)
    yield Text("")
    yield text(f"Reference {reply.reference}", "dim")


def _how_to(reply: HowTo) -> Iterator[Part]:
    if not reply.passages:
        yield text("I have nothing on that in my runbooks.", "bold")
        yield text("Ask about a failed task, a run or the platform, or ask the platform team.")
        return
    yield from claim_parts(reply.explanation)
    best, *others = reply.passages[:_PASSAGES_SHOWN]
    yield section(f"{best.title} [{best.id}, {best.source}]", text(unwrapped(best.text)))
    if others:
        yield section("Related", *(text(f"{one.title} [{one.id}]") for one in others))
    if note := model_note(reply.explanation):
        yield section("Language model", text(note, "dim"))


def _not_found(reply: NotFound) -> Iterator[Part]:
    nowhere = reply.nowhere
    where = f" on {', '.join(nowhere.where)}" if nowhere.where else ""
    if nowhere.unreachable:
        yield text(f"I could not look at {nowhere.looked_for}.", "bold")
    else:
        yield text(f"I could not find {nowhere.looked_for}{where}.", "bold")
    if nowhere.close:
        yield section("Did you mean", numbered(option.label for option in nowhere.close))
    if nowhere.remedy:
        yield text(sentence(nowhere.remedy))


def _help(reply: Help) -> Iterator[Part]:
    if reply.lead:
        yield text(reply.lead)
    yield text("Ask me why something failed in Airflow, and whose side it is on.", "bold")
    if reply.brief:
        return
    yield section("For example", *(text(example) for example in _EXAMPLES))
    if reply.clusters:
        yield section("Clusters that I can see", text(", ".join(reply.clusters)))
