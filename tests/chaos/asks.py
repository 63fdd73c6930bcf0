"""What people asked of the bot in a run, and what the workspace knows of each."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from bot.playground.workspace.world import TEAM_ID
from tests.chaos.reading import Said


class Kind(StrEnum):
    MENTION = "mention"
    DIRECT = "direct message"
    FOLLOW_UP = "follow-up"
    COMMAND = "command"


@dataclass
class Ask:
    """One question that wants exactly one answer.

    `ts` and `root` are those of the asker's message and its thread; a command has none until its
    thread is there. `names` are words that the answer may be known by, `said_at` epoch seconds.
    `offered` and `acked` are when it was first handed to the bot and when the bot first took it.
    `cancelled`: an operator tried to call it off.
    """

    number: int
    kind: Kind
    channel: str
    user: str
    text: str
    said_at: float
    ts: str = ""
    root: str = ""
    dag: str = ""
    key: str = ""
    offered: float | None = None
    acked: float | None = None
    attempts: int = 0
    cancelled: bool = False
    answers: list[Answer] = field(default_factory=list)

    @property
    def place(self) -> tuple[str, str]:
        return self.channel, self.root

    @property
    def work_key(self) -> str:
        """What the bot's commands for operators call the work on it."""
        end = ":remark" if self.kind is Kind.FOLLOW_UP else ""
        return f"{TEAM_ID}:{self.channel}:{self.ts or f'command-{self.key}'}{end}"

    @property
    def said(self) -> Said | None:
        """The best that stands in the workspace now."""
        standing = {answer.said for answer in self.answers if not answer.gone}
        return next((said for said in Said if said in standing), None)

    @property
    def line(self) -> str:
        """One line for people who look for it."""
        where = f"{self.channel} {self.ts or self.key}"
        return f"#{self.number} {self.kind} in {where}: {self.text!r}"


@dataclass
class Answer:
    """A message of the bot that is a last word: an answer, or why there is none.

    `at` is when it first was one, epoch seconds; `gone`: it is none any more.
    """

    channel: str
    ts: str
    at: float
    said: Said
    gone: bool = False


@dataclass
class Pressed:
    """A button that a person used; `shown` are the private messages that came of it."""

    user: str
    channel: str
    root: str
    at: float
    taken: bool
    shown: int = 0
