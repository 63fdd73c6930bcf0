"""No language model is configured: the deterministic answer is all there is."""

from __future__ import annotations

from collections.abc import Sequence

from bot.domain.answers import Diagnosis, Explanation, HowTo, ModelOutcome
from bot.domain.checks import Check, CheckStatus
from bot.domain.evidence import Evidence
from bot.domain.questions import Question

_NOT_CONFIGURED = Explanation(ModelOutcome.NOT_CONFIGURED)


class NoExplainer:
    """Implements `Explainer` without a model."""

    async def explain(
        self, question: Question, diagnosis: Diagnosis, evidence: Evidence
    ) -> Explanation:
        return _NOT_CONFIGURED

    async def explain_how_to(self, question: Question, how_to: HowTo) -> Explanation:
        return _NOT_CONFIGURED

    async def doctor(self) -> Sequence[Check]:
        detail = "no model configured: answers come from the rules and runbooks alone"
        remedy = "To have them explained as well, set the model's base URL, name and API key."
        return [Check("model", "configured", CheckStatus.SKIPPED, detail, remedy)]
