"""Shows under links to Airflow how things stand; only where that was switched on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
import structlog
from slack_sdk.errors import SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from bot.domain.work import Retry
from bot.services.link_cards import LinkCards
from bot.services.ports import DurableSteps
from bot.slack.arrivals import Identity, Ignored
from bot.slack.blocks.link_card import link_card
from bot.slack.home_arrivals import LinksShared
from bot.slack.reading import Reading, asker_of, read
from bot.slack.refusals import UNSURE, SlackUnavailable, is_passing, word_for

log = structlog.get_logger(__name__)

_TRY = Retry(attempts=3, pause=1.0, seconds=20.0)


class _Link(msgspec.Struct):
    url: str


class _Shared(msgspec.Struct):
    channel: str
    user: str
    message_ts: str
    links: list[_Link]
    unfurl_id: str | None = None
    source: str | None = None


def read_links(body: Mapping[str, Any], reading: Reading, bot: Identity) -> LinksShared | Ignored:
    shared = read(body["event"], _Shared)
    if shared.user == bot.user_id:
        return Ignored("own links")
    if shared.unfurl_id and shared.source:
        where = (("unfurl_id", shared.unfurl_id), ("source", shared.source))
    else:
        where = (("channel", shared.channel), ("ts", shared.message_ts))
    return LinksShared(
        asker_of(shared.user, "", bot),
        bot.team_id,
        shared.channel,
        tuple(link.url for link in shared.links),
        where,
        f"{bot.team_id}:{shared.channel}:{shared.message_ts}:unfurl",
    )


@dataclass(frozen=True, slots=True)
class UnfurlDesk:
    """Does jobs of kind "unfurl"; without `cards` it was not switched on."""

    client: AsyncWebClient
    cards: LinkCards | None

    async def work(self, shared: LinksShared, steps: DurableSteps) -> None:
        """Ends also where Slack will not have it: a preview is no answer."""
        if self.cards is None:
            return
        cards = self.cards
        await steps.run("unfurl", lambda: self._show(shared, cards), _TRY)

    async def _show(self, shared: LinksShared, cards: LinkCards) -> None:
        found = await cards.of(shared.asker, shared.channel, shared.urls)
        if not found:
            return
        unfurls = {url: {"blocks": link_card(card)} for url, card in found.items()}
        try:
            # Shown twice it is the same.
            await self.client.api_call(
                "chat.unfurl", json={**dict(shared.where), "unfurls": unfurls}
            )
        except (SlackClientError, *UNSURE) as error:
            if is_passing(error):
                raise SlackUnavailable(word_for(error)) from error
            log.warning("slack.not_unfurled", error=word_for(error))
