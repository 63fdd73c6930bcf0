"""Who may see what: the rules, and the decision that they lead to.

A rule holds for somebody who asks somewhere if each of its selectors that is given fits: one of its
channels, and one of its people. It grants its actions on every Dag that fits each of its selectors
of Dags. Rules only grant: what none of them grants is denied.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from fnmatch import translate
from functools import lru_cache

_ANY = frozenset[str]()


class Action(StrEnum):
    """What somebody wants of a Dag, or of the bot itself (SETTINGS: of a channel's)."""

    READ = "read"
    LOGS = "logs"
    RETRY = "retry"
    BACKFILL = "backfill"
    ESCALATE = "escalate"
    SETTINGS = "settings"


READING = frozenset({Action.READ, Action.LOGS, Action.ESCALATE})
"""What a rule grants that names no actions: to look, and to call for help."""

PRIVILEGED = frozenset({Action.RETRY, Action.BACKFILL, Action.ESCALATE, Action.SETTINGS})
"""Actions whose every request is kept in the audit, allowed or not."""


class Otherwise(StrEnum):
    """What holds for a Dag that no rule is about, once there are rules."""

    DENY = "deny"
    ALLOW = "allow"


@dataclass(frozen=True, slots=True)
class Labels:
    """A Dag as the rules see it."""

    cluster: str
    dag_id: str
    tags: frozenset[str] = _ANY
    owners: frozenset[str] = _ANY


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule; an empty selector fits everything. `name` is where it stands in the settings.

    `channels` are ids, or names after a `#`; `groups` ids of user groups, or handles after an `@`.
    `dags` are patterns with `*` and `?`, in exact case.
    """

    name: str
    channels: frozenset[str] = _ANY
    users: frozenset[str] = _ANY
    groups: frozenset[str] = _ANY
    clusters: frozenset[str] = _ANY
    dags: tuple[str, ...] = ()
    tags: frozenset[str] = _ANY
    owners: frozenset[str] = _ANY
    actions: frozenset[Action] = READING

    @property
    def names_people(self) -> bool:
        return bool(self.users or self.groups)

    @property
    def needs_details(self) -> bool:
        """Whether a Dag's id alone does not tell if the rule is about it."""
        return bool(self.tags or self.owners)

    @property
    def names_dags(self) -> bool:
        return bool(self.clusters or self.dags or self.needs_details)

    def is_about(self, dag: Labels) -> bool:
        return (
            self.is_about_cluster(dag.cluster)
            and (not self.dags or fits(self.dags, dag.dag_id))
            and (not self.tags or not self.tags.isdisjoint(dag.tags))
            and (not self.owners or not self.owners.isdisjoint(dag.owners))
        )

    def is_about_cluster(self, cluster: str) -> bool:
        return not self.clusters or cluster in self.clusters


@dataclass(frozen=True, slots=True)
class Asking:
    """Who asks where, with all that rules go by. `user` is empty for what nobody asked for.

    `channel_name` and `groups` are filled in where rules go by them. `is_direct`: nobody else sees
    the channel.
    """

    channel: str
    user: str = ""
    is_external: bool = False
    is_direct: bool = False
    channel_name: str = ""
    groups: frozenset[str] = _ANY

    def fits(self, rule: Rule) -> bool:
        in_channel = self._in(rule.channels)
        if self.is_external and not (rule.channels and in_channel):
            return False
        if rule.channels and not in_channel:
            return False
        if not rule.names_people:
            return True
        return self.user in rule.users or not rule.groups.isdisjoint(self.groups)

    def _in(self, channels: frozenset[str]) -> bool:
        return self.channel in channels or (
            bool(self.channel_name) and f"#{self.channel_name}" in channels
        )


@dataclass(frozen=True, slots=True)
class Allowed:
    """`rule` is its name, empty where no rule was needed."""

    rule: str = ""


@dataclass(frozen=True, slots=True)
class Denied:
    """`reason` is for the audit, not for whoever asked."""

    reason: str
    rule: str = ""


Decision = Allowed | Denied

NO_RULE = Denied("no rule grants it")
EXTERNAL = Denied("asked from outside the organisation, and no rule names this channel")


@dataclass(frozen=True, slots=True)
class Rights:
    """What one who asks may do where they ask. `granting` are the rules that hold for them; `open`
    says that what none of `guarding` is about is everybody's. `also` has to allow it, too."""

    granting: tuple[Rule, ...] = ()
    guarding: tuple[Rule, ...] = ()
    is_open: bool = False
    refusal: Denied = NO_RULE
    also: Rights | None = None

    def may(self, action: Action, dag: Labels) -> Decision:
        decision = self._may(action, lambda rule: rule.is_about(dag))
        if isinstance(decision, Allowed) and self.also is not None:
            return self.also.may(action, dag)
        return decision

    def may_somewhere(self, action: Action, cluster: str) -> bool:
        """Whether there can be a Dag of the cluster for which it is allowed."""
        own = self.is_open or any(
            action in rule.actions and rule.is_about_cluster(cluster) for rule in self.granting
        )
        return own and (self.also is None or self.also.may_somewhere(action, cluster))

    def needs_details(self, cluster: str) -> bool:
        """Whether a Dag's id alone does not tell what is allowed there."""
        own = any(
            rule.needs_details and rule.is_about_cluster(cluster)
            for rule in (*self.granting, *self.guarding)
        )
        return own or (self.also is not None and self.also.needs_details(cluster))

    def limited_to(self, other: Rights) -> Rights:
        """What these and the others allow."""
        if self == other:
            return self
        return replace(self, also=other if self.also is None else self.also.limited_to(other))

    def _may(self, action: Action, is_about: Callable[[Rule], bool]) -> Decision:
        for rule in self.granting:
            if action in rule.actions and is_about(rule):
                return Allowed(rule.name)
        if self.is_open and action in READING and not any(map(is_about, self.guarding)):
            return Allowed()
        return self.refusal


EVERYTHING = Rights((Rule("", actions=frozenset(Action)),))
"""As if there were no rules."""


@dataclass(frozen=True, slots=True)
class Rules:
    """All rules. Without any, everything may be read by whoever is of the organisation."""

    rules: tuple[Rule, ...] = ()
    otherwise: Otherwise = Otherwise.DENY

    def __bool__(self) -> bool:
        return bool(self.rules)

    @property
    def go_by_groups(self) -> frozenset[str]:
        """The user groups that a decision may rest on."""
        return frozenset(group for rule in self.rules for group in rule.groups)

    @property
    def go_by_channel_names(self) -> bool:
        return any(name.startswith("#") for rule in self.rules for name in rule.channels)

    def rights(self, asking: Asking) -> Rights:
        """What may be done by who asks there."""
        granting = tuple(rule for rule in self.rules if asking.fits(rule))
        if asking.is_external:
            return Rights(granting, refusal=EXTERNAL)
        if not self.rules:
            return EVERYTHING
        if self.otherwise is Otherwise.DENY:
            return Rights(granting)
        guarding = tuple(rule for rule in self.rules if rule.names_dags)
        return Rights(granting, guarding, is_open=True)

    def rights_of_all(self, asking: Asking) -> Rights:
        """What everybody may see who sees the channel: only what is granted to nobody by name."""
        return self.rights(replace(asking, user="", groups=_ANY))


def fits(patterns: Sequence[str], dag_id: str) -> bool:
    """Whether any pattern matches the whole id."""
    return _compiled(tuple(patterns)).fullmatch(dag_id) is not None


def only_fitting(patterns: Sequence[str], dag_ids: Iterable[str]) -> list[str]:
    matches = _compiled(tuple(patterns)).fullmatch
    return [one for one in dag_ids if matches(one)]


@lru_cache(maxsize=256)
def _compiled(patterns: tuple[str, ...]) -> re.Pattern[str]:
    # Brackets are no sets here: ids hold none, and a slip would grant what nobody meant.
    whole = (translate(re.sub(r"[\[\]]", "?", one)) for one in patterns)
    return re.compile("|".join(whole) or r"(?!)")
