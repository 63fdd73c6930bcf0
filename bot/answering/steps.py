"""A runbook's Markdown as steps for this very failure, its placeholders filled."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping

from markdown_it import MarkdownIt
from markdown_it.token import Token

from bot.answering.foreign import one_line, without_pings
from bot.domain.evidence import Evidence
from bot.domain.targets import Target

_MARKDOWN = MarkdownIt()
# `{{ ds }}` is Jinja's and must stay; only single braces round a known name are ours.
_PLACEHOLDER = re.compile(r"(?<!\{)\{([a-z_]{2,40})\}(?!\})")
# The way in which manuals write "your own here"; filled only where the value is known.
_BLANK = re.compile(r"<([a-z_]{3,20})>")
_BLANKS = {
    "cluster": "cluster",
    "dag": "dag_id",
    "dag_id": "dag_id",
    "task": "task_id",
    "task_id": "task_id",
    "run_id": "run_id",
    "pool": "pool",
    "queue": "queue",
    "worker": "hostname",
    "host": "hostname",
}
# An owner's name is free text: nothing in it may become a link, a mention or code.
_MARKUP = re.compile(r"[^\w.:+~@ ,/=-]")
_ERROR_NAME = re.compile(r"`((?:\w+\.)*[A-Z]\w*(?:Error|Exception|Timeout|NoneType))[`:]")
_IDLE = re.compile(r"\s*\b(?:Risk: none(?: to speak of)?|Way back: none needed)\.(?=\s|$)")
_BLOCK_START = re.compile(r"\s*(?:[-*+] |\d{1,9}[.)] |#{1,6} |>|\|)")
# What a placeholder reads as where its value is not known.
_UNKNOWN = {
    "cluster": "the cluster",
    "dag_id": "the Dag",
    "dag_file": "the Dag's file",
    "run_id": "the run",
    "task_id": "the task",
    "map_index": "the map index",
    "try_number": "the last try",
    "pool": "the task's pool",
    "queue": "the task's queue",
    "operator": "the operator",
    "hostname": "the worker",
    "executor": "the executor",
    "owner": "the Dag's owner",
}


def steps_of(markdown: str) -> tuple[str, ...]:
    """The items of the outermost lists, each as plain Markdown with its code blocks.

    Text without any list is split into paragraphs; text between lists belongs to no step and is
    left out only where a list exists.
    """
    lines = markdown.splitlines()
    blocks = [token for token in _MARKDOWN.parse(markdown) if token.map and token.nesting >= 0]
    items = [token for token in blocks if token.type == "list_item_open" and token.level == 1]
    if items:
        return tuple(_item_text(lines, token) for token in items)
    return tuple(_source(lines, token) for token in blocks if token.level == 0)


def fill(text: str, values: Mapping[str, str]) -> str:
    """`text` with `{dag_id}`, `<dag>` and the like replaced; names we do not know stay."""

    def value_of(hit: re.Match[str]) -> str:
        name = hit.group(1)
        return values.get(name) or _UNKNOWN.get(name) or hit.group()

    def blank_of(hit: re.Match[str]) -> str:
        return values.get(_BLANKS.get(hit.group(1), ""), "") or hit.group()

    return _BLANK.sub(blank_of, _PLACEHOLDER.sub(value_of, text))


def without_idle_words(step: str) -> str:
    """Without "Risk: none." and its like, which a reader in a hurry has no use for."""
    return _IDLE.sub("", step).strip()


def placeholder_values(target: Target, evidence: Evidence) -> dict[str, str]:
    """What is known for the placeholders of runbooks; values are short and without markup."""
    task_instance, dag = evidence.task_instance, evidence.dag
    raw = {
        "cluster": target.cluster,
        "dag_id": target.dag_id,
        "dag_file": dag and (dag.relative_fileloc or dag.fileloc),
        "run_id": target.run_id,
        "task_id": target.task_id or (task_instance and task_instance.task_id),
        "map_index": _map_index(target),
        "try_number": target.try_number and str(target.try_number),
        "pool": task_instance and task_instance.pool,
        "queue": task_instance and task_instance.queue,
        "operator": task_instance and task_instance.operator,
        "hostname": task_instance and task_instance.hostname,
        "executor": evidence.executor or (task_instance and task_instance.executor),
        "owner": ", ".join(dag.owners) if dag else "",
    }
    return {
        name: _MARKUP.sub("", without_pings(one_line(value, 120)))
        for name, value in raw.items()
        if value
    }


def _map_index(target: Target) -> str:
    mapped = target.map_index is not None and target.map_index >= 0
    return str(target.map_index) if mapped else ""


def fitting(steps: tuple[str, ...], evidence: str) -> tuple[str, ...]:
    """Without the steps that begin by naming other errors than those in the evidence.

    "`KeyError`, `IndexError`: …" is of no use to somebody whose task raised a RuntimeError.
    """
    kept = tuple(step for step in steps if _fits(step, evidence))
    return kept or steps


def _fits(step: str, evidence: str) -> bool:
    lead, colon, _ = step.partition(":")
    named = _ERROR_NAME.findall(lead) if colon else []
    return not named or any(name in evidence for name in named)


def _source(lines: list[str], token: Token) -> str:
    start, end = token.map or (0, 0)
    return unwrapped(textwrap.dedent("\n".join(lines[start:end])).strip())


def _item_text(lines: list[str], token: Token) -> str:
    start, end = token.map or (0, 0)
    first = re.sub(r"^\s*(?:[-*+]|\d{1,9}[.)])\s+", "", lines[start])
    rest = textwrap.dedent("\n".join(lines[start + 1 : end]))
    return unwrapped(f"{first}\n{rest}".strip())


def unwrapped(markdown: str) -> str:
    """Lines that were only broken for the author's editor are joined; code and lists stay."""
    lines: list[str] = []
    in_code = False
    for line in markdown.splitlines():
        is_fence = line.lstrip().startswith("```")
        goes_on = lines and lines[-1].strip() and line.strip() and not _BLOCK_START.match(line)
        if goes_on and not in_code and not is_fence and not lines[-1].lstrip().startswith("```"):
            lines[-1] = f"{lines[-1].rstrip()} {line.strip()}"
        else:
            lines.append(line)
        in_code ^= is_fence
    return "\n".join(lines)
