"""What stands behind a diagnosis: every quote, what was ruled out, what was not seen, all steps."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from bot.answering.causes import possible_words, ruled_out_words
from bot.answering.quotes import quoted_words, telling
from bot.answering.wording import short_name
from bot.domain.answers import Diagnosis
from bot.domain.verdicts import RuledOut
from bot.slack.blocks.kit import (
    Block,
    Element,
    cell,
    header,
    listing,
    mrkdwn,
    preformatted,
    rich,
    section,
    table,
    text,
)
from bot.slack.blocks.markdown import rich_parts, steps
from bot.slack.blocks.message import Room, SlackMessage, fit
from bot.slack.blocks.pieces import gap_item, lines_read_words, origin_of, small_print
from bot.slack.limits import Limit
from bot.words import mark, say, say_many

_NAME = Limit(80)


def evidence_card(diagnosis: Diagnosis) -> SlackMessage:
    name = short_name(diagnosis.target)
    summary = mrkdwn(
        say_many(
            "Evidence for {name}: {n} quote",
            "Evidence for {name}: {n} quotes",
            len(telling(diagnosis.verdict.quotes)),
            name=name,
        )
    )
    return fit(lambda room: SlackMessage(summary, tuple(_blocks(diagnosis, room))))


def _blocks(diagnosis: Diagnosis, room: Room) -> Iterator[Block]:
    verdict = diagnosis.verdict
    yield header(say("Evidence") + f" · {short_name(diagnosis.target)}")
    yield rich(*_quotes(diagnosis, room))
    # The card above has the run in words; here is the id to search for.
    run = ((mark("Run id"), diagnosis.target.run_id),) if diagnosis.target.run_id else ()
    facts = [
        (cell(Limit(40).head(say(label))), cell(Limit(160).head(value)))
        for label, value in (*run, *diagnosis.facts)[: room.items * 2]
    ]
    if facts:
        yield table((say("Fact"), say("What was seen")), facts)
    ruled_out = (_ruled_out(one, room) for one in verdict.ruled_out[: room.items])
    yield from _listed(say("Considered and ruled out"), ruled_out)
    others = ((text(_NAME.head(one)),) for one in possible_words(verdict)[: room.items])
    yield from _listed(say("Would also fit, less well"), others)
    gaps = (gap_item(gap, min(room.prose, 200)) for gap in verdict.gaps[: room.items])
    yield from _listed(say("Not seen"), gaps)
    if len(diagnosis.steps) > room.steps:
        every = steps(diagnosis.steps[: room.items], Limit(room.step))
        yield rich(section(text(say("All steps"), bold=True)), *every)
    if diagnosis.check:
        check = rich_parts(diagnosis.check, Limit(room.step), trusted=True)
        yield rich(section(text(say("How to check it yourself"), bold=True)), *check)
    yield small_print(diagnosis.reference, lines_read_words(diagnosis.lines_read))


def _quotes(diagnosis: Diagnosis, room: Room) -> Iterator[Element]:
    quotes = telling(diagnosis.verdict.quotes)[: room.items]
    if not quotes:
        yield section(text(say("Nothing could be quoted: see what was not seen."), italic=True))
    size = max(room.quote // max(len(quotes), 1), 80)
    for one in quotes:
        yield section(text(origin_of(one), bold=True))
        yield preformatted(Limit(size).tail(quoted_words(one)))


def _ruled_out(one: RuledOut, room: Room) -> Sequence[Element]:
    reason = Limit(min(room.prose, 240)).head(say(one.reason))
    return (text(_NAME.head(ruled_out_words(one)), bold=True), text(f": {reason}"))


def _listed(title: str, items: Iterable[Sequence[Element]]) -> Iterator[Block]:
    made = list(items)
    if made:
        yield rich(section(text(title, bold=True)), listing(made))
