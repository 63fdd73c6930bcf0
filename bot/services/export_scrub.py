"""The last look at examples before they are written: names replaced, and nothing secret left."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from bot.domain.datasets import Correction, Example, Label
from bot.domain.errors import ExportRefused
from bot.domain.evidence import GapReason
from bot.domain.logs import Speaker
from bot.domain.targets import Target
from bot.services.scrub_ports import Names, Scrubber

Change = Callable[[str], str]

_TAG = re.compile(r"\[secret:([a-z0-9-]{1,40}):[0-9a-f]{4}\]")
_KINDS_SHOWN = 5
_OURS = frozenset({*Speaker, *GapReason})


@dataclass(slots=True)
class Report:
    """What was masked: tags that stand for secrets, and names that were replaced, by kind."""

    secrets: Counter[str] = field(default_factory=Counter)
    names: Counter[str] = field(default_factory=Counter)


def scrubbed(examples: Sequence[Example], scrubber: Scrubber, report: Report) -> list[Example]:
    """Raises `ExportRefused` where a secret is left that could not be masked."""
    texts: dict[str, None] = {}
    for example in examples:
        _changed(example, _into(texts))
    names = Names(
        people=frozenset(name for example in examples for name in example.people),
        hosts=frozenset(name for example in examples for name in example.hosts),
    )
    result = scrubber.scrub(list(texts), names)
    if result.findings:
        kinds = Counter(one.kind for one in result.findings)
        told = ", ".join(f"{kind} ({count})" for kind, count in kinds.most_common(_KINDS_SHOWN))
        raise ExportRefused(
            f"A secret was left that could not be masked: {told}. Nothing was exported, and what "
            "was written is deleted. Add a pattern for it to redaction.patterns in the settings, "
            "delete the conversation, or tell the maintainers if a rule is wrong."
        )
    report.names.update(result.replaced)
    clean = dict(zip(texts, result.texts, strict=True))
    done = [_changed(example, lambda text: clean.get(text, text)) for example in examples]
    report.secrets.update(kind for text in result.texts for kind in _TAG.findall(text))
    return done


def _into(texts: dict[str, None]) -> Change:
    def seen(text: str) -> str:
        if text:
            texts[text] = None
        return text

    return seen


def _changed(example: Example, change: Change) -> Example:
    """With every text changed that comes from people or machines."""
    return replace(
        example,
        question=change(example.question),
        answer=change(example.answer),
        evidence=change(example.evidence),
        target=example.target and _target(example.target, change),
        earlier=tuple(replace(one, text=change(one.text)) for one in example.earlier),
        passages=tuple(
            replace(one, title=change(one.title), text=change(one.text)) for one in example.passages
        ),
        said=example.said and _label(example.said, change),
        correction=example.correction and _correction(example.correction, change),
        seen=example.seen and _tree(example.seen, change),
        hosts=(),
        people=(),
    )


def _target(target: Target, change: Change) -> Target:
    return replace(
        target,
        cluster=change(target.cluster),
        dag_id=target.dag_id and change(target.dag_id),
        run_id=target.run_id and change(target.run_id),
        task_id=target.task_id and change(target.task_id),
    )


def _label(label: Label, change: Change) -> Label:
    return replace(label, line=change(label.line))


def _correction(correction: Correction, change: Change) -> Correction:
    return replace(correction, wrong=change(correction.wrong), fix=change(correction.fix))


def _tree(tree: Any, change: Change) -> Any:
    """Words of ours stay as they are: readers know them."""
    match tree:
        case str():
            return tree if tree in _OURS else change(tree)
        case dict():
            return {key: _tree(item, change) for key, item in tree.items()}
        case list() | tuple():
            return [_tree(item, change) for item in tree]
        case _:
            return tree
