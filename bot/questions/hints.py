"""Gathering from a question and its thread everything that hints at its target."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from bot.domain.questions import Author, EarlierMessage, Question
from bot.domain.targets import RunChoice, Target, TargetHints
from bot.questions.alerts import Alert, read_alert
from bot.questions.links import ClusterAddress, target_of_url
from bot.questions.times import times_in, without_times
from bot.questions.words import is_common, is_id_like

_RUN_ID = re.compile(
    r"\b(?:manual|scheduled|backfill|asset_triggered|dataset_triggered|operator_triggered)"
    r"__[\w.\-+:]{4,200}"
)
# People name runs of their own making outright: "run 10803", "run id nightly-7".
_RUN_SAID = re.compile(
    r"\brun[ _-]?id\s*[:=]?\s*[`'\"]?(?P<id>[\w][\w.\-:+]{0,249})"
    r"|\brun\s+#?(?P<number>\d+)(?![\w.:\-])",
    re.IGNORECASE,
)
_TRY = re.compile(r"\b(?:try|attempt)(?: number| no\.?| nr\.?)?\s*#?\s*(\d{1,3})\b", re.IGNORECASE)
_NTH_TRY = re.compile(r"\b(first|second|third|\d{1,3}(?:st|nd|rd|th)) (?:try|attempt)\b", re.I)
_MAP_INDEX = re.compile(
    r"\b(?:map(?:ped)?[ _-]?(?:index|task|instance)|index|shard)\s*#?[:=]?\s*(\d{1,6})\b"
    r"|(?<=\w)\[(\d{1,6})\]",
    re.IGNORECASE,
)
_TASK = re.compile(r"(?<!mapped )\btasks?\s+[`'\"]?([\w][\w.\-]{0,249})[`'\"]?", re.IGNORECASE)
_QUOTED = re.compile(r"(?<!\w)[`'\"\u201c\u2018]([\w][\w.\-]{0,249})[`'\"\u201d\u2019]")
_NUMBERED_DAG = re.compile(r"\bdag\s+#?(\d+)(?![\w.:\-])", re.IGNORECASE)
# A number is a name by what it does, too: "10803 failed", but not "1200 processed".
_NUMBER_AT_WORK = re.compile(
    r"(?<![\w.\-])\d{4,}(?=\s*(?:$|[?!,;:)]|\.(?:\s|$))|\s+(?:fail|r[au]n|stuck|h[au]ng|broke|crash"
    r"|red\b|again|last|on\b|in\b|at\b|and\b|still|not\b|keep|never|is\b|was\b|did\b|does|has\b"
    r"|since|queued|slow|wait|dag|pipeline|job|task|timed|go))",
    re.IGNORECASE,
)
_WORD = re.compile(r"[\w][\w.\-]{1,249}")

_ORDER_WORDS: tuple[tuple[RunChoice, re.Pattern[str]], ...] = (
    (
        RunChoice.PREVIOUS,
        re.compile(r"\b(?:previous|second last|run before|the one before|before that)\b"),
    ),
    (
        RunChoice.LATEST_FAILED,
        re.compile(r"\b(?:last|latest|most recent|newest) (?:failed|failing|failure|error)"),
    ),
    (
        RunChoice.LATEST,
        re.compile(
            r"\b(?:latest|newest|most recent|current|last) (?:run|one|execution)|\blatest\b"
        ),
    ),
)


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
    without_links = _without(text, links)
    exact = next((t for t in (target_of_url(link, clusters) for link in links) if t), None)
    timeless = without_times(_RUN_ID.sub(" ", without_links))
    hints = replace(
        _run_choice(_RUN_ID.sub(" ", without_links)),
        exact=exact,
        names=_names(without_links, clusters),
        cluster=_cluster_named(without_links.lower(), clusters),
        run_id=_run_id(without_links, timeless),
        task=_task(timeless),
        map_index=_map_index(timeless),
        try_number=_try_number(without_links),
    )
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
            alert = read_alert(message.text)
            if found.exact is None and alert is not None:
                return _of_alert(alert, found)
        if found.exact is not None or (message.author is not Author.BOT and _certain(found)):
            return found
    return TargetHints()


def _certain(hints: TargetHints) -> bool:
    return bool(hints.run_id or hints.task or any(is_id_like(name) for name in hints.names))


def _of_alert(alert: Alert, found: TargetHints) -> TargetHints:
    return TargetHints(
        exact=Target(
            found.cluster or "",
            alert.dag_id,
            alert.run_id,
            alert.task_id,
            alert.map_index,
            alert.try_number,
        ),
        cluster=found.cluster,
    )


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
    return hints.exact is not None or bool(hints.names)


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
    )


def _without(text: str, links: Iterable[str]) -> str:
    for link in links:
        text = text.replace(link, " ")
    return re.sub(r"https?://\S+", " ", text)


def _run_choice(text: str) -> TargetHints:
    """Hints that hold only which run is meant."""
    for time in times_in(text):
        return TargetHints(
            run=time.run, run_date=time.date, day_part=time.part, ago=time.ago, run_said=time.said
        )
    words = text.lower()
    chosen = (choice for choice, pattern in _ORDER_WORDS if pattern.search(words))
    return TargetHints(run=next(chosen, RunChoice.UNSAID))


def _run_id(text: str, timeless: str) -> str | None:
    found = _RUN_ID.search(text)
    if found:
        return found.group().rstrip(".,:")
    said = _RUN_SAID.search(timeless)
    if said is None or is_common(said["id"] or ""):
        return None
    return said["number"] or said["id"].rstrip(".,:-")


def _cluster_named(words: str, clusters: Sequence[ClusterAddress]) -> str | None:
    named = set(_WORD.findall(words))
    for cluster in clusters:
        if any(name.lower() in named for name in (cluster.name, *cluster.aliases)):
            return cluster.name
    return None


def _task(text: str) -> str | None:
    found = (m.group(1) for m in _TASK.finditer(text))
    return next((name.rstrip(".") for name in found if not is_common(name)), None)


def _map_index(text: str) -> int | None:
    found = _MAP_INDEX.search(text)
    return int(found.group(1) or found.group(2)) if found else None


_ORDINALS = {"first": 1, "second": 2, "third": 3}


def _try_number(text: str) -> int | None:
    found = _TRY.search(text)
    if found:
        return int(found.group(1)) or None
    nth = _NTH_TRY.search(text)
    if nth is None:
        return None
    word = nth.group(1).lower()
    return _ORDINALS.get(word) or int(re.sub(r"\D", "", word)) or None


def _names(text: str, clusters: Sequence[ClusterAddress]) -> tuple[str, ...]:
    """Words that may name a Dag or a task: quoted ones first, then id-like, then the rest."""
    text = _RUN_ID.sub(" ", text)
    cluster_words = {w.lower() for c in clusters for w in (c.name, *c.aliases)}
    timeless = without_times(text)
    certain = [
        *(m.group(1) for m in _QUOTED.finditer(text)),
        *(m.group(1) for m in _NUMBERED_DAG.finditer(timeless)),
    ]
    task = _task(timeless)
    for detail in (_RUN_SAID, _TRY, _NTH_TRY, _MAP_INDEX):
        timeless = detail.sub(" ", timeless)
    plain = [m.group().strip(".-") for m in _WORD.finditer(timeless)]
    plain = [word for word in plain if not is_common(word) and word.lower() not in cluster_words]
    at_work = set(_NUMBER_AT_WORK.findall(timeless))
    plain = [
        word
        for word in plain
        if (word == task or word in at_work if word.isdecimal() else len(word) > 1)
    ]
    ranked = [*certain, *filter(is_id_like, plain), *(w for w in plain if not is_id_like(w))]
    # What is called a task comes last: a Dag of the same name is not meant.
    ranked = [word for word in ranked if word != task] + ([task] if task else [])
    return tuple(dict.fromkeys(ranked))
