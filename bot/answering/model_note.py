"""The one line that says what the language model had to do with an answer."""

from __future__ import annotations

from bot.domain.answers import Explanation, ModelOutcome
from bot.words import mark, say, say_many

_WITHOUT = mark("this is the diagnosis of the rules and runbooks alone")
_NOTES = {
    ModelOutcome.TIMED_OUT: mark("The language model did not answer in time"),
    ModelOutcome.FAILED: mark("The language model could not be asked"),
    ModelOutcome.REFUSED: mark("The language model refused to answer"),
    ModelOutcome.UNUSABLE: mark("The language model said nothing that the evidence bears out"),
    ModelOutcome.OVER_BUDGET: mark("The language model's budget is used up"),
    ModelOutcome.CALLED_OFF: mark("This was called off before the language model answered"),
    ModelOutcome.GIVEN_UP: mark("The work on this broke off before the language model answered"),
}


def model_note(explanation: Explanation) -> str:
    """ "" where no model is configured."""
    if explanation.outcome is ModelOutcome.NOT_CONFIGURED:
        return ""
    if explanation.outcome is ModelOutcome.USED:
        said = say("Explained by {model} from the evidence cited", model=explanation.model)
        return f"{said}{_dropped(explanation)}."
    return f"{say(_NOTES[explanation.outcome])}; {say(_WITHOUT)}."


def _dropped(explanation: Explanation) -> str:
    if not explanation.dropped:
        return ""
    return say_many(
        "; {n} statement without support was left out",
        "; {n} statements without support were left out",
        explanation.dropped,
    )
