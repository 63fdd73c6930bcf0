"""The answer that stands without a model: verdict, runbook and evidence in plain words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bot.answering.causes import possible_words
from bot.answering.comparing import comparison_of
from bot.answering.excerpt import excerpt, log_of
from bot.answering.facts import headline_facts
from bot.answering.foreign import clipped, middle_cut, one_line, visible
from bot.answering.gaps import gap_in_words
from bot.answering.owners import owner_in_words
from bot.answering.quotes import folded, is_quoted
from bot.answering.retries import retry_text
from bot.answering.standing import Phase, Standing, deciding_try, never_started, standing_of
from bot.answering.steps import fill, fitting, placeholder_values, steps_of, without_idle_words
from bot.answering.wording import duration, moment, sentence
from bot.domain.answers import Diagnosis, Link
from bot.domain.evidence import Evidence, TaskInstance
from bot.domain.runbooks import KnownFailure, Passage
from bot.domain.targets import Target
from bot.domain.verdicts import Verdict
from bot.words import mark, mark_many, say, say_many

_PASSAGE_MAX = 4_000  # characters; more is a manual, not a runbook
_MAX_STEPS = 8
_WHY_MAX = 400  # characters; a message of the failure's own can be endless


def diagnosis_from(
    reference: str,
    target: Target,
    understood_as: str,
    verdict: Verdict,
    known: KnownFailure | None,
    evidence: Evidence,
    links: Sequence[Link],
) -> Diagnosis:
    """`known` is the runbook of `verdict.cause`; None where there is none for it."""
    values = placeholder_values(target, evidence)
    quoted_try = verdict.deciding.try_number if verdict.deciding else None
    log = log_of(evidence, quoted_try)
    return Diagnosis(
        reference=reference,
        target=target,
        understood_as=understood_as,
        verdict=verdict,
        steps=_steps(known, verdict, evidence, values),
        check=fill(known.section("Check"), values) if known else "",
        owner=owner_in_words(verdict, evidence),
        retry_text=retry_text(verdict.retry, standing_of(evidence), verdict.kind),
        what_happened=_what_happened(verdict, known, evidence, values),
        facts=headline_facts(evidence, verdict.deciding),
        links=tuple(links),
        passages=_passages(known, evidence, values),
        log_lines=excerpt(evidence, verdict),
        lines_read=log.lines_read if log else 0,
        comparison=comparison_of(verdict, evidence),
    )


def with_passages(diagnosis: Diagnosis, found: Sequence[Passage]) -> Diagnosis:
    """Adds what a search found and the diagnosis has not; ids go on from the ones it has."""
    known = {passage.cause for passage in diagnosis.passages if passage.cause}
    fresh = [passage for passage in found if passage.cause not in known]
    first = len(diagnosis.passages) + 1
    numbered = tuple(replace(one, id=f"R{number}") for number, one in enumerate(fresh, first))
    return replace(diagnosis, passages=(*diagnosis.passages, *numbered))


def _steps(
    known: KnownFailure | None, verdict: Verdict, evidence: Evidence, values: dict[str, str]
) -> tuple[str, ...]:
    if not known or not known.section("Fix"):
        return tuple(_steps_without_runbook(verdict, evidence))
    written = fitting(steps_of(known.section("Fix")), _seen(verdict))
    steps = [without_idle_words(fill(step, values)) for step in written]
    return tuple(_for_now(steps, standing_of(evidence)))[:_MAX_STEPS]


def _for_now(steps: list[str], standing: Standing) -> list[str]:
    """Steps for a task that has succeeded since: what is left to do is for the next time."""
    over = standing.phase is Phase.SUCCEEDED and standing.failed_tries > 0
    if not over or steps[0].startswith("Nothing"):
        return steps
    later = [step for step in steps if not step.startswith("Clear the task")]
    nothing = say("Nothing for this run: try {n} has succeeded.", n=standing.try_number)
    return [nothing, *later]


def _seen(verdict: Verdict) -> str:
    return "\n".join([verdict.why, *(quote.text for quote in verdict.quotes)])


def _steps_without_runbook(verdict: Verdict, evidence: Evidence) -> list[str]:
    """What would settle it: first what the bot was kept from seeing, then where to look."""
    steps = [gap_in_words(gap) for gap in verdict.gaps if gap.remedy]
    tried = deciding_try(evidence)
    if tried is not None and tried.hostname and (evidence.log is None or evidence.log.is_empty):
        host, at = one_line(tried.hostname, 80), ""
        if tried.end:
            at = say(" around {at}", at=moment(tried.end))
        no_log = mark("Airflow has no log of this try. Read the worker's own log on {host}{at}.")
        steps.append(say(no_log, host=host, at=at))
    if verdict.also_possible:
        causes = ", ".join(f"“{one}”" for one in possible_words(verdict))
        steps.append(say("Rule out: {causes}.", causes=causes))
    return steps


def _what_happened(
    verdict: Verdict, known: KnownFailure | None, evidence: Evidence, values: dict[str, str]
) -> str:
    """One sentence for what was seen to end, one or two for why."""
    why = verdict.why.strip()
    if not why and known:
        why = _first_paragraph(fill(known.section("What happened"), values))
    why = middle_cut(_unquoted(visible(why), verdict), _WHY_MAX)
    told = _ending(evidence) or _unregistered(verdict, evidence)
    return " ".join(part for part in (told, sentence(why)) if part)


def _unregistered(verdict: Verdict, evidence: Evidence) -> str:
    """That Airflow has no such Dag, where a file that does not import is the reason."""
    if evidence.dag_exists is not False or verdict.deciding is None:
        return ""
    words = folded(verdict.deciding.text)
    files = [p.filename for p in evidence.import_problems if words in folded(p.stack_trace)]
    if not files:
        return ""
    file = one_line(files[0], 80)
    return say("Airflow does not know this Dag: {file} does not import.", file=file)


def _unquoted(why: str, verdict: Verdict) -> str:
    """Without the failure's own message at the end: the quote shows it."""
    lead, _, message = why.partition(": ")
    return lead if message and is_quoted(message, verdict.quotes) else why


def _ending(evidence: Evidence) -> str:
    """`load (try 2 of 3) failed after 14 min, at 2026-11-22 05:54 UTC.`; "" without a task."""
    tried = deciding_try(evidence)
    standing = standing_of(evidence)
    if tried is None or standing.phase is Phase.UNSEEN:
        return ""
    name = one_line(tried.task_id, 80)
    if tried.map_index >= 0:
        name += f"[{tried.map_index}]"
    if tried.try_number:
        of = say(" of {n}", n=standing.tries_allowed) if standing.tries_allowed else ""
        name += say(" (try {n}{of})", n=tried.try_number, of=of)
    return f"{_verb(name, tried, standing.phase, evidence)}{_since(tried, standing)}."


def _verb(name: str, tried: TaskInstance, phase: Phase, evidence: Evidence) -> str:
    state = (tried.state or "").lower()
    if state == "failed" or phase in (Phase.FAILED, Phase.RETRY_COMING):
        return _failed(name, tried)
    if phase is Phase.SUCCEEDED:
        failed = standing_of(evidence).failed_tries
        if not failed:
            return say("{name} succeeded", name=name)
        one, many = mark_many(
            "{name} succeeded after {n} failed try", "{name} succeeded after {n} failed tries"
        )
        return say_many(one, many, failed, name=name)
    if phase is Phase.RUNNING:
        if tried.start is None:
            return say("{name} is running", name=name)
        return say("{name} has been running since {at}", name=name, at=moment(tried.start))
    shown = state or say("not scheduled")
    if phase is Phase.NEVER_RAN:
        never = _NEVER_RAN.get(state, mark("{name} did not run ({state})"))
        return say(never, name=name, state=shown)
    since = tried.queued_at or tried.scheduled_at
    if since is None:
        return say("{name} is waiting ({state})", name=name, state=shown)
    return say("{name} is waiting ({state}) since {at}", name=name, state=shown, at=moment(since))


_NEVER_RAN = {
    "skipped": mark("{name} was skipped"),
    "upstream_failed": mark("{name} did not run, because a task before it failed"),
    "removed": mark("{name} is no longer part of the Dag"),
}


def _failed(name: str, tried: TaskInstance) -> str:
    at = moment(tried.end) if tried.end else ""
    if never_started(tried):
        if at:
            return say("{name} failed without ever having started, at {at}", name=name, at=at)
        return say("{name} failed without ever having started", name=name)
    if tried.duration is None:
        return (
            say("{name} failed at {at}", name=name, at=at)
            if at
            else say("{name} failed", name=name)
        )
    ran = duration(tried.duration)
    if at:
        return say("{name} failed after {ran}, at {at}", name=name, ran=ran, at=at)
    return say("{name} failed after {ran}", name=name, ran=ran)


def _since(tried: TaskInstance, standing: Standing) -> str:
    """What became of it after the try that is told about."""
    if standing.try_number <= tried.try_number:
        return ""
    became = _BECAME.get(standing.phase, mark("; try {n} is waiting"))
    return say(became, n=standing.try_number)


_BECAME = {
    Phase.SUCCEEDED: mark("; try {n} succeeded"),
    Phase.RUNNING: mark("; try {n} is running"),
    Phase.FAILED: mark("; try {n} failed too"),
}


def _first_paragraph(markdown: str) -> str:
    return " ".join(markdown.strip().split("\n\n", 1)[0].split())


def _passages(
    known: KnownFailure | None, evidence: Evidence, values: dict[str, str]
) -> tuple[Passage, ...]:
    """R1 the runbook; then what the Dag's and the task's authors wrote about it themselves."""
    texts: list[tuple[str, str, str, str | None]] = []
    if known:
        body = "\n\n".join(f"## {part.heading}\n{part.text}" for part in known.sections)
        texts.append((known.title, fill(body, values), "runbook", known.cause))
    if evidence.dag and evidence.dag.doc_md:
        texts.append(
            (say("Docs of {name}", name=evidence.dag.dag_id), evidence.dag.doc_md, "dag docs", None)
        )
    if evidence.task and evidence.task.doc_md:
        texts.append(
            (
                say("Docs of {name}", name=evidence.task.task_id),
                evidence.task.doc_md,
                "dag docs",
                None,
            )
        )
    return tuple(
        Passage(
            f"R{number}",
            one_line(title),
            clipped(visible(text).strip(), _PASSAGE_MAX),
            source,
            cause,
        )
        for number, (title, text, source, cause) in enumerate(texts, start=1)
    )
