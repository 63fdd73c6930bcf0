"""Where the app is installed in several workspaces: what arrives and what is done is of one of
them, and ends quietly once the app is not installed there any more."""

from __future__ import annotations

from typing import Any

import structlog
from slack_bolt import BoltResponse
from slack_bolt.async_app import AsyncApp
from slack_bolt.request.async_request import AsyncBoltRequest

from bot.domain.alerts import CHECK, LISTED, LOOK, REMIND, TOLD, WATCH
from bot.domain.errors import StoreError
from bot.domain.runbook_drafts import OFFERED
from bot.services.ports import DurableSteps
from bot.slack.config import SlackConfig, TokenSource
from bot.slack.jobs import POST, WORKSPACE_GONE
from bot.slack.posts import Sent
from bot.slack.workspaces import in_workspace, workspace_of

log = structlog.get_logger(__name__)

_FAILED = 500
_NOT_INSTALLED = "account_inactive"
# What needs no Slack, and is to be done where there is none; alerts and drafts find the workspace
# of their channels by themselves.
_ANYWHERE = frozenset(
    {WORKSPACE_GONE, "forget", CHECK, LISTED, LOOK, OFFERED, REMIND, TOLD, WATCH},
)


class WorkspaceApp(AsyncApp):
    """Hands each request to `app` in the workspace from which it comes: the doors know no other
    type, so this is one without anything of its own."""

    def __init__(self, app: AsyncApp, tokens: TokenSource) -> None:
        self._app = app
        self._tokens = tokens

    async def async_dispatch(self, req: AsyncBoltRequest) -> BoltResponse:
        """What comes late of a workspace that the app was taken out of is not to come again. That
        is looked up last: by then the app has made sure that the request is Slack's."""
        workspace = req.context.team_id or ""
        with in_workspace(workspace):
            response = await self._app.async_dispatch(req)
        if response.status != _FAILED or await self._tokens.is_installed(workspace):
            return response
        log.info("slack.not_installed", workspace=workspace)
        return BoltResponse(status=200)


async def _is_installed(tokens: TokenSource, workspace: str) -> bool:
    """True where it cannot be looked up for now: whoever needs a token looks again, in a step."""
    try:
        return await tokens.is_installed(workspace)
    except StoreError as error:
        log.warning("slack.installation_not_known", error=type(error).__name__)
        return True


def in_its_workspace(kind: str, handler: Any, config: SlackConfig) -> Any:
    """`handler`, working in the workspace that the job is about; in that of the settings where it
    is about none."""
    tokens = config.tokens
    if tokens is None:
        return handler

    async def work(body: Any, steps: DurableSteps) -> Any:
        workspace = workspace_of(body) or config.workspace
        if kind not in _ANYWHERE and not await _is_installed(tokens, workspace):
            log.info("slack.work_ended", because="not installed", kind=kind, workspace=workspace)
            return Sent(refusal=_NOT_INSTALLED) if kind == POST else None
        with in_workspace(workspace):
            return await handler(body, steps)

    return work
