"""The form that asks what was true about a case."""

from __future__ import annotations

from typing import Any

from bot.domain.escalations import WasRight
from bot.slack.blocks.kit import plain
from bot.slack.escalation_presses import RESOLVE_FORM
from bot.slack.limits import MODAL_TITLE
from bot.words import mark, say

WAS_WRONG, FIXED_BY, BOT_WAS = "was_wrong", "fixed_by", "bot_was"
_FACES = {
    WasRight.YES: mark("Yes"),
    WasRight.PARTLY: mark("Partly"),
    WasRight.NO: mark("No"),
    WasRight.NOT_SAID: mark("I can't say"),
}


def resolve_form(escalation_id: str, *, corrects: bool = False) -> dict[str, Any]:
    options = [{"text": plain(say(face)), "value": right.value} for right, face in _FACES.items()]
    return {
        "type": "modal",
        "callback_id": RESOLVE_FORM,
        "private_metadata": f"{escalation_id} corrects" if corrects else escalation_id,
        "title": plain(MODAL_TITLE.head(say("What was true?") if corrects else say("Resolve"))),
        "submit": plain(say("Save") if corrects else say("Resolve")),
        "close": plain(say("Not yet")),
        "blocks": [
            _words(WAS_WRONG, say("What was wrong?"), say("Shown to everybody who asked.")),
            _words(FIXED_BY, say("What fixed it?"), say("What the next one should do first.")),
            {
                "type": "input",
                "block_id": BOT_WAS,
                "label": plain(say("Was the bot right about the cause?")),
                "element": {"type": "radio_buttons", "action_id": BOT_WAS, "options": options},
            },
        ],
    }


def _words(name: str, label: str, hint: str) -> dict[str, Any]:
    return {
        "type": "input",
        "block_id": name,
        "label": plain(label),
        "hint": plain(hint),
        "element": {
            "type": "plain_text_input",
            "action_id": name,
            "multiline": True,
            "max_length": 2_000,
        },
    }
