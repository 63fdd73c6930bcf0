"""Gathering from a question and its thread everything that hints at its target."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from bot.domain.questions import Author, EarlierMessage, Question
from bot.domain.targets import RunChoice, Target, TargetHints
from bot.questions.links import ClusterAddress, target_of_url
from bot.questions.mentions import mentions_in
from bot.questions.named import targets_named
from bot.questions.words import is_id_like


def hints_of(question: Question, clusters: Sequence[ClusterAddress]) -> TargetHints:
    """What the question says of its target; what it leaves open is taken from the thread.

    The question's own words win over the thread, later messages over earlier ones.
    """
    own = _hints_of_text(question.text, question.links, clusters)
    if own.exact is not None:
        return own
    inherited = _from_thread(question.earlier, clusters)
    return _merge(own, inherited)


def _hints_of_text(
    text: str, links: Sequence[str], clusters: Sequence[ClusterAddress]
) -> TargetHints:
    exact = next((t for t in (target_of_url(link, clusters) for link in links) if t), None)
    hints = replace(mentions_in(_without(text, links), clusters), exact=exact)
    return _with_details(hints) if exact else hints


def _with_details(hints: TargetHints) -> TargetHints:
    """A try or a map index said beside a link refines what the link names."""
    exact = hints.exact
    if exact is None:
        return hints
    refined = Target(
        exact.cluster or hints.cluster or "",
        exact.dag_id,
        exact.run_id or hints.run_id,
        exact.task_id or hints.task,
        exact.map_index if exact.map_index is not None else hints.map_index,
        hints.try_number or exact.try_number,
    )
    return replace(hints, exact=refined, run_id=None, task=None, map_index=None, try_number=None)


def _from_thread(
    earlier: Sequence[EarlierMessage], clusters: Sequence[ClusterAddress]
) -> TargetHints:
    for message in reversed(earlier):
        if message.author is Author.BOT:
            found = _hints_of_text("", message.links, clusters)
        else:
            found = _hints_of_text(message.text, message.links, clusters)
            named = targets_named(message.text, message.links, clusters)
            if named:
                return _of_named(named, found)
        if found.exact is not None or (message.author is not Author.BOT and _certain(found)):
            return found
    return TargetHints()


def _certain(hints: TargetHints) -> bool:
    return bool(hints.run_id or hints.task or any(is_id_like(name) for name in hints.names))


def _of_named(named: Sequence[Target], found: TargetHints) -> TargetHints:
    """`found` is what the words around them say, the cluster perhaps."""
    named = [replace(one, cluster=one.cluster or found.cluster or "") for one in named]
    if len(named) > 1:
        return TargetHints(cluster=found.cluster, several=tuple(named))
    exact = named[0]
    tried = exact.try_number or found.try_number
    return TargetHints(exact=replace(exact, try_number=tried), cluster=found.cluster)


def _merge(own: TargetHints, inherited: TargetHints) -> TargetHints:
    """Names in the question start afresh; "try 1" or "and the logs?" stay with the thread."""
    if any(is_id_like(name) for name in own.names) or not _says_anything(inherited):
        if own.task and not _other_names(own) and inherited.exact is not None:
            return _refine(own, inherited)
        return own
    return _refine(own, inherited)


def _other_names(hints: TargetHints) -> tuple[str, ...]:
    return tuple(n for n in hints.names if n != hints.task and is_id_like(n))


def _says_anything(hints: TargetHints) -> bool:
    return hints.exact is not None or bool(hints.names or hints.several)


def _refine(own: TargetHints, inherited: TargetHints) -> TargetHints:
    exact = inherited.exact
    if exact is not None:
        other_run = own.run is not RunChoice.UNSAID or own.run_id is not None
        other_task = own.task is not None and own.task != exact.task_id
        exact = Target(
            own.cluster or exact.cluster,
            exact.dag_id,
            own.run_id or (None if other_run else exact.run_id),
            own.task or exact.task_id,
            own.map_index if own.map_index is not None or other_task else exact.map_index,
            own.try_number or (None if other_run or other_task else exact.try_number),
        )
    when = own if own.run is not RunChoice.UNSAID else inherited
    counted_from = inherited.exact.run_id if inherited.exact else inherited.run_id
    return replace(
        when,
        exact=exact,
        names=(*own.names, *inherited.names),
        cluster=own.cluster or inherited.cluster,
        run_id=own.run_id or (None if own.run is not RunChoice.UNSAID else inherited.run_id),
        task=own.task or inherited.task,
        map_index=own.map_index if own.map_index is not None else inherited.map_index,
        try_number=own.try_number or inherited.try_number,
        before_run=counted_from if own.run is RunChoice.PREVIOUS else None,
        several=() if own.names else inherited.several,
    )


def _without(text: str, links: Iterable[str]) -> str:
    for link in links:
        text = text.replace(link, " ")
    return re.sub(r"https?://\S+", " ", text)
