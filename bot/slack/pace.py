"""When a channel may be spoken to again: Slack says for each method how long to leave it alone."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic

from bot.slack.refusals import LeftAlone


class Pace:
    """What Slack asked of this process, by method and channel. `clock` counts seconds.

    Other processes are told by Slack themselves, with the first call that each of them makes.
    """

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._not_before: dict[tuple[str, str], float] = {}

    def check(self, method: str, channel: str) -> None:
        """Raises `LeftAlone` while Slack does not want that call."""
        left = self._not_before.get((method, channel), 0.0) - self._clock()
        if left > 0:
            raise LeftAlone(left)

    def leave_alone(self, method: str, channel: str, seconds: float) -> None:
        """Slack wants no such call for so long."""
        now = self._clock()
        self._not_before = {call: end for call, end in self._not_before.items() if end > now}
        if seconds > 0:
            self._not_before[method, channel] = now + seconds
