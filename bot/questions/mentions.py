"""Reading one text for what it says of a target: names, a task, a run, a try, a map index."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from bot.domain.targets import RunChoice, TargetHints
from bot.questions.links import ClusterAddress
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
    r"(?<![\w.\-])\d{4,}(?=\s*(?:$|[?!,;:)]|\.(?:\s|$))|['\u2019]s\b|\s+(?:[\-\u2013\u2014(]|fail|r[au]n|stuck|h[au]ng|broke|crash"
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


def mentions_in(text: str, clusters: Sequence[ClusterAddress]) -> TargetHints:
    """What the words say, without anything exact; `text` holds no links."""
    without_run = _RUN_ID.sub(" ", text)
    timeless = without_times(without_run)
    return replace(
        _run_choice(without_run),
        names=_names(without_run, timeless, clusters),
        cluster=_cluster_named(text.lower(), clusters),
        run_id=_run_id(text, timeless),
        task=_task(timeless),
        map_index=_map_index(timeless),
        try_number=_try_number(text),
    )


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


def _names(text: str, timeless: str, clusters: Sequence[ClusterAddress]) -> tuple[str, ...]:
    """Words that may name a Dag or a task: quoted ones first, then id-like, then the rest."""
    cluster_words = {w.lower() for c in clusters for w in (c.name, *c.aliases)}
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
