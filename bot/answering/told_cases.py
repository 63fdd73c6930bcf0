"""Resolved cases in an answer: which are told of, and the answer without some of them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from bot.answering.prompts.cases import CASE_SOURCE
from bot.domain.answers import Claim, Diagnosis, Reply


def cases_in(reply: Reply) -> tuple[str, ...]:
    """Their ids."""
    return tuple(one.case_id for one in reply.solved) if isinstance(reply, Diagnosis) else ()


def without_cases(reply: Reply, case_ids: Collection[str]) -> Reply:
    """A model that was told of a case may have said so wherever it cites one."""
    if not isinstance(reply, Diagnosis) or not case_ids:
        return reply
    passages = [one for one in reply.passages if one.source == CASE_SOURCE]
    cited = {one.id for one in passages}

    def kept(claims: Sequence[Claim]) -> tuple[Claim, ...]:
        return tuple(one for one in claims if cited.isdisjoint(one.cites))

    explanation = reply.explanation
    return replace(
        reply,
        solved=tuple(one for one in reply.solved if one.case_id not in case_ids),
        passages=tuple(one for one in reply.passages if one.id not in cited),
        explanation=replace(
            explanation,
            claims=kept(explanation.claims),
            next_steps=kept(explanation.next_steps),
        ),
    )
