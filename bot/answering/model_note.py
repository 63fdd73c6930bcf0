"""The one line that says what the language model had to do with an answer."""

from __future__ import annotations

from bot.answering.wording import count
from bot.domain.answers import Explanation, ModelOutcome

_WITHOUT = "this is the diagnosis of the rules and runbooks alone"
_NOTES = {
    ModelOutcome.TIMED_OUT: "The language model did not answer in time",
    ModelOutcome.FAILED: "The language model could not be asked",
    ModelOutcome.REFUSED: "The language model refused to answer",
    ModelOutcome.UNUSABLE: "The language model said nothing that the evidence bears out",
    ModelOutcome.OVER_BUDGET: "The language model's budget is used up",
    ModelOutcome.CALLED_OFF: "This was called off before the language model answered",
    ModelOutcome.GIVEN_UP: "The work on this broke off before the language model answered",
}


def model_note(explanation: Explanation) -> str:
    """ "" where no model is configured."""
    if explanation.outcome is ModelOutcome.NOT_CONFIGURED:
        return ""
    if explanation.outcome is ModelOutcome.USED:
        return f"Explained by {explanation.model} from the evidence cited{_dropped(explanation)}."
    return f"{_NOTES[explanation.outcome]}; {_WITHOUT}."


def _dropped(explanation: Explanation) -> str:
    if not explanation.dropped:
        return ""
    left_out = count(explanation.dropped, "statement")
    verb = "was" if explanation.dropped == 1 else "were"
    return f"; {left_out} without support {verb} left out"
