"""Answers to somebody who is erased are deleted in Slack, through the real app."""

from __future__ import annotations

from bot.domain.privacy import TAKE_AWAY, OwnPost, OwnPosts
from bot.domain.work import Job, Queue
from bot.playground.workspace import LocalWorkspace
from bot.playground.workspace.world import SUPPORT_CHANNEL
from tests.slack.asking import answered, mention
from tests.slack.doubles import ScriptedAnswers, always
from tests.slack.driver import by_bot
from tests.slack.replies import CODE
from tests.slack.running import RunningBot


async def test_an_answer_goes_and_that_of_somebody_else_stays(
    ws: LocalWorkspace, connected: RunningBot, answers: ScriptedAnswers
) -> None:
    answers.script = always(CODE)
    question = await mention(ws)
    await answered(ws, connected, question)
    other = await answered(ws, connected, await mention(ws))
    key = f"{ws.team_id}:{question.channel}:{question.ts}"
    gone = OwnPosts(ws.team_id, (OwnPost(key, question.channel, question.ts),))
    for number in range(2):  # it may be asked for again
        name = f"{TAKE_AWAY}/{number}"
        connected.engine.put(Job(name, TAKE_AWAY, gone, Queue.LATER, share=name))
        await connected.idle()
    assert [one.ts for one in by_bot(ws, SUPPORT_CHANNEL)] == [other.ts]
    assert ws.current(question).ts == question.ts
