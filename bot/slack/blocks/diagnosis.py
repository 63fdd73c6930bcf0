"""The card of a diagnosis: whose side, why, the deciding words, what to do; the rest by button."""

from __future__ import annotations

from collections.abc import Iterator

from bot.answering.comparing import in_words
from bot.answering.facts import RAISED_AT, ROUTINE
from bot.answering.foreign import middle_cut
from bot.answering.headline import headline, nothing_failed
from bot.answering.quotes import NEW, quoted_words, telling
from bot.answering.solved import solved_words
from bot.answering.wording import target_words
from bot.domain.answers import Diagnosis, SolvedBefore
from bot.domain.verdicts import Quote, VerdictKind
from bot.slack.blocks.kit import (
    Block,
    Element,
    context,
    header,
    link,
    listing,
    mrkdwn,
    one_line,
    preformatted,
    quote,
    rich,
    section,
    text,
)
from bot.slack.blocks.markdown import steps
from bot.slack.blocks.message import Room, SlackMessage, fit
from bot.slack.blocks.pieces import (
    MARKS,
    explanation_parts,
    feedback,
    lines_read_words,
    model_line,
    more_buttons,
    origin_of,
    small_print,
    target_line,
    unseen,
)
from bot.slack.limits import Limit
from bot.words import mark, percent, say, say_many

_FACTS_SHOWN = 5
_TRACEBACK = ("Traceback", '  File "')
_BANDS = ((0.8, mark("Sure")), (0.5, mark("Likely")))


def diagnosis_card(diagnosis: Diagnosis, turn_id: str, has_model: bool = False) -> SlackMessage:
    """`turn_id` travels in the buttons. `has_model`: its words may be added later."""
    summary = _summary(diagnosis)

    def draw(room: Room) -> SlackMessage:
        return SlackMessage(summary, tuple(_blocks(diagnosis, turn_id, has_model, room)))

    return fit(draw)


def _blocks(diagnosis: Diagnosis, turn_id: str, has_model: bool, room: Room) -> Iterator[Block]:
    verdict = diagnosis.verdict
    yield header(_headline(diagnosis))
    target = target_line(diagnosis.target, diagnosis.links, diagnosis.understood_as, room.urls)
    why = Limit(room.prose).head(diagnosis.what_happened or verdict.why)
    yield rich(section(*target, *((text(f"\n{why}"),) if why else ())))
    yield from _quotes(diagnosis, room)
    yield from _solved(diagnosis, room)
    yield rich(*_what_to_do(diagnosis, room))
    if said := explanation_parts(diagnosis.explanation, room):
        yield rich(*said)
    before = in_words(diagnosis.comparison) if diagnosis.comparison is not None else ""
    grey = [_facts(diagnosis, room), before, unseen(verdict.gaps, room.items)]
    if any(grey):
        yield context(*grey)
    log = bool(diagnosis.log_lines)
    yield from more_buttons(diagnosis.links, turn_id, room.urls, evidence=True, log=log)
    yield feedback(turn_id)
    yield small_print(
        diagnosis.reference,
        _confidence(diagnosis),
        lines_read_words(diagnosis.lines_read),
        model_line(diagnosis.explanation, has_model),
    )


def _facts(diagnosis: Diagnosis, room: Room) -> str:
    """The first few of those that not every failure has."""
    deciding = diagnosis.verdict.deciding
    # A line of the log has it beside it already.
    shown = ROUTINE | ({RAISED_AT} if deciding and deciding.line else set())
    facts = [f"{say(label)}: {value}" for label, value in diagnosis.facts if label not in shown]
    return Limit(room.prose).head(" · ".join(facts[:_FACTS_SHOWN]))


def _headline(diagnosis: Diagnosis) -> str:
    verdict = diagnosis.verdict
    mark = "✅" if nothing_failed(verdict) else MARKS[verdict.kind]
    return f"{mark} {headline(verdict)}"


def _confidence(diagnosis: Diagnosis) -> str:
    verdict = diagnosis.verdict
    if verdict.kind is VerdictKind.UNKNOWN:
        return ""
    word = next((word for floor, word in _BANDS if verdict.confidence >= floor), mark("A guess"))
    return f"{say(word)} ({percent(verdict.confidence)})"


def _quotes(diagnosis: Diagnosis, room: Room) -> Iterator[Block]:
    """The deciding quote in full, then the others in a line each."""
    deciding, *others = telling(diagnosis.verdict.quotes)[: room.quotes] or (None,)
    if deciding is None:
        return
    yield rich(preformatted(Limit(room.quote).tail(quoted_words(deciding))))
    raised_at = dict(diagnosis.facts).get(RAISED_AT) if deciding.line else None
    origin = origin_of(deciding)
    if raised_at:
        origin += " · " + say("raised at {place}", place=Limit(room.step).head(raised_at))
    yield context(origin)
    if others:
        size = min(room.quote, 200)
        yield rich(listing(_other(one, size) for one in others))


def _other(quote: Quote, size: int) -> tuple[Element, ...]:
    words = text(_one_line(quote.text, size), code=True)
    return (words, text(f" · {say(NEW)}")) if quote.is_new else (words,)


def _one_line(words: str, size: int) -> str:
    return middle_cut(" ".join(words.split()), size)


def _last_line(words: str) -> str:
    """Of a traceback, the line that names the error; anything else whole, on one line."""
    lines = [line for line in words.splitlines() if line.strip()]
    is_traceback = any(line.startswith(_TRACEBACK) for line in lines)
    return _one_line(lines[-1] if is_traceback else words, 400)


def _solved(diagnosis: Diagnosis, room: Room) -> Iterator[Block]:
    """How others solved it, in their words, which call nobody."""
    for solved in diagnosis.solved[: room.items]:
        said = [text(f"🤝 {_name(solved)}", bold=True)]
        if solved.link.startswith("https://") and room.urls:
            said += [text("  "), link(say("What they said"), solved.link)]
        yield rich(section(*said), quote(text(Limit(room.prose).head(solved.fix))))


def _name(solved: SolvedBefore) -> str:
    return Limit(120).head(one_line(solved_words(solved)))


def _what_to_do(diagnosis: Diagnosis, room: Room) -> Iterator[Element]:
    owner = f" · {Limit(120).head(diagnosis.owner)}" if diagnosis.owner else ""
    yield section(text(say("What to do"), bold=True), text(owner))
    shown = diagnosis.steps[: room.steps]
    yield from steps(shown, Limit(room.step))
    more = len(diagnosis.steps) - len(shown)
    if more > 0:
        left = say_many(
            "… and {n} more under “Show evidence”", "… and {n} more under “Show evidence”", more
        )
        yield section(text(left, italic=True))
    if diagnosis.retry_text:
        retry = Limit(min(room.prose, 400)).head(diagnosis.retry_text)
        yield section(text(say("Will a retry help?"), bold=True), text(f"  {retry}"))


def _summary(diagnosis: Diagnosis) -> str:
    """The card in a few lines, readable in a notification and without blocks."""
    verdict = diagnosis.verdict
    lines = [_headline(diagnosis), target_words(diagnosis.target)]
    lines.append(diagnosis.what_happened or verdict.why)
    for deciding in telling(verdict.quotes)[:1]:
        lines.append(f"{_last_line(deciding.text)}  ({origin_of(deciding)})")
    for solved in diagnosis.solved[:1]:
        lines.append(f"{_name(solved)}: {_one_line(solved.fix, 400)}")
    if diagnosis.steps:
        lines.append(say("First: {step}", step=_one_line(diagnosis.steps[0], 400)))
    if diagnosis.retry_text:
        lines.append(say("Will a retry help?") + f" {diagnosis.retry_text}")
    lines.append(say("Ref {reference}", reference=diagnosis.reference))
    return mrkdwn("\n".join(Limit(900).head(line) for line in lines if line))
