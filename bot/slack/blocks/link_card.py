"""The preview under a link to Airflow."""

from __future__ import annotations

from bot.answering.wording import duration, run_in_words, short_name
from bot.domain.link_cards import LinkCard
from bot.slack.blocks.kit import Block, context, rich, section, text
from bot.slack.blocks.pieces import clock, state_mark
from bot.slack.limits import Limit
from bot.words import say

_NAME = Limit(160)


def link_card(card: LinkCard) -> list[Block]:
    """Names and states that Airflow keeps; never a line of a log."""
    target = card.target
    name = _NAME.head(short_name(target))
    run = f" · {_NAME.head(run_in_words(target.run_id))}" if target.run_id else ""
    state = _NAME.head(card.state) if card.state else say("never ran")
    if card.state and card.of_latest_run:
        state = say("latest run {state}", state=state)
    details = [say("try {n}", n=card.try_number) if card.try_number else ""]
    details += [say("ended {at}", at=clock(card.ended)) if card.ended else ""]
    details += [say("took {ran}", ran=duration(card.duration)) if card.duration is not None else ""]
    said = " · ".join([state, *(one for one in details if one)])
    failed = ""
    if card.failed:
        failed = "\n" + say("Failed: {names}", names=_NAME.head(", ".join(card.failed)))
    small = [say("on {cluster}", cluster=target.cluster)]
    small += (
        [say("owner: {names}", names=_NAME.head(", ".join(card.owners)))] if card.owners else []
    )
    small += [say("paused")] if card.is_paused else []
    head = section(
        text(f"{state_mark(card.state)} "),
        text(name, bold=True),
        text(f"{run}\n{said}{failed}"),
    )
    return [rich(head), context(" · ".join(small))]
