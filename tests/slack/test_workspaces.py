"""Work finds its workspace, and ends quietly where the app is installed no more."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

import pytest

from bot.domain.errors import StoreError
from bot.domain.questions import Asker, Origin, Question, ThreadKey
from bot.services.ports import DurableSteps
from bot.slack.arrivals import Asked, Identity, Ignored, Place, Way, WorkspaceGone
from bot.slack.config import SlackConfig
from bot.slack.jobs import ARRIVAL, POST, WORKSPACE_GONE, job_of
from bot.slack.parse import Parser
from bot.slack.posts import ANSWER, Notice, Post, Sent
from bot.slack.several import in_its_workspace
from bot.slack.workspaces import workspace_here, workspace_of
from tests.slack.doubles import NOW

HOME, OTHER = "T0HOME0001", "T0OTHER001"
NOBODY = Identity("", "", "")


def asked(workspace: str = OTHER) -> Asked:
    thread = ThreadKey(workspace, "C1", "1.2")
    question = Question(
        f"{workspace}:C1:1.2", Origin.SLACK, Asker("U1"), thread, "1.2", "why?", NOW
    )
    return Asked(question, Place("C1", "U1", "1.2"), Way.MENTION)


@pytest.mark.parametrize(
    ("body", "workspace"),
    [
        (asked(), OTHER),
        (Post("k", ANSWER, Place("C1", ""), Notice("x"), workspace=OTHER), OTHER),
        (Post(f"relay:{OTHER}:C1:1.2", ANSWER, Place("C1", ""), Notice("x")), OTHER),
        (Post("failure:ETLTEAMDAILY:run", ANSWER, Place("C1", ""), Notice("x")), ""),
        (SimpleNamespace(turn_id=f"{OTHER}:C1:1.2"), OTHER),
        (SimpleNamespace(number=3), ""),
        (None, ""),
    ],
)
def test_work_knows_its_workspace(body: object, workspace: str) -> None:
    assert workspace_of(body) == workspace


@dataclass
class Installed:
    workspaces: set[str] = field(default_factory=lambda: {HOME, OTHER})

    async def token(self, workspace: str) -> str:
        return f"xoxb-{workspace}"

    async def is_installed(self, workspace: str) -> bool:
        return workspace in self.workspaces

    def forget(self, workspace: str) -> None:
        """Nothing is remembered."""


async def test_it_is_done_in_its_workspace_or_ends_quietly() -> None:
    installed, seen = Installed(), list[str]()
    config = SlackConfig("", tokens=installed, workspace=HOME)
    steps = cast(DurableSteps, None)

    async def note(body: Any, steps: DurableSteps) -> str:
        seen.append(workspace_here())
        return "done"

    arrived = in_its_workspace(ARRIVAL, note, config)
    assert await arrived(asked(), steps) == "done"
    assert await arrived(SimpleNamespace(), steps) == "done"
    assert (seen, workspace_here()) == ([OTHER, HOME], "")
    installed.workspaces.remove(OTHER)
    assert await arrived(asked(), steps) is None
    post = Post("k", ANSWER, Place("C1", ""), Notice("x"), workspace=OTHER)
    said = await in_its_workspace(POST, note, config)(post, steps)
    assert said == Sent(refusal="account_inactive")
    gone = WorkspaceGone(OTHER, NOW)
    assert await in_its_workspace(WORKSPACE_GONE, note, config)(gone, steps) == "done"


class Unsure(Installed):
    async def is_installed(self, workspace: str) -> bool:
        raise StoreError("The database is away.")


async def test_work_goes_on_while_nobody_can_say_whether_the_app_is_installed() -> None:
    """The steps of the work that need a token wait for the database."""

    async def done(body: Any, steps: DurableSteps) -> str:
        return workspace_here()

    work = in_its_workspace(ARRIVAL, done, SlackConfig("", tokens=Unsure()))
    assert await work(asked(), cast(DurableSteps, None)) == OTHER


@pytest.mark.parametrize(
    ("event", "is_gone"),
    [
        ({"type": "app_uninstalled"}, True),
        ({"type": "tokens_revoked", "tokens": {"bot": ["U1"]}}, True),
        ({"type": "tokens_revoked", "tokens": {"oauth": ["U1"]}}, False),
    ],
)
def test_both_events_of_an_uninstall_are_one_piece_of_work(
    event: dict[str, object], is_gone: bool
) -> None:
    body = {"type": "event_callback", "team_id": OTHER, "event_time": 1_795_000_000, "event": event}
    read = Parser(str, lambda: NOW).parse(body, NOBODY)
    if not is_gone:
        assert isinstance(read, Ignored)
        return
    assert read == WorkspaceGone(OTHER, datetime.fromtimestamp(1_795_000_000, UTC))
    assert job_of(read).kind == WORKSPACE_GONE
