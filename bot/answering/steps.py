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


def _source(lines: list[str], token: Token) -> str:
    start, end = token.map or (0, 0)
    return textwrap.dedent("\n".join(lines[start:end])).strip()


def _item_text(lines: list[str], token: Token) -> str:
    start, end = token.map or (0, 0)
    first = re.sub(r"^\s*(?:[-*+]|\d{1,9}[.)])\s+", "", lines[start])
    rest = textwrap.dedent("\n".join(lines[start + 1 : end]))
    return f"{first}\n{rest}".strip()
