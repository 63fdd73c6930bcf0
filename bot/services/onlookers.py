"""What may be shown of an answer to others than its asker, or to everybody in its channel."""

from __future__ import annotations

from dataclasses import replace

from bot.answering.prompts.cases import CASE_SOURCE
from bot.domain.access import Action, Allowed, Decision, Denied
from bot.domain.answers import Apology, Diagnosis, HealthReport, LogReport, Reply, StatusReport
from bot.domain.cases import Shown
from bot.domain.conversations import Turn
from bot.domain.errors import BadRequest
from bot.domain.questions import Asker
from bot.domain.targets import Target
from bot.services.sights import Sight, Sights
from bot.words import mark, say

NOT_FOR_YOU = mark("I cannot show you more of that here.")
_NOT_YOURS = mark("Only whoever asked can share this answer.")
_NOT_HERE = mark(
    "I cannot share this here: not everybody in this channel may see what it is about."
)
SHARED = "share"


class Onlookers:
    """Answers presses on an answer that stands already."""

    def __init__(self, sights: Sights) -> None:
        self._sights = sights

    async def shown(self, key: str, turn: Turn, presser: Asker, channel: str) -> Shown:
        """The turn's reply for whoever pressed `key` in `channel`.

        Raises `BadRequest` where they may not see what it is about, in words that do not tell why.
        """
        sight = await self._sight(turn, presser, channel)
        decision = await decision_on(sight, turn.reply)
        if isinstance(decision, Denied):
            await self._keep(key, turn, presser, channel, Action.READ.value, decision)
            raise BadRequest(NOT_FOR_YOU)
        reply = (await sight.veil()).over(_of_its_dag(turn.reply, sight))
        public = sight.shown(False)
        is_for_all = isinstance(await decision_on(public, turn.reply), Allowed)
        return Shown(reply, is_for_all)

    async def for_all(
        self, key: str, turn: Turn, presser: Asker, channel: str, *, is_whispered: bool
    ) -> Reply:
        """The turn's reply as everybody in `channel` may see it, since its asker shares it.
        `is_whispered`: nobody but the presser sees what was pressed.

        Raises `BadRequest` where they may not, where nothing of it was kept, or where somebody else
        pressed. Who asked is not kept of everybody; then it is whoever the answer was whispered to.
        """
        asker = turn.question.asker.user_id
        if not (presser.user_id == asker if asker else is_whispered):
            raise BadRequest(_NOT_YOURS)
        if isinstance(turn.reply, Apology):
            raise BadRequest(turn.reply.what)
        sight = (await self._sight(turn, presser, channel)).shown(False)
        decision = await decision_on(sight, turn.reply)
        await self._keep(key, turn, presser, channel, SHARED, decision)
        if isinstance(decision, Denied):
            raise BadRequest(f"{say(_NOT_HERE)} {self._sights.access.hint}")
        return (await sight.veil()).over(_of_its_dag(turn.reply, sight))

    async def call(self, key: str, turn: Turn, presser: Asker, channel: str) -> None:
        """Raises `BadRequest` where they may not call a human about that answer."""
        access = self._sights.access
        decision = await access.may(presser, channel, Action.ESCALATE, target_of(turn.reply))
        await self._keep(key, turn, presser, channel, Action.ESCALATE.value, decision)
        if isinstance(decision, Denied):
            raise BadRequest(access.no_call)

    async def _sight(self, turn: Turn, presser: Asker, channel: str) -> Sight:
        thread = replace(turn.question.thread, channel=channel)
        asked = replace(turn.question, asker=presser, thread=thread, is_private=False)
        return await self._sights.of_reader(asked)

    async def _keep(
        self,
        key: str,
        turn: Turn,
        presser: Asker,
        channel: str,
        action: str,
        decision: Decision,
    ) -> None:
        about = target_of(turn.reply)
        workspace = turn.question.thread.workspace
        access = self._sights.access
        await access.keep(key, presser, workspace, channel, action, decision, about)


async def decision_on(sight: Sight, reply: Reply) -> Decision:
    """Whether the sight takes in all that the reply is about, and the logs that it quotes."""
    if sight.decide is None:
        return Allowed()
    target = target_of(reply)
    targets = [target] if target is not None else []
    if isinstance(reply, HealthReport):
        targets = [Target(one.cluster) for one in reply.clusters]
    decision: Decision = Allowed()
    for one in targets:
        for action in (Action.READ, *([Action.LOGS] if _quotes_a_log(reply) else [])):
            decision = await sight.decide(action, one)
            if isinstance(decision, Denied):
                return decision
    return decision


def _of_its_dag(reply: Reply, sight: Sight) -> Reply:
    """Without what its asker was told of others' Dags, where not everybody may see all of them."""
    if not isinstance(reply, Diagnosis) or not reply.solved or not sight.is_limited:
        return reply
    kept = tuple(one for one in reply.solved if one.dag_id == reply.target.dag_id)
    if len(kept) == len(reply.solved):
        return reply
    passages = tuple(one for one in reply.passages if one.source != CASE_SOURCE)
    return replace(reply, solved=kept, passages=passages)


def target_of(reply: Reply) -> Target | None:
    """The Dag that a reply is about; None for one that is about none."""
    if isinstance(reply, Diagnosis | StatusReport | LogReport):
        return reply.target
    return None


def _quotes_a_log(reply: Reply) -> bool:
    match reply:
        case Diagnosis(log_lines=lines) | LogReport(lines=lines):
            return bool(lines)
    return False
