"""Messages about an escalation that somebody waits for, while the work behind them goes on."""

from __future__ import annotations

from dataclasses import replace

from bot.domain.work import Queue
from bot.services.ports import DurableSteps
from bot.slack.posts import Post, message_job


async def say_soon(post: Post, steps: DurableSteps) -> None:
    """Has it said, however long that takes, before what Airflow reports by itself."""
    job = message_job(post, f"{post.key}:say:{post.revision}")
    await steps.start(replace(job, queue=Queue.QUESTIONS))
