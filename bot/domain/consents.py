"""On what grounds what was said in a workspace may leave as training data, and until when."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.domain.questions import Origin


class Basis(StrEnum):
    """The legal basis; the articles are those of the GDPR. The list is closed: what fits none of
    these is no basis."""

    OPT_IN = "opt_in"
    LEGITIMATE_INTERESTS = "legitimate_interests"
    CONTRACT = "contract"
    PUBLIC_TASK = "public_task"
    LEGAL_OBLIGATION = "legal_obligation"

    @property
    def meaning(self) -> str:
        return _MEANINGS[self]


_MEANINGS = {
    Basis.OPT_IN: "everybody whose words are used agreed to that use beforehand (Art. 6(1)(a))",
    Basis.LEGITIMATE_INTERESTS: "the organisation weighed its interest against that of its people, "
    "and wrote that down (Art. 6(1)(f))",
    Basis.CONTRACT: "a contract with those people needs it (Art. 6(1)(b))",
    Basis.PUBLIC_TASK: "a task that the law gives to the organisation needs it (Art. 6(1)(e))",
    Basis.LEGAL_OBLIGATION: "a law demands it of the organisation (Art. 6(1)(c))",
}


@dataclass(frozen=True, slots=True)
class Permission:
    """Where the two written permissions are filed: a contract's number, a letter's date, a link.

    Slack's policy for developers forbids to train with its data; only Slack itself can allow it,
    and the organisation has to agree as well.
    """

    slack: str = ""
    organisation: str = ""

    @property
    def is_whole(self) -> bool:
        return bool(self.slack.strip() and self.organisation.strip())


@dataclass(frozen=True, slots=True)
class Consent:
    """One record. It is never changed but to be withdrawn, and never deleted: it says why earlier
    exports were right. Times are aware; `until` is the first moment without it."""

    id: str
    workspace: str
    basis: Basis
    permission: Permission
    recorded_by: str
    recorded_at: datetime
    until: datetime
    withdrawn_at: datetime | None = None
    withdrawn_by: str = ""
    note: str = ""

    def is_in_force(self, at: datetime) -> bool:
        ends = min(self.until, self.withdrawn_at or self.until)
        return self.recorded_at <= at < ends

    def covers(self, origin: Origin) -> bool:
        """Rows from Slack need both written permissions, whatever the basis. What people say to
        this product itself, at the terminal or in the local workspace, needs their opt-in."""
        if origin is Origin.SLACK:
            return self.permission.is_whole
        return self.basis is Basis.OPT_IN


def covering(
    consents: Iterable[Consent],
    workspace: str,
    origin: Origin,
    at: datetime,
    used: Collection[str] = (),
) -> Consent | None:
    """By which of these a row may be exported at that moment; of several one whose id is among the
    `used` first, then the one that lasts longest. None: the row stays."""
    fitting = [
        one
        for one in consents
        if one.workspace == workspace and one.is_in_force(at) and one.covers(origin)
    ]
    return max(fitting, key=lambda one: (one.id in used, one.until, one.id), default=None)


def no_longer(consents: Iterable[Consent], used: Collection[str], at: datetime) -> tuple[str, ...]:
    """Which of the consents that an export was made under, by id, do not hold any more."""
    holding = {one.id for one in consents if one.is_in_force(at)}
    return tuple(sorted(set(used) - holding))


def refusal(workspace: str, origin: Origin) -> str:
    """Why rows of such an origin stay, and what would have to be done first."""
    record = f"airflow-bot consent record {workspace} --basis … --until …"
    if origin is Origin.SLACK:
        return (
            f"Rows from Slack ({workspace}) are not exported: Slack's App Developer Policy forbids "
            "training with its data. With a written permission of Slack and one of the "
            f"organisation: {record} --slack-permission … --organisation-permission …"
        )
    return (
        f"Rows of {workspace} ({origin}) are not exported: nobody recorded that its people agreed. "
        f"Once they did: {record.replace('--basis …', '--basis opt_in')}"
    )
