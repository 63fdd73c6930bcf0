"""Modals: so far the one that asks what was wrong with an answer."""

from __future__ import annotations

from typing import Any

from bot.domain.conversations import BY_BUTTON
from bot.slack.blocks.kit import plain
from bot.slack.limits import MODAL_TITLE
from bot.slack.presses import RATING_FORM, Complaint, more_value
from bot.words import mark, say

_FACES = {
    Complaint.WRONG_VERDICT: mark("The verdict is wrong"),
    Complaint.WRONG_TARGET: mark("It looked at the wrong thing"),
    Complaint.STEPS_DID_NOT_HELP: mark("The steps did not help"),
    Complaint.MISSED_EVIDENCE: mark("It missed what matters"),
    Complaint.UNCLEAR: mark("I did not understand it"),
    Complaint.OTHER: mark("Something else"),
}


def rating_form(turn_id: str, source: str = BY_BUTTON) -> dict[str, Any]:
    """Asks why; closing it leaves the thumb down as it is. `source` is what the thumb came by."""
    options = [{"text": plain(say(face)), "value": why.value} for why, face in _FACES.items()]
    return {
        "type": "modal",
        "callback_id": RATING_FORM,
        "private_metadata": more_value(source, turn_id),
        "title": plain(MODAL_TITLE.head(say("Tell us more"))),
        "submit": plain(say("Send")),
        "close": plain(say("Skip")),
        "blocks": [
            {
                "type": "input",
                "block_id": "why",
                "label": plain(say("What was wrong with the answer?")),
                "element": {"type": "radio_buttons", "action_id": "why", "options": options},
            },
            {
                "type": "input",
                "block_id": "comment",
                "optional": True,
                "label": plain(say("What would have been right?")),
                "element": {
                    "type": "plain_text_input",
                    "action_id": "comment",
                    "multiline": True,
                    "max_length": 2_000,
                },
            },
        ],
    }
