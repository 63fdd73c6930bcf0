"""One runbook file into a `KnownFailure`: documentation, knowledge and rule in one place."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from pathlib import PurePosixPath

import re2
from packaging.specifiers import InvalidSpecifier, SpecifierSet

from bot.domain.runbooks import Condition, KnownFailure, Section, Signature, When
from bot.domain.verdicts import ErrorClass, RetryAdvice, VerdictKind
from bot.knowledge.front_matter import FrontMatter, shown, split

KEYS = (
    "cause",
    "title",
    "verdict",
    "retryable",
    "signatures",
    "when",
    "applies_to",
    "owner",
    "escalate_after",
    "last_reviewed",
    "review_after_days",
    "catches",
    "spares",
    "rank",
    "confidence",
    "explains",
    "judgement",
    "error_class",
    "symptom_of",
)

_RETRY: dict[object, RetryAdvice] = {
    True: RetryAdvice.HELPS,
    False: RetryAdvice.POINTLESS,
    "true": RetryAdvice.HELPS,
    "false": RetryAdvice.POINTLESS,
    "after_fix": RetryAdvice.AFTER_FIX,
    "unknown": RetryAdvice.UNKNOWN,
}
_VERDICTS: dict[object, VerdictKind] = {kind.value: kind for kind in VerdictKind}
_CLASSES: dict[object, ErrorClass] = {kind.value: kind for kind in ErrorClass}

_CAUSE = re.compile(r"[a-z][a-z0-9_]{2,63}")
_HEADING = re.compile(r"##\s+(.+?)\s*#*\s*")
_NUMBER = re.compile(r"(?:[<>]=?|==|!=)\s*-?\d+(?:\.\d+)?")
_RE2 = re2.Options()
_RE2.log_errors = False


@dataclass(frozen=True, slots=True)
class Words:
    """What a front matter may refer to: names of signals and of judgements."""

    signals: Collection[str]
    judgements: Collection[str]


def read_runbook(text: str, path: str, words: Words) -> KnownFailure:
    """The known failure behind the file at `path`. Raises `RunbookError` naming file and line."""
    matter, body = split(text, path)
    matter.refuse_unknown(KEYS)
    airflow, executors = _applies_to(matter)
    return KnownFailure(
        cause=_cause(matter),
        title=matter.text("title"),
        verdict=matter.choice("verdict", _VERDICTS),
        retry=matter.choice("retryable", _RETRY),
        signatures=_signatures(matter),
        when=_when(matter, words),
        owner=matter.text("owner"),
        sections=_sections(body),
        path=path,
        judgement=_judgement(matter, words),
        rank=matter.number("rank", int, -1000, 1000, 0),
        confidence=matter.number("confidence", float, 0, 1, 0.85),
        error_class=matter.choice("error_class", _CLASSES, ErrorClass.UNKNOWN),
        airflow=airflow,
        executors=executors,
        escalate_after=matter.text("escalate_after", ""),
        last_reviewed=_reviewed(matter),
        review_after_days=matter.number("review_after_days", int, 1, 3650, 180),
        catches=matter.texts("catches"),
        spares=matter.texts("spares"),
        explains=matter.text("explains", ""),
        symptom_of=matter.texts("symptom_of"),
    )


def is_cause(name: str) -> bool:
    """Whether a file can be called so."""
    return _CAUSE.fullmatch(name) is not None


def _cause(matter: FrontMatter) -> str:
    cause = matter.text("cause")
    field = matter.get("cause")
    line = field.line if field else 1
    if not is_cause(cause):
        raise matter.fault(f'"cause" is {cause!r}; use lower_case_words', line)
    stem = PurePosixPath(matter.path.replace("\\", "/")).stem
    if cause != stem:
        raise matter.fault(f'"cause" is {cause} but the file is called {stem}.md', line)
    return cause


def _signatures(matter: FrontMatter) -> tuple[Signature, ...]:
    found = []
    field = matter.get("signatures")
    for text in matter.texts("signatures"):
        line = field.line if field else 1
        regex = _regex(text)
        if not text.strip() or regex == "":
            raise matter.fault("a signature is empty and would match every line", line)
        if regex is not None:
            _compile(regex, matter, line)
        found.append(Signature(text if regex is None else regex, regex is not None))
    return tuple(found)


def _when(matter: FrontMatter, words: Words) -> When:
    field = matter.get("when")
    if field is None or field.value is None:
        return When()
    if not isinstance(field.value, dict) or set(field.value) - {"all", "any", "none"}:
        raise matter.fault('"when" holds the lists "all", "any" and "none"', field.line)
    parts = {
        name: _conditions(matter, name, entries, field.line, words)
        for name, entries in field.value.items()
    }
    return When(parts.get("all", ()), parts.get("any", ()), parts.get("none", ()))


def _conditions(
    matter: FrontMatter, part: str, entries: object, line: int, words: Words
) -> tuple[Condition, ...]:
    if not isinstance(entries, list):
        raise matter.fault(f'"when.{part}" must be a list of {{signal: value}}', line)
    found: list[Condition] = []
    for entry in entries:
        if not isinstance(entry, dict) or (part != "all" and len(entry) != 1):
            raise matter.fault(f'"when.{part}" takes one {{signal: value}} an entry', line)
        for signal, value in entry.items():
            if signal not in words.signals:
                raise matter.fault(f'"when.{part}" asks for the unknown signal "{signal}"', line)
            found.extend(_condition(matter, part, signal, value, line))
    return tuple(found)


def _condition(
    matter: FrontMatter, part: str, signal: str, value: object, line: int
) -> list[Condition]:
    if isinstance(value, list):
        texts = [_value(matter, item, line) for item in value]
        if part != "all":
            return [Condition(signal, text) for text in texts]
        if any(_regex(text) is not None or _NUMBER.fullmatch(text) for text in texts):
            raise matter.fault(f'a list for "{signal}" under "all" takes plain values only', line)
        return [Condition(signal, "/^(?:" + "|".join(map(re2.escape, texts)) + ")$/")]
    text = _value(matter, value, line)
    regex = _regex(text)
    if regex is not None:
        _compile(regex, matter, line)
    return [Condition(signal, text)]


def _value(matter: FrontMatter, value: object, line: int) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return f"{value:g}" if isinstance(value, float) else str(value)
    if isinstance(value, str) and value:
        return value
    raise matter.fault(f"a condition compares with {shown(value)}; use a text or a number", line)


def _regex(text: str) -> str | None:
    """The pattern between slashes, or None for a literal."""
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] == "/" else None


def _compile(pattern: str, matter: FrontMatter, line: int) -> None:
    try:
        re2.compile(pattern, _RE2)
    except re2.error as error:
        detail = error.args[0].decode() if isinstance(error.args[0], bytes) else str(error)
        raise matter.fault(f"/{pattern}/ is no RE2 pattern: {detail}", line) from error


def _judgement(matter: FrontMatter, words: Words) -> str | None:
    name = matter.text("judgement", "")
    field = matter.get("judgement")
    if name and field and name not in words.judgements:
        known = ", ".join(sorted(words.judgements))
        raise matter.fault(f'there is no judgement "{name}"; there are: {known}', field.line)
    return name or None


def _applies_to(matter: FrontMatter) -> tuple[str, tuple[str, ...]]:
    field = matter.get("applies_to")
    if field is None or field.value is None:
        return "", ()
    if not isinstance(field.value, dict) or set(field.value) - {"airflow", "executor"}:
        raise matter.fault('"applies_to" holds "airflow" and "executor"', field.line)
    airflow = str(field.value.get("airflow") or "any").removeprefix("any")
    try:
        SpecifierSet(airflow)
    except InvalidSpecifier as error:
        raise matter.fault(f'"airflow: {airflow}" is no version range', field.line) from error
    executors = field.value.get("executor") or []
    if isinstance(executors, str):
        executors = [executors]
    return airflow, tuple(str(name).lower() for name in executors if str(name).lower() != "any")


def _reviewed(matter: FrontMatter) -> date | None:
    field = matter.get("last_reviewed")
    if field is None or field.value is None:
        return None
    if not isinstance(field.value, date):
        raise matter.fault('"last_reviewed" must be a date like 2026-11-01', field.line)
    return field.value


def _sections(body: str) -> tuple[Section, ...]:
    """The parts under `## ` headings; a `##` within a code fence is a comment of some shell."""
    found: list[tuple[str, list[str]]] = []
    fenced = False
    for line in body.splitlines():
        fenced ^= line.lstrip().startswith(("```", "~~~"))
        heading = None if fenced else _HEADING.fullmatch(line)
        if heading:
            found.append((heading[1], []))
        elif found:
            found[-1][1].append(line)
    return tuple(Section(name, "\n".join(lines).strip()) for name, lines in found)
