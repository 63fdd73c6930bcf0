"""Pieces that several cards share: the target's line, quotes, links, feedback, small print."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from bot.answering.model_note import model_note
from bot.answering.quotes import NEW, where_cited
from bot.answering.wording import moment, run_in_words, second, short_name
from bot.domain.answers import Claim, Explanation, Link, ModelOutcome
from bot.domain.conversations import Score
from bot.domain.evidence import Gap, GapReason
from bot.domain.targets import Target
from bot.domain.verdicts import Quote, VerdictKind
from bot.slack.blocks.kit import (
    Block,
    Element,
    actions,
    button,
    context,
    link,
    link_button,
    listing,
    plain,
    section,
    text,
)
from bot.slack.blocks.markdown import inline
from bot.slack.blocks.message import Room
from bot.slack.limits import Limit
from bot.slack.presses import Press, rating_value
from bot.words import mark, number, say, say_many

# Emoji that need no variation selector: those are taken out of every text with what hides there.
NEUTRAL, WARNING = "🔹", "🔶"
MARKS = {
    VerdictKind.CAPACITY: "📦",
    VerdictKind.PLATFORM: "🔧",
    VerdictKind.CODE: "🐞",
    VerdictKind.DEPENDENCY: "🔌",
    VerdictKind.OPERATOR: "✋",
    VerdictKind.UNKNOWN: "🔎",
}
_STATES = {
    "success": "✅",
    "failed": "❌",
    "upstream_failed": "🚫",
    "running": "🔵",
    "queued": "⏳",
    "scheduled": "⏳",
    "deferred": "⏳",
    "up_for_retry": "🔁",
    "up_for_reschedule": "🔁",
    "skipped": "⏩",
    "removed": "🚮",
}
_REASONS = {
    GapReason.FORBIDDEN: mark("not permitted"),
    GapReason.NOT_FOUND: mark("not there"),
    GapReason.TIMEOUT: mark("took too long"),
    GapReason.UNAVAILABLE: mark("did not answer"),
    GapReason.TOO_LARGE: mark("too large"),
    GapReason.MALFORMED: mark("unreadable"),
    GapReason.UNSUPPORTED: mark("not offered by this Airflow"),
    GapReason.NOT_ASKED: mark("not looked at"),
}
_LINKS_SHOWN = 3
_NO_MODEL = mark("From rules and runbooks; no language model is set up")


def state_mark(state: str | None) -> str:
    return _STATES.get(state or "", NEUTRAL)


def target_line(
    target: Target, links: Sequence[Link], understood_as: str, urls: int
) -> tuple[Element, ...]:
    """The target's name, linked where an address fits, with its run and how it was understood."""
    name = Limit(200).head(short_name(target))
    address = links[0].url if links and len(links[0].url) <= min(urls, 1_000) else None
    linkable = address is not None and address.startswith(("https://", "http://"))
    elements = [link(name, address, bold=True) if linkable and address else text(name, bold=True)]
    run = run_in_words(target.run_id) if target.run_id else ""
    if details := [part for part in (run, understood_as) if part]:
        elements.append(text(" · " + Limit(300).head(" · ".join(details))))
    return tuple(elements)


def origin_of(quote: Quote) -> str:
    """`Task log, try 2, line 118, 2026-11-21 14:03:22 UTC, new against the last …`."""
    source = say(quote.source)
    parts = [source[:1].upper() + source[1:]]
    if quote.try_number:
        parts.append(say("try {n}", n=quote.try_number))
    if quote.line:
        parts.append(say("line {n}", n=number(quote.line)))
    if quote.at:
        parts.append(_moment(quote.at))
    if quote.is_new:
        parts.append(say(NEW))
    return Limit(240).head(", ".join(parts))


def _moment(iso: str) -> str:
    try:
        return second(datetime.fromisoformat(iso))
    except ValueError:
        return iso


def clock(at: datetime | None) -> str:
    """`2026-11-22 05:54 UTC`; "" where unknown."""
    return moment(at) if at else ""


def unseen(gaps: Sequence[Gap], limit: int) -> str:
    """`Not seen: event log (not permitted), pools (took too long)`; "" where nothing is missing."""
    if not gaps:
        return ""
    shown = [
        f"{Limit(60).head(say(gap.source))} ({say(_REASONS[gap.reason])})" for gap in gaps[:limit]
    ]
    named, more = ", ".join(shown), len(gaps) - limit
    if more > 0:
        named = say_many("{named} and {n} more", "{named} and {n} more", more, named=named)
    return say("🔶 Not seen: {named}", named=named)


def gap_item(gap: Gap, size: int) -> tuple[Element, ...]:
    """One gap in full, with its remedy."""
    words = f": {say(_REASONS[gap.reason])}"
    if gap.detail:
        words += f" ({Limit(size).head(say(gap.detail))})"
    remedy = (text(" " + Limit(size).head(say(gap.remedy)), italic=True),) if gap.remedy else ()
    return (text(Limit(80).head(say(gap.source)), bold=True), text(words), *remedy)


def claims(
    said: Sequence[Claim],
    limit: int,
    size: int,
    cited: Callable[[Sequence[str]], str] = where_cited,
) -> tuple[tuple[Element, ...], ...]:
    """The model's sentences with what they cite, named by `cited`; their links are never live."""
    items = []
    for claim in said[:limit]:
        cites = f"  ({cited(claim.cites)})" if claim.cites else ""
        disputed: tuple[Element, ...] = ()
        if claim.disputed:
            disputed = (text(f"{WARNING} " + say("disputed: "), bold=True),)
        words = inline(claim.text, Limit(size))
        items.append((*disputed, *words, text(Limit(80).head(cites), italic=True)))
    return tuple(items)


def explanation_parts(explanation: Explanation, room: Room) -> tuple[Element, ...]:
    """What the model added to what rules found, set apart from it; empty where it did not."""
    if explanation.outcome is not ModelOutcome.USED:
        return ()
    parts: list[Element] = []
    size = min(room.step, 400)
    if explanation.claims:
        parts.append(section(text(say("In other words"), bold=True)))
        parts.append(listing(claims(explanation.claims, min(room.items, 5), size)))
    if explanation.next_steps:
        parts.append(section(text(say("It also suggests"), bold=True)))
        parts.append(listing(claims(explanation.next_steps, 3, size)))
    if explanation.disputes_verdict:
        reason = Limit(size).head(explanation.disputes_verdict)
        parts.append(section(text(say("The model disagrees: "), bold=True), text(reason)))
    return tuple(parts)


def model_line(explanation: Explanation, has_model: bool) -> str:
    """One line on what the model did, or is about to do, for the small print."""
    if explanation.outcome is not ModelOutcome.NOT_CONFIGURED:
        return Limit(250).head(model_note(explanation).removesuffix("."))
    return say(mark("A language model is adding its words …") if has_model else _NO_MODEL)


def link_buttons(links: Sequence[Link], urls: int) -> list[Element]:
    """Buttons for pages of Airflow, as many as there is room for."""
    made: list[Element] = []
    for place, one in enumerate(links):
        urls -= len(one.url)
        made_button = link_button(say(one.label), f"{Press.OPEN}:{place}", one.url)
        if urls >= 0 and made_button and len(made) < _LINKS_SHOWN:
            made.append(made_button)
    return made


def feedback(turn_id: str) -> Block:
    """Thumbs. Slack marks the pressed one itself; pressing the other changes the vote."""

    def thumb(face: str, label: str, score: Score) -> Element:
        return {
            "text": plain(face),
            "value": rating_value(turn_id, score),
            "accessibility_label": label,
        }

    return {
        "type": "context_actions",
        "elements": [
            {
                "type": "feedback_buttons",
                "action_id": Press.RATE.value,
                "positive_button": thumb("👍", say("This helped"), Score.UP),
                "negative_button": thumb("👎", say("This did not help"), Score.DOWN),
            }
        ],
    }


def solved_button(turn_id: str) -> Element:
    """For the asker: this was it."""
    return button(say("Solved"), Press.SOLVED, turn_id)


def more_buttons(
    links: Sequence[Link], turn_id: str, urls: int, *, evidence: bool = False, log: bool = False
) -> tuple[Block, ...]:
    """One row: what there is to see here, then where to go in Airflow."""
    row: list[Element] = []
    if evidence:
        row.append(button(say("Show evidence"), Press.EVIDENCE, turn_id, primary=True))
    if log:
        row.append(button(say("Log excerpt"), Press.LOG_EXCERPT, turn_id))
    if evidence:
        row.append(solved_button(turn_id))
    row.extend(link_buttons(links, urls))
    return (actions(row),) if row else ()


def small_print(reference: str, *notes: str) -> Block:
    """The last line of every card: notes, then the reference that the log carries too."""
    lines = [note for note in notes if note]
    named = say("Ref {reference}", reference=Limit(80).head(reference))
    return context(" · ".join([*lines, named]))


def lines_read_words(lines: int) -> str:
    """`1,234 log lines read`; "" where none were."""
    return say_many("{n} log line read", "{n} log lines read", lines) if lines else ""
