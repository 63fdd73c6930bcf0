"""What to do next, without a model: the runbook's fix for this very failure."""

from __future__ import annotations

from dataclasses import replace

from bot.domain.evidence import DagDetails, Gap, GapReason
from bot.domain.logs import LogReading
from bot.domain.runbooks import Section
from bot.domain.verdicts import VerdictKind
from tests.answering.cases import EVIDENCE, RUNBOOK, TASK_INSTANCE, VERDICT, diagnosed


def test_steps_are_the_items_of_the_runbooks_fix_with_this_dag_in_them() -> None:
    assert diagnosed().steps == (
        "Guard the lookup that failed in `orders.py`.",
        "Test it with the row that broke:\n```bash\nairflow dags test orders\n```",
        "Deploy and clear `load`.",
    )


def test_jinja_in_a_runbook_is_left_alone_and_unknown_values_are_words() -> None:
    fix = "- Give `{{ ds }}` a default in {dag_file}; see {pool} and {nonsense}."
    known = replace(RUNBOOK, sections=(Section("Fix", fix),))
    bare = replace(EVIDENCE, dag=None, task_instance=None)
    (step,) = diagnosed(evidence=bare, known=known).steps
    assert step == (
        "Give `{{ ds }}` a default in the Dag's file; see the task's pool and {nonsense}."
    )


def test_lines_that_were_broken_for_an_editor_are_joined_and_code_is_not() -> None:
    fix = "1. Read in\n   chunks:\n   ```\n   a\n   b\n   ```\n   - one\n     more\n2. Then\nclear."
    known = replace(RUNBOOK, sections=(Section("Fix", fix),))
    assert diagnosed(known=known).steps == (
        "Read in chunks:\n```\na\nb\n```\n- one more",
        "Then clear.",
    )


def test_steps_for_other_errors_than_this_one_are_left_out() -> None:
    fix = "1. `TypeError`, `AttributeError`: pin the library.\n2. `KeyError`: guard it.\n3. Deploy."
    known = replace(RUNBOOK, sections=(Section("Fix", fix),))
    assert diagnosed(known=known).steps == ("`KeyError`: guard it.", "Deploy.")


def test_the_tries_after_the_one_that_is_told_about_are_mentioned() -> None:
    first = replace(TASK_INSTANCE, try_number=1)
    evidence = replace(
        EVIDENCE,
        target=replace(EVIDENCE.target, try_number=1),
        task_instance=replace(TASK_INSTANCE, state="success"),
        tries=(first, replace(TASK_INSTANCE, state="success")),
    )
    told = diagnosed(evidence=evidence).what_happened
    assert told.startswith(
        "load (try 1 of 2) failed after 41 s, at 2026-11-22 05:54 UTC; try 2 succeeded."
    )


def test_blanks_of_a_manual_are_filled_where_the_value_is_known() -> None:
    fix = "- `airflow tasks render <dag> <task> <run_id>`, then `kubectl get pod <pod>`."
    known = replace(RUNBOOK, sections=(Section("Fix", fix),))
    (step,) = diagnosed(known=known).steps
    assert step == (
        "`airflow tasks render orders load scheduled__2026-11-22`, then `kubectl get pod <pod>`."
    )


def test_names_cannot_bring_markup_into_a_step() -> None:
    evil = "x](https://evil.example) <!channel> `rm -rf`"
    dag = DagDetails("orders", relative_fileloc=evil)
    (step, *_) = diagnosed(evidence=replace(EVIDENCE, dag=dag)).steps
    assert "](" not in step
    assert "<!" not in step
    assert step.count("`") == 2


def test_a_fix_in_paragraphs_is_a_step_for_each() -> None:
    known = replace(RUNBOOK, sections=(Section("Fix", "Do this.\n\nThen that."),))
    assert diagnosed(known=known).steps == ("Do this.", "Then that.")


def test_without_a_runbook_the_steps_say_what_would_settle_it() -> None:
    gap = Gap("event log", GapReason.FORBIDDEN, "403", "Grant the bot's account Audit Log read.")
    verdict = replace(VERDICT, kind=VerdictKind.UNKNOWN, gaps=(gap,))
    verdict = replace(verdict, also_possible=("oom_killed", "a_b"), possible_titles=("OOM",))
    evidence = replace(EVIDENCE, log=LogReading(2, ()))
    first, second, third = diagnosed(verdict, evidence, known=None).steps
    assert "Grant the bot's account" in first
    assert "worker-7 around 2026-11-22 05:54 UTC" in second
    assert third == "Rule out: “OOM”, “a b”."
