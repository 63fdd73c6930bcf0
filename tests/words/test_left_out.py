"""No module that speaks to users has a sentence that could only come in English."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.words.gathering import sentences_of_code

ROOT = Path(__file__).parents[2]
SPEAKING = ("bot/answering", "bot/questions", "bot/services", "bot/slack", "bot/domain")

TO_OTHERS = re.compile(
    r"bot/answering/(?:prompts/|terminal/|support)"  # models, terminals
    r"|bot/answering/(?:runbook_draft|git_patch)"  # authors
    r"|bot/services/verdict_prompt"
    r"|bot/answering/grounding|bot/services/failure_words"  # the log, the bot itself
    r"|bot/answering/steps"  # fills the blanks of runbooks, whose bodies stay as they are
    r"|bot/services/(?:check_runbooks|evaluate|unreachable|arms_text|model_arms)"  # operators
    r"|bot/services/(?:export|finetune|privacy|console_roles)|bot/domain/(?:consents|datasets)"
    r"|bot/services/(?:case_upkeep|condensing)"  # reviewers, models
    r"|bot/slack/(?:doctor|manifest|directory|leaving|oauth|side|tokens|refusals|client|openid)"
    r"|bot/questions/(?:alert_formats|keeping_out|times|words)"  # what is read, not what is said
    r"|bot/slack/(?:parse\.py|plain|talk/parse)"
)
"""Modules whose words are for nobody in a channel."""

NOT_SAID = frozenset(
    {
        "dag docs",  # where a passage is from
        "English",
        "what happened here?",  # examples: the bot understands questions in English
        "status of orders_daily",
        "why did orders_daily fail last night?",
        "logs of orders_daily.load, try 2",
        "is the platform healthy?",
        "how do I run a backfill safely?",
        "what failed last night?",
        "workspace admin",  # of the audit
        "channel creator",
        "on call",
        "opened again",
        "no manager of this channel",
        "Slack does not tell whether they manage this channel",
        "no rule grants it",
        "asked from outside the organisation, and no rule names this channel",
        "it may not be seen here",
        " in the pager by ",  # of what an escalation went through
        "Handed on in the pager.",
        "The pager",  # whose word it is, for the log
        *("workspace gone", "channel gone", "case gone", "left at ", "left until "),  # of keys
        *("called off ", "taken back", "run id "),  # and of questions
        *("not solved", "keep out", "come back", "tell more", "why did "),
        "at once",  # the form of runbooks
        "never by itself",
        "over different Dags",
        "on one host",
        "for one task",
    }
)
SAYING = frozenset({"say", "mark", "say_many", "mark_many"})
UNSEEN = frozenset(
    {
        *("compile", "sub", "search", "match", "fullmatch", "startswith", "endswith"),
        *("debug", "info", "warning", "error", "exception"),
        *("run", "Ignored", "Surface", "TypeVar", "ContextVar", "get"),
    }
)
"""Calls whose words no user reads: patterns, the log, names of steps, reasons for the log."""

SENTENCE = re.compile(r"[A-Za-z']{2,} [a-z]{2,}(?: |$|[,.:;?!…])|[a-z]{3,} [A-Z][a-z]+")

KEY = re.compile(r"^:|\S:$")
KNOWN = {one.id for one in sentences_of_code(ROOT)}
"""Said elsewhere: here somebody asks for it by name."""


def files() -> Iterator[Path]:
    for folder in SPEAKING:
        for path in sorted((ROOT / folder).rglob("*.py")):
            if not TO_OTHERS.match(path.relative_to(ROOT).as_posix()):
                yield path


def called(call: ast.Call) -> str:
    function = call.func
    return getattr(function, "id", "") or getattr(function, "attr", "")


def inside(tree: ast.AST) -> Iterator[ast.AST]:
    """What is not left out: said already, a docstring, or for nobody's eyes."""
    for node in ast.walk(tree):
        is_docstring = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        is_call = isinstance(node, ast.Call) and called(node) in UNSEEN
        if is_docstring or is_call or isinstance(node, ast.Raise | ast.Assert):
            yield from ast.walk(node)
        elif isinstance(node, ast.Call) and called(node) in SAYING:
            yield from node.args


def left_out(path: Path) -> list[tuple[int, str]]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    spared = {id(node) for node in inside(tree)}
    return [
        (node.lineno, node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and id(node) not in spared
        and SENTENCE.search(node.value)
        and not KEY.search(node.value)
        and node.value not in NOT_SAID
        and node.value not in KNOWN
    ]


@pytest.mark.parametrize("folder", SPEAKING)
def test_every_sentence_for_users_can_be_said_in_another_language(folder: str) -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line}: {words!r}"
        for path in files()
        if path.is_relative_to(ROOT / folder)
        for line, words in left_out(path)
    ]
    assert found == []


def test_a_sentence_in_a_string_of_values_is_seen(tmp_path: Path) -> None:
    bad = tmp_path / "bad.py"
    bad.write_text('x = f"There is no {y} here."\nz = say("There is none.")\n', encoding="utf-8")
    assert left_out(bad) == [(1, "There is no ")]


def test_no_sentence_is_said_inside_an_f_string() -> None:
    """There nothing that gathers sentences finds it before Python 3.12."""
    pattern = re.compile(r"\{(?:say|say_many|mark)\(['\"]")
    assert [str(path) for path in files() if pattern.search(path.read_text("utf-8"))] == []
