"""Finds what another app has said in the channel of the same failure, so that it is told once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime

from bot.domain.targets import Target
from bot.questions.alerts import Alert, read_alerts
from bot.slack.gestures import Gestures
from bot.slack.plain import flatten

_BEFORE = 900.0  # seconds that the other alert may be older than the report to us
_READ_SECONDS = 5.0


async def alert_beside(
    gestures: Gestures,
    redact: Callable[[str], str],
    channel: str,
    target: Target,
    reported_at: datetime,
) -> str:
    """The ts of the newest message of another app that tells of `target`; "" where there is none,
    or Slack does not let us look."""
    me = await gestures.identity()
    since = reported_at.timestamp() - _BEFORE
    messages = await gestures.recent(channel, since, _READ_SECONDS)
    others = [one for one in messages if one.get("bot_id") and one.get("bot_id") != me.bot_id]
    heads = [one for one in others if one.get("thread_ts") in (None, one.get("ts"))]

    def find() -> str:
        for message in sorted(heads, key=lambda one: str(one.get("ts")), reverse=True):
            text = redact(flatten(message, me.user_id).text)
            if any(_is_same(alert, target) for alert in read_alerts(text)):
                return str(message["ts"])
        return ""

    # Patterns over foreign text take a while: not on the event loop.
    return await asyncio.to_thread(find)


def _is_same(alert: Alert, target: Target) -> bool:
    """What the other app does not say is no difference; but it has to name the run or the task."""
    if alert.dag_id != target.dag_id or (alert.run_id is None and alert.task_id is None):
        return False
    said = (alert.run_id, alert.task_id, alert.map_index)
    own = (target.run_id, target.task_id, target.map_index)
    return all(None in pair or pair[0] == pair[1] for pair in zip(said, own, strict=True))
