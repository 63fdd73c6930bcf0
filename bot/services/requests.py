"""Which requests the audit learns of: those for what is hidden, and those that take a right."""

from __future__ import annotations

from dataclasses import replace

from bot.domain.access import Action, Allowed, Decision, Denied
from bot.domain.questions import Intent, Question
from bot.domain.targets import Ambiguous, Nowhere, Target, TargetHints
from bot.services.access import Access
from bot.services.sights import Sight
from bot.services.unanswered import options_of
from bot.words import say

_ACTIONS = {
    Intent.RETRY: Action.RETRY,
    Intent.BACKFILL: Action.BACKFILL,
    Intent.ESCALATE: Action.ESCALATE,
}


async def keep_request(
    access: Access,
    question: Question,
    intent: Intent,
    hints: TargetHints,
    sight: Sight,
    subject: Target | None = None,
) -> Decision:
    """Enters what was asked for, and returns whether it may be done. `subject` is what it is about
    where that is known better than by the words. Raises `StoreError`, so that nothing is answered
    unrecorded."""
    for target in await _hidden(hints, sight):
        await _keep(access, question, Action.READ.value, Denied("it may not be seen here"), target)
    action = _ACTIONS.get(intent)
    if action is None:
        return Allowed()
    about = subject or hints.exact or (Target(hints.cluster) if hints.cluster else None)
    decision = await access.may(question.asker, question.thread.channel, action, about)
    await _keep(access, question, action.value, decision, about)
    return decision


async def only_seen(found: Ambiguous | Nowhere, sight: Sight) -> Ambiguous | Nowhere:
    """Without the options that the asker may not see: a message in the thread may name others."""
    options = options_of(found)
    if not sight.is_limited or not options:
        return found
    seen = tuple([one for one in options if await sight.sees(one.target)])
    if isinstance(found, Nowhere):
        return replace(found, close=seen)
    if not seen:
        return Nowhere(say("any of the Dags named in this thread"), tuple(sight.clusters))
    question = found.question if len(seen) == len(options) else say("Which one do you mean?")
    return Ambiguous(question, seen)


async def _hidden(hints: TargetHints, sight: Sight) -> list[Target]:
    """The Dags that the words name and that are there, but not for the asker."""
    if not sight.is_limited:
        return []
    named = [one for one in (hints.exact, *hints.several) if one is not None and one.dag_id]
    found = [one for one in named if not await sight.sees(one)]
    veil = await sight.veil()
    names = [name for name in dict.fromkeys(hints.names) if veil.hides(name)]
    return [*found, *(Target(hints.cluster or "", name) for name in names)]


async def _keep(
    access: Access,
    question: Question,
    action: str,
    decision: Decision,
    about: Target | None,
) -> None:
    thread = question.thread
    await access.keep(
        question.id, question.asker, thread.workspace, thread.channel, action, decision, about
    )
