"""The names of what people press about an escalation: written by blocks, read by the parser."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from bot.domain.escalations import Kind

RESOLVE_FORM = "escalation_resolved"
"""The callback id of the form that asks what was true."""


class Act(StrEnum):
    """Action ids; each is followed by the escalation's id and the number of hands it had."""

    ACKNOWLEDGE = "escalation_acknowledge"
    TAKE_OVER = "escalation_take_over"
    HAND_TO = "escalation_hand_to"
    SNOOZE = "escalation_snooze"
    MITIGATE = "escalation_mitigate"
    RESOLVE = "escalation_resolve"
    CORRECT = "escalation_correct"  # what was said to be true
    REOPEN = "escalation_reopen"

    def pattern(self) -> re.Pattern[str]:
        return re.compile(rf"^{self.value}:")

    @property
    def kind(self) -> Kind:
        return _KINDS[self]


_KINDS = {
    Act.ACKNOWLEDGE: Kind.ACKNOWLEDGED,
    Act.TAKE_OVER: Kind.TAKEN_OVER,
    Act.HAND_TO: Kind.HANDED_ON,
    Act.SNOOZE: Kind.SNOOZED,
    Act.MITIGATE: Kind.MITIGATED,
    Act.RESOLVE: Kind.RESOLVED,
    Act.CORRECT: Kind.EXPLAINED,
    Act.REOPEN: Kind.REOPENED,
}

ASKS = (Act.RESOLVE, Act.CORRECT)
"""Those that open the form."""

ASK_HUMAN = "ask_human"
"""The action id of the button under an answer; its value is the turn's id."""


@dataclass(frozen=True, slots=True)
class Seen:
    """The escalation on whose card something was pressed, with the `hands` it showed."""

    escalation: str
    hands: int


def action_id(act: Act, escalation: str, hands: int) -> str:
    return f"{act.value}:{escalation}:{hands}"


def read_action(action: str) -> tuple[Act, Seen] | None:
    """None for an action id that we never wrote."""
    name, _, rest = action.partition(":")
    escalation, _, hands = rest.partition(":")
    if name not in set(Act) or not escalation or not hands.isdecimal():
        return None
    return Act(name), Seen(escalation, int(hands))
