"""Somebody who wants a message said, and the one who says it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from bot.domain.answers import Reply
from bot.domain.work import Job, Queue
from bot.playground.workspace import Message
from bot.playground.workspace.world import AUTHOR
from bot.slack import jobs
from bot.slack.arrivals import Place
from bot.slack.client import web_client
from bot.slack.draw import Style
from bot.slack.gestures import Gestures
from bot.slack.outgoing import Outgoing
from bot.slack.pace import Pace
from bot.slack.posting import Poster
from bot.slack.posts import ANSWER, Notice, Post, Sent
from bot.slack.saying import Saying
from tests.slack.engine import MemoryEngine, MemorySteps, PoweredLedger
from tests.slack.replies import CODE
from tests.slack.running import RunningBot


def poster_of(bot: RunningBot, ledger: PoweredLedger, api_url: str = "") -> Poster:
    """As a process of its own would have it."""
    config = replace(bot.config, api_url=api_url or bot.config.api_url)
    client = web_client(config, config.bot_token)
    return Poster(
        Outgoing(client, pace=Pace(ledger.kept.clock)),
        Gestures(client, ledger.sleep),
        ledger,
        Style(),
        bot.services.now,
        sleep=ledger.sleep,
    )


def post_in(question: Message, content: Reply | Notice = CODE, revision: int = ANSWER) -> Post:
    place = Place(question.channel, AUTHOR.id, question.root_ts)
    return Post("turn-1", revision, place, content, turn_id="turn-1", workspace="T1")


@dataclass
class Wanting:
    """Somebody who waits until a message is said, in jobs that have Slack's clock."""

    poster: Poster

    def __post_init__(self) -> None:
        handlers = {jobs.POST: self.poster.work}
        self.engine = MemoryEngine(handlers=handlers, wait=self.poster.sleep)
        job = Job("turn-1", jobs.ARRIVAL, None, Queue.QUESTIONS, "thread")
        self.saying = Saying(MemorySteps(self.engine, job), "T1", job.key)

    async def say(self, post: Post) -> Sent:
        return await self.saying.say(post)


async def put(poster: Poster, post: Post) -> Sent:
    sent = await poster.put(post)
    assert isinstance(sent, Sent)
    return sent
