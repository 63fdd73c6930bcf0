"""What people wrote to one another, in fewer words: a model's, each of which rests on theirs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.answering.prompts.cases import CASE_SOURCE
from bot.domain.answers import HowTo, ModelOutcome
from bot.domain.questions import Asker, Intent, Origin, Question, ThreadKey
from bot.domain.runbooks import Passage
from bot.services.ports import Explainer

_ASKED = (
    "Engineers wrote the passages while they resolved a failure of Apache Airflow. In three "
    "sentences at most: what was wrong, and what fixed it? Leave out what did not help. It failed "
    "with: "
)
_NOWHERE = ThreadKey("", "", "")
_LONGEST = 900  # characters


@dataclass(frozen=True, slots=True)
class Condensing:
    """Over the model that explains answers, behind the same check: what rests on none of the
    passages is dropped."""

    explainer: Explainer
    now: Callable[[], datetime]

    async def condense(self, problem: str, said: Sequence[str]) -> str:
        """ "" where there is no model, or nothing of what it says stands. Never raises."""
        asked = f"{_ASKED}{problem}"
        question = Question(
            id="case",
            origin=Origin.SLACK,
            asker=Asker(""),
            thread=_NOWHERE,
            message_ts="",
            text=asked,
            asked_at=self.now(),
            intent=Intent.HOW_TO,
        )
        passages = tuple(
            Passage(f"R{number}", f"Engineer, remark {number}", words, CASE_SOURCE)
            for number, words in enumerate(said, 1)
        )
        found = await self.explainer.explain_how_to(question, HowTo("", asked, passages))
        if found.outcome is not ModelOutcome.USED:
            return ""
        return " ".join(one.text for one in found.claims if not one.disputed)[:_LONGEST]
