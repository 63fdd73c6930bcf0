"""Sees to it that a message is said, however long Slack or the database is in trouble."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import count

from bot.services.ports import DurableSteps
from bot.slack.posts import ANSWER, EDITION, Later, Post, Sent, post_job
from bot.slack.refusals import SlackRefused

# A sign that comes later than a quick answer is dropped, and holds up nobody in the channel's line.
_SIGN_DELAY = 2.0
# Seconds between one job in vain and the next for the same message: a day in all.
_PAUSES = (5.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1_200.0, 1_800.0)
_GIVEN_UP_AFTER = 86_400.0


@dataclass(slots=True)
class Saying:
    """Hands messages about one piece of work to their queue, each revision under a number of its
    own; the numbers come out the same when the work is taken up again. `edition` counts the earlier
    wordings of what is answered: their answers give way."""

    steps: DurableSteps
    workspace: str
    part_of: str
    edition: int = 0
    _answers: dict[str, int] = field(default_factory=dict)  # how many, by turn

    async def say(self, post: Post) -> Sent:
        """Has it said, however long Slack or the database is in trouble, a day at most.

        Raises `SlackRefused` where it can never be said.
        """
        post, waited, delay = self.of_workspace(post), 0.0, 0.0
        for tries in count():
            post = replace(post, tries=tries)
            sent = await self.steps.call(post_job(post, self.part_of, delay))
            if isinstance(sent, Sent):
                return sent
            if not isinstance(sent, Later):
                raise TypeError(f"a post came to {type(sent).__name__}")
            delay = max(sent.seconds, _PAUSES[min(tries, len(_PAUSES) - 1)])
            waited += delay
            if waited > _GIVEN_UP_AFTER:
                break
        raise SlackRefused("in_trouble_for_a_day")

    async def show(self, sign: Post) -> None:
        """Has a sign of work stand in its channel in a while, unless more was said by then."""
        await self.steps.start(post_job(self.of_workspace(sign), self.part_of, _SIGN_DELAY))

    def of_workspace(self, post: Post) -> Post:
        return replace(post, workspace=self.workspace)

    def next_revision(self, turn_id: str) -> int:
        said = self._answers.get(turn_id, 0)
        self._answers[turn_id] = said + 1
        return self.revision(ANSWER) + said

    def revision(self, of_first_wording: int) -> int:
        return self.edition * EDITION + of_first_wording
