"""A runbook drafted from a resolved case, for a person to finish."""

from __future__ import annotations

import json

from bot.answering.quotes import quoted_words, telling
from bot.domain.answers import Diagnosis
from bot.domain.escalations import Escalation, Truth

_QUOTE_MAX = 600


def runbook_draft(escalation: Escalation, truth: Truth, diagnosis: Diagnosis | None) -> str:
    """Markdown in the form of the shipped runbooks. What only a person knows is left to fill in,
    and said so; `airflow-bot runbooks check` refuses it until then."""
    verdict = diagnosis.verdict if diagnosis is not None else None
    caught = [quoted_words(one) for one in telling(verdict.quotes)[:1]] if verdict else []
    lines = [
        "---",
        "cause: name_it_in_lower_case",
        f"title: {_yaml(escalation.subject.title)}",
        f"verdict: {verdict.kind.value if verdict else 'unknown'}",
        "retryable: false",
        "signatures: []  # literals or /patterns/ that tell this failure from others",
        "owner: platform",
        "escalate_after: never by itself",
        f"last_reviewed: {truth.at:%Y-%m-%d}",
        "catches:",
        *[f"  - {_yaml(words[-_QUOTE_MAX:])}" for words in caught],
        "---",
        "",
        "## What happened",
        "",
        truth.was_wrong or "…",
        "",
        "## Check",
        "",
        (diagnosis.check if diagnosis else "") or "…",
        "",
        "## Fix",
        "",
        truth.fixed_by or "…",
        "",
        "## Escalate",
        "",
        f"Drafted from escalation {escalation.id}, resolved on {truth.at:%Y-%m-%d}.",
        "",
    ]
    return "\n".join(lines)


def _yaml(words: str) -> str:
    """As a quoted scalar, which JSON's strings are in YAML as well."""
    return json.dumps(words, ensure_ascii=False)
