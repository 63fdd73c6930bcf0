"""What was written in threads of several workspaces while nobody listened."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from bot.domain.questions import Origin, ThreadKey
from bot.services.escalation_ports import BridgedThread
from bot.slack.arrivals import Identity
from bot.slack.escalation_missed import Missed
from bot.slack.gestures import Gestures
from bot.slack.parse import Parser
from bot.slack.workspaces import in_workspace, workspace_here
from tests.fakes.work import FakeIntake

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
LATELY = NOW - timedelta(minutes=10)
HOME, AWAY, GONE = "T0HOME0001", "T0AWAY0001", "T0GONE0001"


@dataclass
class SlackOfEach:
    """One reply in each thread; keeps in which workspace each was read."""

    read: list[tuple[str, str]] = field(default_factory=list)

    async def identity(self) -> Identity:
        return Identity("U0BOT00001", "B0BOT00001", workspace_here())

    async def replies(
        self, channel: str, thread: str, pages: int, seconds: float, oldest: str = ""
    ) -> Sequence[Mapping[str, Any]]:
        self.read.append((workspace_here(), channel))
        ts = f"{LATELY.timestamp() + 60:.6f}"
        return [{"ts": ts, "user": "U0DATA0001", "text": "look at it", "thread_ts": thread}]


async def test_each_thread_is_read_in_its_workspace_where_the_app_still_is() -> None:
    head = f"{LATELY.timestamp():.6f}"
    threads = [
        BridgedThread("C0ONCALL01", head, LATELY),
        BridgedThread("C0DATA0001", head, LATELY, workspace=AWAY),
        BridgedThread("C0GONE0001", head, LATELY, workspace=GONE),
    ]
    slack, intake = SlackOfEach(), FakeIntake()

    async def bridged(since: datetime) -> Sequence[BridgedThread]:
        return threads

    async def nowhere(thread: ThreadKey) -> bool:
        return False

    async def nothing(thread: ThreadKey) -> Sequence[str]:
        return ()

    async def is_installed(workspace: str) -> bool:
        return workspace != GONE

    parser = Parser(str, lambda: NOW, Origin.SLACK, bridges=True)
    gestures = cast(Gestures, slack)
    taking = intake
    missed = Missed(bridged, parser, taking, nowhere, gestures, lambda: NOW, nothing)
    with in_workspace(HOME):
        await missed.catch_up(is_installed)

    assert slack.read == [(HOME, "C0ONCALL01"), (AWAY, "C0DATA0001")]
    keys = [job.key for job in intake.jobs]
    assert [key.split(":")[:2] for key in keys] == [[HOME, "C0ONCALL01"], [AWAY, "C0DATA0001"]]
