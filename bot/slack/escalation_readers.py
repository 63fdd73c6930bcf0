"""Takes out of what is said of an escalation whatever the people of a channel may not see."""

from __future__ import annotations

from dataclasses import dataclass, replace

from bot.domain.access import Denied
from bot.domain.answers import Diagnosis, HumanCalled
from bot.domain.escalations import Escalation, ReachCount, Touched
from bot.domain.questions import ThreadKey
from bot.services.onlookers import decision_on
from bot.services.readers import Readers
from bot.slack.escalation_values import Handoff, Relayed
from bot.words import mark

NOT_FOR_THIS_CHANNEL = mark("Somebody asks for help about a Dag that this channel may not see")
NOT_FOR_YOU = mark("Somebody asks for help about a Dag that you may not see")


@dataclass(frozen=True, slots=True)
class ForReaders:
    """Every method raises `StoreError`."""

    readers: Readers

    async def handoff(self, handoff: Handoff, thread: ThreadKey) -> Handoff:
        """Without the diagnosis where the channel may not see its Dag or what its log says."""
        sight = await self.readers.of(thread)
        if sight is None:
            return handoff
        diagnosis = handoff.diagnosis
        if diagnosis and isinstance(await decision_on(sight, diagnosis), Denied):
            handoff = _without_dag(handoff)
        return (await sight.veil()).over(handoff)

    async def title(
        self, escalation: Escalation, diagnosis: Diagnosis | None, thread: ThreadKey, user: str
    ) -> str:
        """What it is about, for `user` in their direct messages."""
        title, sight = escalation.subject.title, await self.readers.of(thread, user)
        if sight is None:
            return title
        if diagnosis and isinstance(await decision_on(sight, diagnosis), Denied):
            return NOT_FOR_YOU
        return (await sight.veil()).over(title)

    async def relayed(self, relayed: Relayed, thread: ThreadKey, user: str) -> Relayed:
        sight = await self.readers.of(thread, user)
        return relayed if sight is None else (await sight.veil()).over(relayed)

    async def standing(self, called: HumanCalled, thread: ThreadKey, user: str) -> HumanCalled:
        """What those on call wrote may name Dags that whoever asked does not see."""
        sight = await self.readers.of(thread, user)
        if sight is None:
            return called
        veil, escalation = await sight.veil(), called.escalation
        fired, truth = veil.over((escalation.fired, called.truth))
        return replace(called, escalation=replace(escalation, fired=fired), truth=truth)


def _without_dag(handoff: Handoff) -> Handoff:
    escalation = handoff.escalation
    subject = replace(escalation.subject, title=NOT_FOR_THIS_CHANNEL, dag_owners=())
    return replace(
        handoff,
        escalation=replace(escalation, subject=subject),
        diagnosis=None,
        reach=tuple(_unnamed(one) for one in handoff.reach),
    )


def _unnamed(reach: ReachCount) -> ReachCount:
    return reach if reach.kind is Touched.CLUSTER else replace(reach, names=())
