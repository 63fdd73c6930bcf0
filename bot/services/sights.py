"""What one question may look at: the clusters as its asker may see them in that channel."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

import structlog

from bot.domain.access import Action, Allowed, Decision, Rights
from bot.domain.channel_policies import ChannelPolicy, PolicyKey
from bot.domain.errors import AirflowError
from bot.domain.questions import Asker, Origin, Question
from bot.domain.targets import Target
from bot.questions.veil import Veil
from bot.services.access import FREE, Access
from bot.services.access_ports import ChannelPolicies
from bot.services.guarded_cluster import GuardedCluster, Lists
from bot.services.ports import Cluster
from bot.services.resolve import Resolver

log = structlog.get_logger(__name__)

BARE = Veil()
USUAL = ChannelPolicy()


class MakeResolver(Protocol):
    def __call__(
        self, clusters: Mapping[str, Cluster], *, default: str = "", likely: Sequence[str] = ()
    ) -> Resolver:
        """`default` and `likely` as of `Resolver`; without them those of the settings."""
        ...


@dataclass(frozen=True)
class Sight:
    """The clusters that may be seen, and a resolver over them. `hint` is said where something was
    not found, empty where nothing can be hidden. `public` is what everybody who will read the
    answer may see, None where that is no less.
    """

    clusters: Mapping[str, Cluster]
    resolver: Resolver
    hint: str = ""
    public: Sight | None = None
    veil: Callable[[], Awaitable[Veil]] = field(default=lambda: _bare())
    policy: ChannelPolicy = USUAL
    decide: Callable[[Action, Target], Awaitable[Decision]] | None = None

    @property
    def is_limited(self) -> bool:
        return self.decide is not None

    async def sees(self, target: Target, action: Action = Action.READ) -> bool:
        """Where no cluster is named: on any of them."""
        if self.decide is None:
            return True
        names = (target.cluster,) if target.cluster else tuple(self.clusters)
        for name in names:
            if isinstance(await self.decide(action, replace(target, cluster=name)), Allowed):
                return True
        return False

    async def is_private(self, targets: Sequence[Target]) -> bool:
        """Whether an answer about these is for the asker alone: they may see more than the rest."""
        if self.public is None:
            return False
        for target in targets:
            if target.cluster in self.clusters and target.cluster not in self.public.clusters:
                return True
            for action in (Action.READ, Action.LOGS):
                if await self.sees(target, action) and not await self.public.sees(target, action):
                    return True
        return False

    def shown(self, is_private: bool) -> Sight:
        """The sight that an answer is made with."""
        return self if is_private or self.public is None else self.public


def _is_private(question: Question, policy: ChannelPolicy) -> bool:
    """What nobody asked for cannot be whispered to anybody."""
    return policy.is_private and bool(question.asker.user_id)


async def _bare() -> Veil:
    return BARE


class Sights:
    """Gives each question its sight. Holds nothing of a question; lists are worked out once."""

    def __init__(
        self,
        access: Access,
        clusters: Mapping[str, Cluster],
        make_resolver: MakeResolver,
        policies: ChannelPolicies | None = None,
    ) -> None:
        self.access = access
        self._clusters = clusters
        self._make_resolver = make_resolver
        self._policies = policies
        self._lists = Lists()
        self._everything = make_resolver(clusters)

    async def of(self, question: Question) -> Sight:
        """Raises `StoreError` where the channel's policy cannot be read."""
        policy = await self.policy(question)
        alone = question.is_private or _is_private(question, policy)
        return await self._of(question, policy, alone=alone)

    async def of_reader(self, question: Question) -> Sight:
        """The same for an answer that stands in the channel, whoever it was for."""
        return await self._of(question, await self.policy(question), alone=False)

    async def settled(self, question: Question) -> Sight:
        """What goes on being looked at for a question of which it is settled whether its answer is
        private. Its target is found: nothing of the channel's policy counts any more."""
        return await self._of(question, USUAL, alone=question.is_private)

    async def _of(self, question: Question, policy: ChannelPolicy, *, alone: bool) -> Sight:
        entitled = FREE
        if question.origin is not Origin.CLI:
            entitled = await self.access.entitled(
                question.asker,
                question.thread.channel,
                is_direct=question.is_direct,
                is_shared=question.is_shared,
            )
        own = self._sight(entitled.own, policy, entitled.doubt)
        if alone or entitled.own == entitled.of_all:
            return own
        limited = entitled.own.limited_to(entitled.of_all)
        public = self._sight(limited, policy, entitled.doubt)
        return replace(own, public=public)

    async def seen_by(self, asker: Asker, channel: str) -> Mapping[str, Cluster]:
        """The clusters as the asker may see them there; "" for where nobody else reads along."""
        entitled = await self.access.entitled(asker, channel, is_direct=not channel)
        rights = entitled.own.limited_to(entitled.of_all)
        return self._sight(rights, USUAL, entitled.doubt).clusters

    async def of_person(self, asker: Asker) -> Sight:
        """For what nobody else reads."""
        entitled = await self.access.entitled(asker, "", is_direct=True)
        return self._sight(entitled.own, USUAL, entitled.doubt)

    async def policy(self, question: Question) -> ChannelPolicy:
        if self._policies is None or question.origin is Origin.CLI or question.is_direct:
            return USUAL
        return await self._policies.policy(
            PolicyKey(question.thread.workspace, question.thread.channel)
        )

    def of_channel(self, rights: Rights) -> Sight:
        """For what nobody asked for."""
        return self._sight(rights, USUAL, "")

    def _sight(self, rights: Rights, policy: ChannelPolicy, doubt: str) -> Sight:
        if rights == FREE.own:
            default = policy.cluster if policy.cluster in self._clusters else ""
            resolver = self._everything
            if default or policy.dags:
                resolver = self._make_resolver(self._clusters, default=default, likely=policy.dags)
            return Sight(self._clusters, resolver, policy=policy)
        veil = _Veils(self._clusters, rights, self._lists)
        guarded: dict[str, Cluster] = {
            name: GuardedCluster(cluster, rights, self._lists, veil.of_all)
            for name, cluster in self._clusters.items()
            if rights.may_somewhere(Action.READ, name)
        }

        async def decide(action: Action, target: Target) -> Decision:
            return await self.access.decide(rights, action, target)

        return Sight(
            guarded,
            self._make_resolver(guarded, default=policy.cluster, likely=policy.dags),
            " ".join(part for part in (doubt, self.access.hint) if part),
            veil=veil.of_all,
            policy=policy,
            decide=decide,
        )


class _Veils:
    """What is hidden on any cluster, worked out when it is first asked for."""

    def __init__(self, clusters: Mapping[str, Cluster], rights: Rights, lists: Lists) -> None:
        self._clusters = clusters
        self._rights = rights
        self._lists = lists
        self._veil: Veil | None = None

    async def of_all(self) -> Veil:
        if self._veil is None:
            veil = BARE
            for cluster in self._clusters.values():
                try:
                    veil = veil.and_((await self._lists.of(cluster, self._rights)).veil)
                except AirflowError as error:
                    # Whose names are not known can be neither told nor told apart.
                    log.warning("access.names_unknown", cluster=cluster.name, error=str(error))
            self._veil = veil
        return self._veil
