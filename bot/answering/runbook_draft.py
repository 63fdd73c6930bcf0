"""A runbook drafted from a resolved case, for a person to finish."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

from bot.answering.foreign import visible
from bot.answering.quotes import quoted_words, telling
from bot.domain.answers import Diagnosis
from bot.domain.escalations import Escalation, Truth, WasRight
from bot.domain.verdicts import VerdictKind

_QUOTE_MAX = 600
_SIGNATURE_MAX = 120
_TITLE_MAX = 80
_LEAST = 8  # characters; of less a signature would match anything


def is_worth_a_draft(escalation: Escalation, truth: Truth) -> bool:
    """Not where the bot knew it: there is a runbook then."""
    is_known = escalation.subject.verdict not in (None, VerdictKind.UNKNOWN)
    return not (is_known and truth.bot is WasRight.YES)


def draft_cause(escalation: Escalation) -> str:
    """The name of the cause until somebody gives a better one; the file is called like it."""
    return f"case_{escalation.id.lower()}"


def readable(truth: Truth) -> Truth:
    """Without signs that a runbook may not hold."""
    return replace(truth, was_wrong=visible(truth.was_wrong), fixed_by=visible(truth.fixed_by))


def proofs(truth: Truth, diagnosis: Diagnosis | None) -> Iterator[tuple[str, str]]:
    """Examples, each with a piece of it to tell it by; the likeliest first."""
    quotes = telling(diagnosis.verdict.quotes) if diagnosis is not None else ()
    for quote in quotes:
        example = quoted_words(quote)[-_QUOTE_MAX:]
        for line in reversed(example.splitlines()):
            yield example, line.strip()[:_SIGNATURE_MAX]
    for line in truth.was_wrong.splitlines():
        yield truth.was_wrong[:_QUOTE_MAX], line.strip()[:_SIGNATURE_MAX]
    yield f"Resolved case {truth.escalation}", f"Resolved case {truth.escalation}"


def runbook_draft(
    escalation: Escalation, truth: Truth, diagnosis: Diagnosis | None, example: str, sign: str
) -> str:
    """Markdown in the form of the shipped runbooks, to be told by `sign` in `example`."""
    lines = [
        "---",
        f"cause: {draft_cause(escalation)}  # and call the file like it",
        f"title: {_yaml(_title(escalation, truth))}",
        f"verdict: {_verdict(diagnosis)}  # or capacity, platform, code, dependency, operator",
        "retryable: unknown  # or true, false, after_fix",
        f"signatures: [{_yaml(sign)}]  # what tells it from others: words or a /pattern/",
        "owner: platform  # or dag_owner, or a team",
        "escalate_after: never by itself",
        f"last_reviewed: {truth.at:%Y-%m-%d}",
        "catches:",
        f"  - {_yaml(example)}",
        "---",
    ]
    parts = {
        "What happened": truth.was_wrong,
        "Check": diagnosis.check if diagnosis is not None else "",
        "Fix": truth.fixed_by,
        "Verify": "",
        "Escalate": f"Drafted from escalation {escalation.id}, resolved on {truth.at:%Y-%m-%d}.",
    }
    for heading, words in parts.items():
        lines += ["", f"## {heading}", "", _body(words)]
    return "\n".join([*lines, ""])


def is_usable(sign: str) -> bool:
    """Whether a signature could be made of it. Between slashes it would be a pattern."""
    return len(sign) >= _LEAST and not sign.startswith("/")


def _verdict(diagnosis: Diagnosis | None) -> str:
    kind = diagnosis.verdict.kind if diagnosis is not None else VerdictKind.UNKNOWN
    return (VerdictKind.DEPENDENCY if kind is VerdictKind.UNKNOWN else kind).value


def _title(escalation: Escalation, truth: Truth) -> str:
    words = " ".join(truth.was_wrong.split()) or escalation.subject.title
    return words if len(words) <= _TITLE_MAX else f"{words[: _TITLE_MAX - 1].rstrip()}…"


def _body(words: str) -> str:
    """Nothing that somebody wrote opens a part of its own."""
    escaped = (f"\\{line}" if line.startswith("#") else line for line in words.splitlines())
    return "\n".join(escaped).strip() or "To be written."


def _yaml(words: str) -> str:
    """As a quoted scalar, which JSON's strings are in YAML as well."""
    return json.dumps(words, ensure_ascii=False)
