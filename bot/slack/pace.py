"""When a channel may be spoken to: as Slack asked, and no faster than it bears for mere signs."""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from time import monotonic

from bot.slack.refusals import LeftAlone

# Slack bears one message a second in a channel, for all that go on there together.
_BETWEEN_SIGNS = 1.0
_CHANGE = "chat.update"


class Pace:
    """What Slack asked of this process, by method and channel, and when it last wrote in each
    channel. `clock` counts seconds.

    Other processes are told by Slack themselves, with the first call that each of them makes.
    """

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._not_before: dict[tuple[str, str], float] = {}
        self._written: dict[str, float] = {}

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

    def wrote(self, channel: str) -> None:
        """A message is on its way there, or just was."""
        now = self._clock()
        fresh = {one: at for one, at in self._written.items() if at > now - _BETWEEN_SIGNS}
        self._written = fresh | {channel: now}

    def has_room(self, channel: str) -> bool:
        """Whether a sign of work may be changed there now; where it may, that second is taken."""
        now = self._clock()
        is_free = self._written.get(channel, -inf) <= now - _BETWEEN_SIGNS
        if not is_free or self._not_before.get((_CHANGE, channel), -inf) > now:
            return False
        self.wrote(channel)
        return True
