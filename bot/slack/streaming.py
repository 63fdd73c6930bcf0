"""Messages that grow while the bot works: in direct messages, where their one reader sees it.

Slack lets such a message die after some minutes, and takes no change of it while it lives: it is
ended with the answer, and one that is dead is changed like any other. A workspace that has none is
not asked again by this process.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from typing import Any

import structlog
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.arrivals import Place
from bot.slack.blocks.kit import Block
from bot.slack.outgoing import metadata_of
from bot.slack.pace import Pace
from bot.slack.posts import Mark
from bot.slack.refusals import BAD_BLOCKS, Refusals, Tried, code_of, is_for_good, is_passing
from bot.slack.work_plan import Chunk, WorkPlan, changes

log = structlog.get_logger(__name__)

_STOP = "chat.stopStream"
# Direct messages take streams, or they do not.
_NOT_HERE = "channel_type_not_supported"


class NoStreams(SlackClientError):
    """An error page in place of a reply: certainly nothing was done."""


class Streams:
    """Starting and ending raise as `Outgoing` does; growing is a mere sign of work."""

    def __init__(self, client: AsyncWebClient, pace: Pace) -> None:
        self._client = client
        self._pace = pace
        self._refusals = Refusals()
        self._without: set[str] = set()  # workspaces

    def are_known_in(self, workspace: str) -> bool:
        """False once the workspace has refused one."""
        return workspace not in self._without

    async def start(self, place: Place, workspace: str, plan: WorkPlan) -> str:
        """Opens one in the thread and returns its ts."""
        self._pace.wrote(place.channel)
        try:
            reply = await self._client.chat_startStream(
                channel=place.channel,
                thread_ts=place.thread or "",
                recipient_user_id=place.user,
                recipient_team_id=workspace,
                task_display_mode="plan",
                chunks=changes(None, plan),
            )
        except SlackApiError as error:
            is_missing = _status(error) == HTTPStatus.NOT_FOUND
            if is_missing or is_for_good(error) or code_of(error) == _NOT_HERE:
                self._without.add(workspace)
                log.info("slack.no_streams", workspace=workspace, error=code_of(error))
            if is_missing:
                raise NoStreams from error
            raise
        return str(reply["ts"])

    async def append(self, channel: str, ts: str, chunks: Sequence[Chunk]) -> Tried:
        """Adds to one. Where it is dead or ended, that is refused."""
        call = partial(self._client.chat_appendStream, channel=channel, ts=ts, chunks=chunks)
        return await self._refusals.attempt("chat.appendStream", call)

    async def stop(
        self, channel: str, ts: str, mark: Mark, plan: WorkPlan, blocks: Sequence[Block]
    ) -> bool:
        """Ends one with all that stands in it; False where it has ended already, or was ended
        without the blocks."""
        whole = {"metadata": metadata_of(mark), "chunks": changes(None, plan), "blocks": blocks}
        try:
            await self._stop(channel, ts, whole)
        except SlackApiError as error:
            if code_of(error) in BAD_BLOCKS:
                log.warning("slack.blocks_refused", method=_STOP, error=code_of(error))
                await self.close(channel, ts)
                return False
            if is_passing(error):
                raise
            log.info("slack.stream_not_ended", error=code_of(error))
            return False
        return True

    async def close(self, channel: str, ts: str) -> None:
        """Ends one as it is, where it has not ended already."""
        try:
            await self._stop(channel, ts, {})
        except SlackApiError as error:
            if is_passing(error):
                raise
            log.info("slack.stream_not_ended", error=code_of(error))

    async def _stop(self, channel: str, ts: str, content: dict[str, Any]) -> None:
        self._pace.check(_STOP, channel)
        self._pace.wrote(channel)
        await self._client.api_call(_STOP, json={"channel": channel, "ts": ts, **content})


@dataclass(slots=True)
class Growing:
    """One such message: shows the newest plan, and in between as many as Slack has time for."""

    streams: Streams
    channel: str
    ts: str
    _shown: WorkPlan | None = None
    _wanted: WorkPlan | None = None
    _is_over: bool = False
    _sending: asyncio.Task[None] | None = field(default=None)

    def show(self, plan: WorkPlan) -> None:
        """Never waits and never raises."""
        self._wanted = plan
        if not self._is_over and (self._sending is None or self._sending.done()):
            self._sending = asyncio.create_task(self._send())

    async def _send(self) -> None:
        while self._wanted is not None and not self._is_over:
            plan, self._wanted = self._wanted, None
            chunks = changes(self._shown, plan)
            tried = await self.streams.append(self.channel, self.ts, chunks) if chunks else None
            if tried in (None, Tried.DONE):
                self._shown = plan
            self._is_over = tried is Tried.REFUSED

    def still(self) -> None:
        """Shows nothing more."""
        self._wanted, self._is_over = None, True

    async def stilled(self) -> None:
        """The same, and waits until nothing of it is on its way to Slack."""
        self.still()
        if self._sending is not None:
            await asyncio.wait({self._sending})


def _status(error: SlackApiError) -> int:
    return int(getattr(error.response, "status_code", HTTPStatus.OK))
