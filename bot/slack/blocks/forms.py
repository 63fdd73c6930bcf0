"""Modals: so far the one that asks what was wrong with an answer."""

from __future__ import annotations

from typing import Any

from bot.domain.conversations import BY_BUTTON
from bot.slack.blocks.kit import plain
from bot.slack.limits import MODAL_TITLE
from bot.slack.presses import RATING_FORM, Complaint, more_value

_FACES = {
    Complaint.WRONG_VERDICT: "The verdict is wrong",
    Complaint.WRONG_TARGET: "It looked at the wrong thing",
    Complaint.STEPS_DID_NOT_HELP: "The steps did not help",
    Complaint.MISSED_EVIDENCE: "It missed what matters",
    Complaint.UNCLEAR: "I did not understand it",
    Complaint.OTHER: "Something else",
}


def rating_form(turn_id: str, source: str = BY_BUTTON) -> dict[str, Any]:
    """Asks why; closing it leaves the thumb down as it is. `source` is what the thumb came by."""
    options = [{"text": plain(face), "value": why.value} for why, face in _FACES.items()]
    return {
        "type": "modal",
        "callback_id": RATING_FORM,
        "private_metadata": more_value(source, turn_id),
        "title": plain(MODAL_TITLE.head("Tell us more")),
        "submit": plain("Send"),
        "close": plain("Skip"),
        "blocks": [
            {
                "type": "input",
                "block_id": "why",
                "label": plain("What was wrong with the answer?"),
                "element": {"type": "radio_buttons", "action_id": "why", "options": options},
            },
            {
                "type": "input",
                "block_id": "comment",
                "optional": True,
                "label": plain("What would have been right?"),
                "element": {
                    "type": "plain_text_input",
                    "action_id": "comment",
                    "multiline": True,
                    "max_length": 2_000,
                },
            },
        ],
    }
