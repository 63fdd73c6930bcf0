"""Has the pager follow where somebody hands an escalation on, and says where it does not."""

from __future__ import annotations

from bot.domain.escalations import Deed, Escalation
from bot.domain.oncall import PageOutcome, PageStatus
from bot.services.escalation_pages import Pages
from bot.services.escalation_ports import Card
from bot.services.ports import DurableSteps
from bot.slack.arrivals import Place
from bot.slack.escalation_saying import say_soon
from bot.slack.escalation_values import CallOut
from bot.slack.posts import ANSWER, Post
from bot.words import say


async def hand_in_pager(
    pages: Pages,
    escalation: Escalation,
    deed: Deed,
    card: Card | None,
    workspace: str,
    steps: DurableSteps,
) -> None:
    """Whoever has it now is told in the card's thread where they have to be given it by hand."""
    outcome = await pages.hand(escalation, deed.to, deed.by, steps)
    if outcome is None or outcome.status is PageStatus.PAGED or card is None:
        return
    key = f"escalation:{escalation.id}:not handed:{deed.key}"
    place = Place(card.channel, "", card.ts)
    said = CallOut(_words(outcome, escalation), (deed.to,))
    await say_soon(Post(key, ANSWER, place, said, workspace=workspace), steps)


def _words(outcome: PageOutcome, escalation: Escalation) -> str:
    link = outcome.link or (escalation.page.link if escalation.page else "")
    there = f": {link}" if link else "."
    return say(
        "the pager still has it with somebody else. {reason} Reassign it there{there}",
        reason=say(outcome.reason),
        there=there,
    )
