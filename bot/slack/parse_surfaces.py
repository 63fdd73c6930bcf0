"""Which reader takes a payload that is neither an event nor a press nor the command."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from bot.slack.arrivals import Arrival, Identity
from bot.slack.asking_form import ASK_FORM
from bot.slack.case_arrivals import read_case_form
from bot.slack.case_values import CASE_FORM
from bot.slack.escalation_arrivals import EscalationArrival, read_resolved
from bot.slack.escalation_presses import RESOLVE_FORM
from bot.slack.leaving import GONE_EVENTS, read_gone
from bot.slack.parse_asking import read_asked, read_suggestion
from bot.slack.parse_assistant import ASSISTANT_EVENTS, read_assistant
from bot.slack.parse_home import read_home_press, read_moved, read_opened, read_patterns
from bot.slack.parse_settings import read_settings
from bot.slack.parse_shortcut import read_message_shortcut, read_shortcut
from bot.slack.presses import MY_DAGS
from bot.slack.reading import Reading
from bot.slack.settings_form import SETTINGS_FORM
from bot.slack.unfurl import read_links

Reader = Callable[[Mapping[str, Any], Reading, Identity], Arrival | EscalationArrival]

SURFACES: Mapping[str, Reader] = {
    "message_action": read_message_shortcut,
    "shortcut": read_shortcut,
    "block_suggestion": read_suggestion,
}
"""By the payload's type."""

PRESSED_IN_VIEW: Reader = read_home_press
"""Presses that are in no message."""

EVENTS: Mapping[str, Reader] = {
    "app_context_changed": read_moved,
    "app_home_opened": read_opened,
    **dict.fromkeys(ASSISTANT_EVENTS, read_assistant),
    "link_shared": read_links,
    **dict.fromkeys(GONE_EVENTS, read_gone),
}
"""Events that are no message, by their type."""

FORMS: Mapping[str, Reader] = {
    ASK_FORM: read_asked,
    CASE_FORM: read_case_form,
    MY_DAGS: read_patterns,
    RESOLVE_FORM: read_resolved,
    SETTINGS_FORM: read_settings,
}
"""Forms that were sent, by their callback id."""
