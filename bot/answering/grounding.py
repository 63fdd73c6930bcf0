"""Nothing of a model's reply is shown that the evidence does not bear out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.answering.assertions import contradicts
from bot.answering.foreign import clipped, one_line, without_pings
from bot.answering.named import Names, names_in
from bot.answering.prompts.build import MAX_CLAIMS, MAX_STEPS, Prompt
from bot.answering.prompts.pack import Item
from bot.answering.remedies import Remedy, judge_remedy
from bot.answering.reply import ModelReply, ReplyClaim, ReplyStep
from bot.answering.support import shares_words, supports
from bot.domain.answers import Claim
from bot.words import mark, say

TEXT_MAX = 400  # characters of one claim or step
SUGGESTION = mark("Suggestion, not from a runbook: ")


@dataclass(frozen=True, slots=True)
class Grounded:
    """What is left of a reply. `reasons` say why each dropped part was dropped, for the log."""

    claims: tuple[Claim, ...] = ()
    next_steps: tuple[Claim, ...] = ()
    disputes_verdict: str = ""
    reasons: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        return not (self.claims or self.next_steps or self.disputes_verdict)


def ground(reply: ModelReply, prompt: Prompt) -> Grounded:
    """Checks each part against the pack that the prompt showed; order and wording stay."""
    reasons: list[str] = [f"malformed {part}" for part in reply.malformed]
    claims = _kept([_claim(one, prompt) for one in reply.claims], MAX_CLAIMS, reasons)
    steps = _kept([_step(one, prompt) for one in reply.next_steps], MAX_STEPS, reasons)
    return Grounded(claims, steps, _dispute(reply, prompt, reasons), tuple(reasons))


def _kept(judged: Sequence[Claim | str], limit: int, reasons: list[str]) -> tuple[Claim, ...]:
    """Claims without repetitions, at most `limit`; the strings among `judged` are reasons."""
    kept: dict[str, Claim] = {}
    for one in judged:
        if isinstance(one, str):
            reasons.append(one)
        elif len(kept) < limit:
            kept.setdefault(one.text.casefold(), one)
    return tuple(kept.values())


def _claim(claim: ReplyClaim, prompt: Prompt) -> Claim | str:
    text = _clean(claim.text)
    cited = _cited(claim.cites, prompt)
    if reason := _unfounded(text, cited, prompt):
        return reason
    if claim.quote.strip():
        if not any(supports(item.text, claim.quote) for item in cited):
            return "quote is not in the cited evidence"
    elif not shares_words(text, cited):
        return "has no word in common with the cited evidence"
    disputed = claim.stance == "contradicts" or contradicts(text, prompt.conclusion)
    return Claim(clipped(text, TEXT_MAX), tuple(item.id for item in cited), disputed)


def _step(step: ReplyStep, prompt: Prompt) -> Claim | str:
    text = _clean(step.text)
    cited = _cited(step.cites, prompt)
    if reason := _unfounded(text, cited, prompt):
        return reason
    reviewed = [item for item in prompt.pack.items if item.is_runbook]
    remedy = judge_remedy(text, [item for item in cited if item.is_runbook], reviewed)
    if remedy is Remedy.REFUSED:
        return "remedy is risky or its command is in no runbook"
    lead = say(SUGGESTION) if remedy is Remedy.SUGGESTION else ""
    disputed = contradicts(text, prompt.conclusion)
    return Claim(lead + clipped(text, TEXT_MAX), tuple(item.id for item in cited), disputed)


def _dispute(reply: ModelReply, prompt: Prompt, reasons: list[str]) -> str:
    """The reason for a "no", which needs evidence just as a claim does."""
    if reply.agrees_with_verdict != "no" or prompt.conclusion is None:
        return ""
    text = _clean(reply.reason)
    reason = _unfounded(text, _cited(reply.reason_cites, prompt), prompt)
    if reason:
        reasons.append(f"dispute: {reason}")
        return ""
    return clipped(text, TEXT_MAX)


def _clean(text: str) -> str:
    return without_pings(one_line(text, 4 * TEXT_MAX))


def _cited(cites: Sequence[str], prompt: Prompt) -> list[Item]:
    found = (prompt.pack.find(name) for name in dict.fromkeys(cites))
    return [item for item in found if item is not None]


def _unfounded(text: str, cited: Sequence[Item], prompt: Prompt) -> str:
    """Why the text cannot stand; "" where it can."""
    if not text:
        return "empty"
    if not cited:
        return "cites nothing that was shown"
    names = names_in(text)
    if names.has_link:
        return "holds a link"
    return _unseen(names, cited, prompt)


def _unseen(names: Names, cited: Sequence[Item], prompt: Prompt) -> str:
    near = " ".join([prompt.context, *(item.text for item in cited)])
    if not all(supports(near, name) for name in names.faults):
        return "names a fault that the cited evidence does not"
    if not all(supports(near, name) for name in names.identifiers):
        return "names something that the cited evidence does not"
    anywhere = " ".join([near, *(item.text for item in prompt.pack.items)])
    if not all(supports(anywhere, name) for name in (*names.products, *names.figures)):
        return "names something that no evidence does"
    return ""
