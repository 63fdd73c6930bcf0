"""The one place where it is decided who may do what, and where the audit learns of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

import structlog

from bot.domain.access import (
    EVERYTHING,
    Action,
    Allowed,
    Asking,
    Decision,
    Denied,
    Labels,
    Rights,
    Rules,
)
from bot.domain.audit import AuditEntry, Outcome
from bot.domain.errors import AirflowError, MayNotAsk, NotTold
from bot.domain.questions import Asker
from bot.domain.references import reference_of
from bot.domain.targets import Target
from bot.services.access_ports import AuditLog, Directory
from bot.services.guarded_cluster import labels_of
from bot.services.ports import Cluster
from bot.words import mark, say

log = structlog.get_logger(__name__)

GROUPS_UNKNOWN = mark(
    "Slack does not tell me now which user groups you are in, so I leave out what they would show "
    "you. Ask again in a minute."
)
WHO_UNKNOWN = mark(
    "Slack does not tell me now whether you are a guest here, so I show you what I would show one. "
    "Ask again in a minute."
)
_DIRECT = "D"  # begins the ids of direct messages
_WHOM = mark("whoever runs this bot")


@dataclass(frozen=True, slots=True)
class Entitled:
    """What one who asks somewhere may do, and what everybody there may see. `doubt` is said to
    them where some of it could not be found out."""

    own: Rights
    of_all: Rights
    doubt: str = ""


FREE = Entitled(EVERYTHING, EVERYTHING)


class Access:
    """Decides by the rules. Where a decision rests on something that Slack does not tell, what
    depends on it is denied."""

    def __init__(
        self,
        rules: Rules,
        clusters: Mapping[str, Cluster],
        *,
        now: Callable[[], datetime],
        audit: AuditLog | None = None,
        directory: Directory | None = None,
        contact: str = "",
    ) -> None:
        """`contact` is whom to ask for more rights, in words."""
        self.rules = rules
        self._clusters = clusters
        self._now = now
        self._audit = audit
        self._directory = directory
        self._contact = contact or _WHOM

    @property
    def hint(self) -> str:
        """Said wherever something was not found, hidden or not."""
        return say(
            "If you are sure it is there, you may not be allowed to see it: ask {whom}.",
            whom=say(self._contact),
        )

    @property
    def no_call(self) -> str:
        """Said to whoever asks for a human and may not call one."""
        return say(
            "You may not call a human here. If you should be able to, ask {whom}.",
            whom=say(self._contact),
        )

    async def may(
        self, asker: Asker, channel: str, action: Action, about: Target | None = None
    ) -> Decision:
        """Whether `asker` may do that in `channel`, to the Dag of `about` or to anything at all.

        Without rules everything is allowed, but to people of other organisations. A cluster that
        does not answer is no reason to allow: what depends on its tags is denied.
        """
        entitled = await self.entitled(asker, channel)
        if about is None:
            names = tuple(self._clusters) or ("",)
            somewhere = any(entitled.own.may_somewhere(action, name) for name in names)
            return Allowed() if somewhere else entitled.own.refusal
        return await self.decide(entitled.own, action, about)

    async def decide(self, rights: Rights, action: Action, about: Target) -> Decision:
        """The same by rights that are known."""
        if about.dag_id is None:
            return Allowed() if rights.may_somewhere(action, about.cluster) else rights.refusal
        labels = Labels(about.cluster, about.dag_id)
        cluster = self._clusters.get(about.cluster)
        if cluster is not None and rights.needs_details(about.cluster):
            try:
                labels = labels_of(about.cluster, await cluster.dag(about.dag_id)) or labels
            except AirflowError as error:
                log.warning("access.labels_unknown", cluster=about.cluster, error=str(error))
        return rights.may(action, labels)

    async def entitled(
        self, asker: Asker, channel: str, *, is_direct: bool = False, is_shared: bool = False
    ) -> Entitled:
        """The rights of `asker` in `channel`. Nobody else sees a direct one; one that is shared is
        read by people of other organisations as well."""
        asker, who_doubt = await self._known(asker)
        is_shared = is_shared or (not is_direct and await self._is_shared(channel))
        if not self.rules and not asker.is_external and not is_shared:
            return FREE
        asking, doubt = await self._asking(asker, channel, is_direct)
        doubt = " ".join(filter(None, (who_doubt, doubt)))
        own = self.rules.rights(asking)
        if is_direct:
            return Entitled(own, own, doubt)
        readers = replace(asking, is_external=asking.is_external or is_shared)
        return Entitled(own, self.rules.rights_of_all(readers), doubt)

    async def _known(self, asker: Asker) -> tuple[Asker, str]:
        """The asker, external where a guest, and what to say where that is unsure."""
        if asker.is_external or not asker.user_id or self._directory is None:
            return asker, ""
        try:
            is_guest = (await self._directory.member(asker.user_id)).is_guest
        except MayNotAsk:
            return asker, ""
        except NotTold as error:
            log.warning("access.person_unknown", error=str(error))
            return replace(asker, is_external=True), WHO_UNKNOWN
        return replace(asker, is_external=is_guest), ""

    async def _is_shared(self, channel: str) -> bool:
        """Also where Slack does not tell now: what others have read cannot be taken back."""
        if not channel or channel.startswith(_DIRECT) or self._directory is None:
            return False
        try:
            return await self._directory.is_shared(channel)
        except MayNotAsk:
            return False
        except NotTold as error:
            log.warning("access.channel_unknown", error=str(error))
            return True

    async def _asking(self, asker: Asker, channel: str, is_direct: bool) -> tuple[Asking, str]:
        groups, doubt = await self._groups_of(asker)
        return (
            Asking(
                channel,
                asker.user_id,
                asker.is_external,
                is_direct,
                "" if is_direct else await self._name_of(channel),
                groups,
            ),
            doubt,
        )

    async def _groups_of(self, asker: Asker) -> tuple[frozenset[str], str]:
        """Those of the rules' groups that the asker is in, and what to say where that is unsure."""
        wanted = self.rules.go_by_groups
        if not wanted or not asker.user_id:
            return frozenset(), ""
        if self._directory is None:
            return frozenset(), GROUPS_UNKNOWN
        found, doubt = set(), ""
        for group in sorted(wanted):
            try:
                if asker.user_id in await self._directory.members(group):
                    found.add(group)
            except NotTold as error:
                log.warning("access.group_unknown", group=group, error=str(error))
                doubt = GROUPS_UNKNOWN
        return frozenset(found), doubt

    async def _name_of(self, channel: str) -> str:
        if not self.rules.go_by_channel_names or not channel or self._directory is None:
            return ""
        try:
            return await self._directory.channel_name(channel)
        except NotTold as error:
            log.warning("access.channel_name_unknown", channel=channel, error=str(error))
            return ""

    async def keep(
        self,
        key: str,
        asker: Asker,
        workspace: str,
        channel: str,
        action: str,
        decision: Decision,
        about: Target | None = None,
        detail: str = "",
    ) -> None:
        """Enters it into the audit, durably, once for the work `key`. Raises `StoreError`."""
        if self._audit is None:
            return
        denied = isinstance(decision, Denied)
        entry = AuditEntry(
            key=f"{key}:{action}:{about.label() if about else ''}",
            at=self._now(),
            user_id=asker.user_id,
            workspace=workspace,
            channel=channel,
            action=action,
            outcome=Outcome.DENIED if denied else Outcome.ALLOWED,
            target=about,
            rule=decision.rule,
            reason=decision.reason if isinstance(decision, Denied) else "",
            reference=reference_of(key),
            detail=detail,
        )
        await self._audit.add(entry)
        log.info("access.kept", action=action, outcome=entry.outcome, rule=entry.rule)
