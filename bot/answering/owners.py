"""Who owns the next step, in words."""

from __future__ import annotations

from bot.answering.foreign import one_line
from bot.answering.wording import listed
from bot.domain.evidence import Evidence
from bot.domain.verdicts import Verdict, VerdictKind
from bot.words import say

_PLATFORM_KINDS = {VerdictKind.PLATFORM, VerdictKind.CAPACITY}
# Airflow fills this in where an author wrote nothing: it names nobody.
_DEFAULT_OWNER = "airflow"


def owner_in_words(verdict: Verdict, evidence: Evidence) -> str:
    """`the platform team`, `the Dag's owner (orders-team)`, `the network team`."""
    owner = verdict.owner.strip()
    if owner == "platform" or (not owner and verdict.kind in _PLATFORM_KINDS):
        return say("the platform team")
    if owner in ("dag_owner", ""):
        return _dag_owner(evidence)
    name = one_line(owner, 60)
    return name if "team" in name.lower() or " " in name else say("the {name} team", name=name)


def dag_owners(evidence: Evidence) -> tuple[str, ...]:
    """Owners that name somebody: the Dag's, else the task's; Airflow's default left out."""
    named = evidence.dag.owners if evidence.dag else ()
    if not named and evidence.task and evidence.task.owner:
        named = (evidence.task.owner,)
    return tuple(one_line(name, 60) for name in named if name and name.lower() != _DEFAULT_OWNER)


def _dag_owner(evidence: Evidence) -> str:
    names = dag_owners(evidence)
    if names:
        return say("the Dag's owner ({names})", names=listed(list(names)))
    if evidence.dag and evidence.dag.owners:
        return say("the Dag's owner (the Dag names nobody)")
    return say("the Dag's owner")
