"""A runbook drafted from a resolved case, or from a failure seen again and again, for a person to
finish."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bot.answering.foreign import visible
from bot.answering.quotes import quoted_words, telling
from bot.domain.answers import Diagnosis
from bot.domain.escalations import Escalation, Truth, WasRight
from bot.domain.runbook_drafts import DraftOrigin, RunbookDraft
from bot.domain.verdicts import VerdictKind

_QUOTE_MAX = 600
_SIGNATURE_MAX = 120
_TITLE_MAX = 80
_LEAST = 8  # characters; of less a signature would match anything
_UNPROVEN = 0.75  # no verdict by it is a confident one: one person has looked at it so far
_OF_WORDS = "CLTX"  # begin the ids of quotes from logs
_CAUSE_LINE = re.compile(r"^cause: .*$", re.M)
_VERDICT_LINE = re.compile(r"^verdict: .*$", re.M)


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


@dataclass(frozen=True, slots=True)
class Sketch:
    """What a draft says. `signs` and `catches` tell it, `spares` are what it must not tell;
    `parts` are headings with their words."""

    cause: str
    title: str
    verdict: VerdictKind
    signs: tuple[str, ...]
    catches: tuple[str, ...]
    at: datetime
    parts: tuple[tuple[str, str], ...]
    spares: tuple[str, ...] = ()


def proofs(truth: Truth, diagnosis: Diagnosis | None) -> Iterator[tuple[str, str]]:
    """Examples, each with a piece of it to tell it by; the likeliest first."""
    for example in examples_in(diagnosis):
        for line in reversed(example.splitlines()):
            yield example, line.strip()[:_SIGNATURE_MAX]
    for line in truth.was_wrong.splitlines():
        yield truth.was_wrong[:_QUOTE_MAX], line.strip()[:_SIGNATURE_MAX]
    yield f"Resolved case {truth.escalation}", f"Resolved case {truth.escalation}"


def examples_in(diagnosis: Diagnosis | None) -> list[str]:
    """What was quoted of words, the deciding ones first. States and figures are left out: they tell
    nothing from other failures."""
    quotes = telling(diagnosis.verdict.quotes) if diagnosis is not None else ()
    return [quoted_words(one)[-_QUOTE_MAX:] for one in quotes if one.id[:1] in _OF_WORDS]


def sketch_of_case(
    escalation: Escalation, truth: Truth, diagnosis: Diagnosis | None, example: str, sign: str
) -> Sketch:
    """Of what a human found out, to be told by `sign` in `example`."""
    return Sketch(
        cause=draft_cause(escalation),
        title=_title(escalation, truth),
        verdict=_verdict(diagnosis),
        signs=(sign,),
        catches=(example,),
        at=truth.at,
        parts=(
            ("What happened", truth.was_wrong),
            ("Check", diagnosis.check if diagnosis is not None else ""),
            ("Fix", truth.fixed_by),
            ("Verify", ""),
            (
                "Escalate",
                f"Drafted from escalation {escalation.id}, resolved on {truth.at:%Y-%m-%d}.",
            ),
        ),
    )


def sketch_of_sightings(
    cause: str, examples: Sequence[str], sign: str, runs: int, dags: int, at: datetime
) -> Sketch:
    """Of a failure that nobody has explained yet; `examples` are of different runs."""
    last = next((line.strip() for line in reversed(examples[0].splitlines()) if line.strip()), "")
    where = f"{runs} runs of {dags} Dags" if dags > 1 else f"{runs} runs of one Dag"
    return Sketch(
        cause=cause,
        title=_cut(" ".join(last.split())),
        verdict=VerdictKind.UNKNOWN,
        signs=(sign,),
        catches=tuple(dict.fromkeys(examples)),
        at=at,
        parts=(
            ("What happened", f"Seen on {where} until {at:%Y-%m-%d}. Nobody has said yet why."),
            ("Check", ""),
            ("Fix", ""),
            ("Verify", ""),
            ("Escalate", ""),
        ),
    )


def runbook_draft(sketch: Sketch) -> str:
    """Markdown in the form of the shipped runbooks."""
    signs = ", ".join(map(_yaml, sketch.signs))
    lines = [
        "---",
        f"cause: {sketch.cause}  # and call the file like it",
        f"title: {_yaml(sketch.title)}",
        f"verdict: {sketch.verdict.value}  # or {_other_kinds(sketch.verdict)}",
        "retryable: unknown  # or true, false, after_fix",
        f"signatures: [{signs}]  # what tells it from others: words or a /pattern/",
        f"confidence: {_UNPROVEN}  # 0.85 once it has proven itself",
        "owner: platform  # or dag_owner, or a team",
        "escalate_after: never by itself",
        f"last_reviewed: {sketch.at:%Y-%m-%d}",
        "catches:",
        *(f"  - {_yaml(one)}" for one in sketch.catches),
        *(["spares:"] if sketch.spares else []),
        *(f"  - {_yaml(one)}" for one in sketch.spares),
        "---",
    ]
    for heading, words in sketch.parts:
        lines += ["", f"## {heading}", "", _body(words)]
    return "\n".join([*lines, ""])


def renamed(text: str, cause: str) -> str:
    """The draft under another cause."""
    return _CAUSE_LINE.sub(f"cause: {cause}", text, count=1)


def with_verdict(text: str, kind: VerdictKind) -> str:
    """The draft with its side decided."""
    return _VERDICT_LINE.sub(f"verdict: {kind.value}", text, count=1)


def made_of(draft: RunbookDraft) -> str:
    """What it was drafted from, in one sentence."""
    if draft.origin is DraftOrigin.RESOLVED:
        return f"Drafted from what somebody found out on {draft.made_at:%Y-%m-%d}."
    return f"Drafted after {draft.count} runs that failed alike, with no runbook for it."


def is_usable(sign: str) -> bool:
    """Whether a signature could be made of it. Between slashes it would be a pattern."""
    return len(sign) >= _LEAST and not sign.startswith("/")


def _verdict(diagnosis: Diagnosis | None) -> VerdictKind:
    kind = diagnosis.verdict.kind if diagnosis is not None else VerdictKind.UNKNOWN
    return VerdictKind.DEPENDENCY if kind is VerdictKind.UNKNOWN else kind


def _other_kinds(kind: VerdictKind) -> str:
    known = [one for one in VerdictKind if one is not VerdictKind.UNKNOWN]
    return ", ".join(one.value for one in known if one is not kind)


def _title(escalation: Escalation, truth: Truth) -> str:
    return _cut(" ".join(truth.was_wrong.split()) or escalation.subject.title)


def _cut(words: str) -> str:
    return words if len(words) <= _TITLE_MAX else f"{words[: _TITLE_MAX - 1].rstrip()}…"


def _body(words: str) -> str:
    """Nothing that somebody wrote opens a part of its own."""
    escaped = (f"\\{line}" if line.startswith("#") else line for line in words.splitlines())
    return "\n".join(escaped).strip() or "To be written."


def _yaml(words: str) -> str:
    """As a quoted scalar, which JSON's strings are in YAML as well."""
    return json.dumps(words, ensure_ascii=False)
