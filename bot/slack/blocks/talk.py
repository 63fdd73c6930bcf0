"""The smaller replies: a choice, nothing found, how-to, help, not offered, sorry."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import chain

from bot.answering.model_note import model_note
from bot.answering.prompts.pack import REVIEWED_SOURCES
from bot.domain.answers import (
    Apology,
    Choice,
    Diagnosis,
    Help,
    HowTo,
    ModelOutcome,
    NotFound,
    Unsupported,
)
from bot.domain.runbooks import Passage
from bot.domain.targets import Option
from bot.slack.blocks.kit import (
    Block,
    Element,
    actions,
    button,
    header,
    listing,
    mrkdwn,
    rich,
    section,
    select,
    text,
)
from bot.slack.blocks.markdown import inline, rich_parts
from bot.slack.blocks.message import Room, SlackMessage, fit
from bot.slack.blocks.pieces import (
    claims,
    explanation_parts,
    feedback,
    model_line,
    small_print,
    solved_button,
)
from bot.slack.limits import OPTIONS_PER_SELECT, Limit
from bot.slack.presses import Press, Words, option_value, words_value
from bot.slack.subcommands import SUBCOMMANDS
from bot.words import mark, say

BUTTONS_OFFERED = 5

_BACKTICKS = re.compile(r"`([^`\n]+)`")


def choice_card(choice: Choice, turn_id: str) -> SlackMessage:
    options = choice.ambiguous.options
    labels = "\n".join(f"• {option.label}" for option in options[:BUTTONS_OFFERED])
    question = Limit(900).head(say(choice.ambiguous.question)) or say("Which of these do you mean?")

    def draw(room: Room) -> SlackMessage:
        asked = Limit(room.prose).head(question)
        return SlackMessage(
            mrkdwn(f"{question}\n{labels}"),
            (
                rich(section(text(asked, bold=True))),
                *_offers(options, turn_id, room),
                small_print(choice.reference),
            ),
        )

    return fit(draw)


def _offers(options: Sequence[Option], turn_id: str, room: Room) -> Iterator[Block]:
    """Buttons for the first few, a menu for the rest."""
    labelled = [(option.label or option.target.label()) for option in options]
    values = [option_value(turn_id, number) for number in range(len(options))]
    buttons = [
        button(label, f"{Press.CHOOSE}:{number}", value)
        for number, (label, value) in enumerate(zip(labelled, values, strict=True))
    ][:BUTTONS_OFFERED]
    if buttons:
        yield actions(buttons)
    rest = list(zip(labelled, values, strict=True))[BUTTONS_OFFERED:][: room.items * 3]
    menu = select(say("More that fit …"), f"{Press.CHOOSE}:menu", rest[:OPTIONS_PER_SELECT])
    if menu["options"]:
        yield actions([menu])


def not_found_card(reply: NotFound, turn_id: str, words: Words | None = None) -> SlackMessage:
    """`words` of the question go into the button that asks it again, where Airflow was silent."""
    nowhere = reply.nowhere
    looked_for = Limit(200).head(nowhere.looked_for)
    if nowhere.unreachable:
        lead, where = say("I could not look at {what}.", what=looked_for), ""
    else:
        lead = say("I could not find {what}.", what=looked_for)
        where = ""
        if nowhere.where:
            where = say("Looked in: {places}.", places=Limit(300).head(", ".join(nowhere.where)))
    remedy = Limit(400).head(say(nowhere.remedy))
    close = say("Close to it:") if nowhere.close else ""
    again = _ask_again(words) if nowhere.unreachable else ()

    def draw(room: Room) -> SlackMessage:
        small = Limit(room.prose)
        details = [_with_code(f"\n{small.head(one)}") for one in (where, remedy, close) if one]
        body = section(text(small.head(lead), bold=True), *chain.from_iterable(details))
        offers = (*_offers(nowhere.close, turn_id, room), *again)
        return SlackMessage(
            mrkdwn("\n".join(one for one in (lead, where, remedy) if one)),
            (rich(body), *offers, small_print(reply.reference)),
        )

    return fit(draw)


def _with_code(sentence: str) -> Iterator[Element]:
    """What stands between backticks as code, without them."""
    for number, part in enumerate(_BACKTICKS.split(sentence)):
        if part:
            yield text(part, code=number % 2 == 1)


def _ask_again(words: Words | None) -> tuple[Block, ...]:
    if not words or not (words.text or words.links):
        return ()
    return (actions([button(say("Ask again"), Press.ASK_AGAIN, words_value(words))]),)


def how_to_card(reply: HowTo, turn_id: str, has_model: bool = False) -> SlackMessage:
    title = Limit(110).head(reply.query) or say("How-to")
    if not reply.passages:
        lead = say("The runbooks say nothing good enough on this, so I would rather not guess.")
        return SlackMessage(
            mrkdwn(f"{title}\n{lead}"),
            (header(f"📚 {title}"), rich(section(text(lead))), small_print(reply.reference)),
        )
    summary = mrkdwn("\n".join([title, *(say(one.title) for one in reply.passages[:3])]))

    def draw(room: Room) -> SlackMessage:
        return SlackMessage(summary, tuple(_how_to_blocks(reply, turn_id, has_model, room)))

    return fit(draw)


def _how_to_blocks(reply: HowTo, turn_id: str, has_model: bool, room: Room) -> Iterator[Block]:
    title = Limit(110).head(reply.query) or say("How-to")
    yield header(f"📚 {title}")
    explanation = reply.explanation
    explained = explanation.outcome is ModelOutcome.USED and bool(explanation.claims)
    if explained:
        said = claims(explanation.claims, room.items, min(room.step, 400), cited=", ".join)
        yield rich(listing(said))
    best, *others = reply.passages
    size = room.step if explained else room.step * 2
    yield rich(*_passage_parts(best, size, cited=explained))
    if others:
        related = (_related(one, room, cited=explained) for one in others[: max(room.steps - 1, 1)])
        yield rich(section(text(say("Related"), bold=True)), listing(related))
    yield feedback(turn_id)
    yield actions([solved_button(turn_id)])
    yield small_print(reply.reference, model_line(explanation, has_model))


def _passage_parts(passage: Passage, size: int, *, cited: bool) -> Iterator[Element]:
    source = text(f"  {Limit(40).head(say(passage.source))}", italic=True)
    yield section(text(_title(passage, cited=cited), bold=True), source)
    yield from rich_parts(passage.text, Limit(size), trusted=passage.source in REVIEWED_SOURCES)


def _related(passage: Passage, room: Room, *, cited: bool) -> Sequence[Element]:
    """A title with how its text begins."""
    beginning = inline(passage.text.strip().split("\n\n")[0], Limit(min(room.step, 140)))
    return (text(f"{_title(passage, cited=cited)}: ", bold=True), *beginning)


def _title(passage: Passage, *, cited: bool) -> str:
    """With the id that the model's words point at, where there are such words."""
    number = f" ({Limit(20).head(passage.id)})" if cited else ""
    return f"{Limit(120).head(say(passage.title))}{number}"


_EXAMPLES = (
    (mark("Why did it fail?"), "why did orders_daily fail last night?"),
    (mark("A link is enough"), "https://airflow.example.com/dags/orders_daily/runs/…"),
    (mark("Under an alert"), "what happened here?"),
    (mark("How is it doing?"), "status of orders_daily"),
    (mark("Its log"), "logs of orders_daily.load, try 2"),
    (mark("The platform"), "is the platform healthy?"),
    (mark("Know-how"), "how do I run a backfill safely?"),
)
_PURPOSE = mark("I tell you why an Airflow task failed and what to do.")
_OFFER = mark("Ask me why something failed in Airflow; “help” shows examples.")
_COMMANDS = f"/airflow {'|'.join(one.word for one in SUBCOMMANDS)}"


def help_card(reply: Help) -> SlackMessage:
    lead = Limit(300).head(say(reply.lead)) or say(_PURPOSE)
    if reply.brief:
        lead = f"{lead} {say(_OFFER)}"
        return SlackMessage(mrkdwn(lead), (rich(section(text(lead))), small_print(reply.reference)))
    clusters = ""
    if reply.clusters:
        clusters = say("I can see: {clusters}", clusters=Limit(300).head(", ".join(reply.clusters)))
    lines = [lead, *(f"{say(what)} — {words}" for what, words in _EXAMPLES), _COMMANDS, clusters]
    items = [
        (text(f"{say(what)}  ", bold=True), text(words, code=True)) for what, words in _EXAMPLES
    ]
    return SlackMessage(
        mrkdwn("\n".join(line for line in lines if line)),
        (
            rich(section(text(lead)), listing(items)),
            rich(section(text(say("Or as a command: ")), text(_COMMANDS, code=True))),
            small_print(reply.reference, clusters),
        ),
    )


def unsupported_card(reply: Unsupported) -> SlackMessage:
    asked, instead = Limit(200).head(say(reply.asked)), Limit(600).head(say(reply.instead))
    lead = say("I cannot {asked} yet.", asked=asked)
    if reply.is_refused:
        lead = say("I may not {asked} for you.", asked=asked)
    body = section(text(lead, bold=True), text(f"\n{instead}"))
    return SlackMessage(mrkdwn(f"{lead}\n{instead}"), (rich(body), small_print(reply.reference)))


def apology_card(reply: Apology, words: Words | None) -> SlackMessage:
    """`words` of the question go into the button that asks it again. Without a reference there is
    nothing to look up."""
    if not reply.reference:
        words_said = Limit(600).head(say(reply.what))
        return SlackMessage(
            mrkdwn(words_said), (rich(section(text(words_said))), *_ask_again(words))
        )
    what = Limit(600).head(say(reply.what)) + say(" Reference: ")
    # The reference stands in the sentence, easy to copy: it is what a person passes on.
    reference = Limit(80).head(reply.reference)
    said = section(text(what), text(reference, code=True))
    return SlackMessage(mrkdwn(f"{what}{reference}"), (rich(said), *_ask_again(words)))


def addendum_card(reply: Diagnosis | HowTo) -> SlackMessage:
    """The model's words by themselves, for where the answer itself cannot be changed any more."""
    note = model_note(reply.explanation)

    def draw(room: Room) -> SlackMessage:
        said = explanation_parts(reply.explanation, room)
        words = (rich(*said),) if said else ()
        return SlackMessage(mrkdwn(note), (*words, small_print(reply.reference, note)))

    return fit(draw)
