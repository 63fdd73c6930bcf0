"""What is being done for an answer, stage by stage, as a plan that Slack can show."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from bot.slack.blocks.kit import Block, one_line
from bot.slack.limits import PLAN_TEXT

Chunk = dict[str, Any]
"""One piece of what a stream is given."""


class StageState(StrEnum):
    """In Slack's words."""

    PENDING = "pending"
    UNDER_WAY = "in_progress"
    DONE = "complete"
    FAILED = "error"


@dataclass(frozen=True, slots=True)
class Stage:
    """`id` names it while its words change: said again, it takes its own place."""

    id: str
    title: str
    state: StageState = StageState.PENDING

    def chunk(self) -> Chunk:
        # Details and output would grow with each call, and say twice what two processes say.
        return {
            "type": "task_update",
            "id": self.id,
            "title": _words(self.title),
            "status": self.state.value,
        }

    def card(self) -> Block:
        return {
            "type": "task_card",
            "task_id": self.id,
            "title": _words(self.title),
            "status": self.state.value,
        }


@dataclass(frozen=True, slots=True)
class WorkPlan:
    """Stages in their order, under a title that says what is done now."""

    title: str
    stages: tuple[Stage, ...] = ()

    def with_stages(self, *changed: Stage) -> WorkPlan:
        """Each in its place, new ones at the end."""
        stages = {one.id: one for one in self.stages} | {one.id: one for one in changed}
        return replace(self, stages=tuple(stages.values()))

    def ended(self, title: str, state: StageState = StageState.DONE) -> WorkPlan:
        """Nothing is under way any more: what was has come to `state`, what was to come is gone."""
        return WorkPlan(
            title,
            tuple(
                replace(one, state=state) if one.state is StageState.UNDER_WAY else one
                for one in self.stages
                if one.state is not StageState.PENDING
            ),
        )

    def block(self) -> Block:
        """The same in a message that does not grow."""
        cards = [one.card() for one in self.stages]
        return {"type": "plan", "title": _words(self.title), "tasks": cards}


def changes(before: WorkPlan | None, after: WorkPlan) -> tuple[Chunk, ...]:
    """What a stream that shows `before` is given to show `after`."""
    known = set(before.stages) if before is not None else set()
    retitled = before is None or before.title != after.title
    title: Iterable[Chunk] = (
        ({"type": "plan_update", "title": _words(after.title)},) if retitled else ()
    )
    return (*title, *(one.chunk() for one in after.stages if one not in known))


def _words(text: str) -> str:
    return PLAN_TEXT.head(one_line(text)) or " "
