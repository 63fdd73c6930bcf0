"""The answer without a model: specific to this failure, in plain words."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.answering.deterministic import with_passages
from bot.answering.gaps import gap_in_words
from bot.domain.answers import Diagnosis
from bot.domain.evidence import (
    DagDetails,
    DagRun,
    DagVersion,
    Evidence,
    Gap,
    GapReason,
    ImportProblem,
    Pool,
    TaskDetails,
    UnmetDependency,
)
from bot.domain.logs import (
    ExceptionChain,
    Frame,
    LogLine,
    LogReading,
    RaisedException,
    Speaker,
)
from bot.domain.runbooks import Passage, Section
from bot.domain.verdicts import Quote, RetryAdvice, Verdict, VerdictKind
from tests.answering.cases import (
    BEGAN,
    EVIDENCE,
    LOG,
    RUNBOOK,
    TASK_INSTANCE,
    VERDICT,
    diagnosed,
    with_lines,
    with_task,
)


def facts(evidence: Evidence) -> dict[str, str]:
    return dict(diagnosed(evidence=evidence).facts)


def retry(advice: RetryAdvice, evidence: Evidence, kind: VerdictKind = VerdictKind.CODE) -> str:
    return diagnosed(replace(VERDICT, retry=advice, kind=kind), evidence).retry_text


def test_it_says_what_ended_how_and_why_in_two_sentences() -> None:
    assert diagnosed().what_happened == (
        "load (try 2 of 2) failed after 41 s, at 2026-11-22 05:54 UTC. "
        "The task's own code looked up the key 'country', which the row does not have."
    )


def test_without_a_reason_the_runbook_explains_in_its_first_paragraph() -> None:
    silent = diagnosed(replace(VERDICT, why=""))
    assert silent.what_happened.endswith("The task's own code raised an exception.")


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"state": "running", "end": None}, "has been running since 2026-11-22 05:54 UTC"),
        ({"state": "success", "try_number": 3}, "load (try 3 of 3) succeeded"),
        (
            {"state": "queued", "start": None, "end": None},
            "is waiting (queued) since 2026-11-22 05:53 UTC",
        ),
        (
            {"start": None, "duration": None},
            "failed without ever having started, at 2026-11-22 05:54",
        ),
        ({"start": BEGAN, "end": BEGAN, "pid": None}, "failed without ever having started"),
        ({"map_index": 3}, "load[3] (try 2 of 2) failed"),
    ],
)
def test_the_ending_is_told_as_it_was(changes: dict[str, object], told: str) -> None:
    evidence = with_task(**changes)
    if changes.get("state") in ("running", "queued"):
        evidence = replace(evidence, dag_run=DagRun("r", "orders", state="running"))
    assert told in diagnosed(evidence=evidence).what_happened


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
    verdict = replace(VERDICT, kind=VerdictKind.UNKNOWN, gaps=(gap,), also_possible=("oom_killed",))
    evidence = replace(EVIDENCE, log=LogReading(2, ()))
    first, second, third = diagnosed(verdict, evidence, known=None).steps
    assert "Grant the bot's account" in first
    assert "worker-7 around 2026-11-22 05:54 UTC" in second
    assert third == "Rule out: oom_killed."


@pytest.mark.parametrize(
    ("owner", "kind", "words"),
    [
        ("dag_owner", VerdictKind.CODE, "the Dag's owner (orders-team)"),
        ("platform", VerdictKind.CAPACITY, "the platform team"),
        ("", VerdictKind.PLATFORM, "the platform team"),
        ("", VerdictKind.CODE, "the Dag's owner (orders-team)"),
        ("network", VerdictKind.DEPENDENCY, "the network team"),
        ("warehouse-team", VerdictKind.DEPENDENCY, "warehouse-team"),
    ],
)
def test_the_owner_is_named_in_words(owner: str, kind: VerdictKind, words: str) -> None:
    assert diagnosed(replace(VERDICT, owner=owner, kind=kind)).owner == words


def test_airflows_default_owner_names_nobody() -> None:
    evidence = replace(EVIDENCE, dag=DagDetails("orders", owners=("airflow",)))
    assert diagnosed(evidence=evidence).owner == "the Dag's owner (the Dag names nobody)"
    assert "Owner" not in facts(evidence)


def test_the_tasks_owner_stands_in_for_a_dag_without_one() -> None:
    evidence = replace(EVIDENCE, dag=None, task=TaskDetails("load", owner="ann"))
    assert diagnosed(evidence=evidence).owner == "the Dag's owner (ann)"


@pytest.mark.parametrize(
    ("advice", "told"),
    [
        (RetryAdvice.HELPS, "Yes (2 tries failed already): nothing in the code has to change."),
        (RetryAdvice.AFTER_FIX, "Only after the fix (2 tries failed already); then clear the task"),
        (RetryAdvice.POINTLESS, "No (2 tries failed already): the same run will meet the same end"),
        (RetryAdvice.UNKNOWN, "I can't say (2 tries failed already)"),
    ],
)
def test_whether_a_retry_helps_is_said_plainly(advice: RetryAdvice, told: str) -> None:
    assert retry(advice, EVIDENCE).startswith(told)


def test_a_coming_retry_is_named_with_its_time() -> None:
    unmet = UnmetDependency(
        "Not In Retry Period",
        "Task is not ready for retry yet but will be retried automatically. Current date is "
        "2026-11-22T06:00:00+00:00 and task will be retried at 2026-11-22T06:10:00+00:00.",
    )
    evidence = replace(with_task(state="up_for_retry", try_number=1, max_tries=3), unmet=(unmet,))
    assert retry(RetryAdvice.HELPS, evidence) == (
        "Airflow starts try 2 of 4 by itself at 06:10:00 UTC. "
        "That may be all it takes, so wait for it first."
    )
    assert "unless the fix is in before then" in retry(RetryAdvice.AFTER_FIX, evidence)
    assert facts(evidence)["State"] == "up_for_retry, next try at 06:10:00 UTC"


def test_many_failed_tries_make_a_retry_no_honest_advice() -> None:
    tries = tuple(replace(TASK_INSTANCE, try_number=number) for number in range(1, 5))
    evidence = replace(EVIDENCE, tries=tries, task_instance=tries[-1])
    assert retry(RetryAdvice.HELPS, evidence).startswith("Perhaps")


def test_tries_that_airflow_did_not_use_are_mentioned() -> None:
    evidence = with_task(try_number=1, max_tries=2)
    assert "Airflow had 2 more tries left and did not use them." in retry(
        RetryAdvice.AFTER_FIX, evidence
    )


def test_a_task_without_retries_is_told_what_can_absorb_it_next_time() -> None:
    assert "can absorb this next time" in retry(
        RetryAdvice.HELPS, with_task(try_number=1, max_tries=0)
    )


@pytest.mark.parametrize(
    ("state", "told"),
    [
        ("success", "Not needed: it has succeeded on try 2."),
        ("running", "Not now: it is running on try 2."),
        ("upstream_failed", "Not by itself: it never ran."),
    ],
)
def test_nothing_is_retried_that_has_not_failed(state: str, told: str) -> None:
    assert retry(RetryAdvice.HELPS, with_task(state=state)).startswith(told)


def test_what_waits_goes_on_by_itself() -> None:
    evidence = replace(with_task(state="scheduled"), dag_run=DagRun("r", "orders", state="running"))
    assert retry(RetryAdvice.HELPS, evidence).endswith("It goes on by itself once there is room.")


def test_what_was_done_on_purpose_needs_no_cure() -> None:
    told = retry(RetryAdvice.HELPS, EVIDENCE, VerdictKind.OPERATOR)
    assert "nothing to cure" in told


def test_headline_facts_name_what_a_responder_asks_first() -> None:
    known = facts(EVIDENCE)
    assert known["Try"] == "2 of 2"
    assert known["Duration"] == "41 s (last success took 35 s)"
    assert known["In pool"] == "warehouse: 3 of 8 slots free"
    assert known["Dag changed"] == "version 8, the last success ran 7"
    assert known["Run"] == "scheduled for 2026-11-22 00:00 UTC, failed"
    assert known["Airflow"] == "3.3.2, CeleryExecutor"


def test_the_place_in_the_users_own_code_is_the_first_fact() -> None:
    frames = (
        Frame("/opt/airflow/dags/orders.py", 33, "load", True, "row['country']"),
        Frame("/usr/lib/python3.12/json/decoder.py", 355, "raw_decode", False),
    )
    wrapper = RaisedException("RuntimeError", "load failed", 58)
    chain = ExceptionChain((wrapper, RaisedException("KeyError", "'country'", 57, frames)))
    handled = ExceptionChain((RaisedException("OSError", "x", 12),), handled=True)
    log = replace(LOG, chains=(chain, handled))
    first, *_ = diagnosed(evidence=replace(EVIDENCE, log=log)).facts
    assert first == ("Raised at", "orders.py:33 in load: row['country']")
    unquoted = diagnosed(replace(VERDICT, quotes=()), replace(EVIDENCE, log=log))
    assert unquoted.facts[0] == first


def test_facts_that_nobody_knows_are_left_out() -> None:
    bare = Evidence(target=EVIDENCE.target)
    assert diagnosed(evidence=bare).facts == ()
    assert diagnosed(evidence=bare).what_happened == VERDICT.why


@pytest.mark.parametrize(
    ("pools", "label", "told"),
    [
        (
            (Pool("warehouse", slots=8, open_slots=-2, queued=5),),
            "Pool",
            "0 of 8 slots free, 5 tasks wait",
        ),
        ((Pool("other", slots=8, open_slots=8),), "Pool", "warehouse: does not exist"),
        ((Pool("warehouse", slots=-1, open_slots=-1),), "In pool", "warehouse: no limit"),
        ((), "In pool", "warehouse"),
    ],
)
def test_the_pool_is_told_with_its_room(pools: tuple[Pool, ...], label: str, told: str) -> None:
    assert told in facts(replace(EVIDENCE, pools=pools))[label]


def test_mapped_tasks_say_how_many_of_them_failed() -> None:
    siblings = tuple(
        replace(TASK_INSTANCE, map_index=n, state="failed" if n == 3 else "success")
        for n in range(50)
    )
    evidence = replace(with_task(map_index=3, rendered_map_index="acme"), task_instances=siblings)
    assert facts(evidence)["Mapped"] == "index 3 (acme), 1 of 50 failed"


def test_a_streak_of_failed_runs_and_failures_elsewhere_are_facts() -> None:
    history = tuple(replace(TASK_INSTANCE, run_id=f"r{n}") for n in range(3))
    elsewhere = tuple(replace(TASK_INSTANCE, dag_id=f"d{n % 2}") for n in range(5))
    known = facts(replace(EVIDENCE, history=history, elsewhere=elsewhere))
    assert known["Same failure before"] == "in the 3 runs before"
    assert known["Failing elsewhere"] == "5 tasks of 2 other Dags in the same minutes"


def test_files_that_may_hold_an_unknown_dag_are_named() -> None:
    problems = (ImportProblem("sales/orders.py", "SyntaxError"), ImportProblem("x.py", "KeyError"))
    unknown = replace(EVIDENCE, dag_exists=False, import_problems=problems)
    assert facts(unknown)["Not importable"] == "sales/orders.py and x.py"
    assert "Not importable" not in facts(replace(unknown, dag_exists=True))


def test_a_dag_that_is_not_registered_is_said_to_hide_in_its_broken_file() -> None:
    problem = ImportProblem("sales/orders.py", "Traceback\nKeyError: 'country'\n")
    evidence = Evidence(EVIDENCE.target, dag_exists=False, import_problems=(problem,))
    assert diagnosed(evidence=evidence).what_happened.startswith(
        "Airflow does not know this Dag: sales/orders.py does not import. The task's own"
    )
    other = replace(evidence, import_problems=(ImportProblem("x.py", "SyntaxError"),))
    assert diagnosed(evidence=other).what_happened == VERDICT.why


def test_other_tasks_of_the_run_that_failed_or_were_held_up_are_named() -> None:
    others = (
        TASK_INSTANCE,
        replace(TASK_INSTANCE, task_id="refund", state="failed"),
        replace(TASK_INSTANCE, task_id="report", state="upstream_failed"),
        replace(TASK_INSTANCE, task_id="notify", state="success"),
    )
    known = facts(replace(EVIDENCE, task_instances=others))
    assert known["Also failed"] == "refund"
    assert known["Held up"] == "report"


def test_the_queue_is_named_where_no_worker_came() -> None:
    waited = {"start": None, "pid": None, "queue": "gpu"}
    assert facts(with_task(**waited))["Queue"] == "gpu"
    assert "Queue" not in facts(with_task(queue="gpu"))
    assert "Queue" not in facts(with_task(**(waited | {"queue": "default"})))


def test_the_message_that_is_quoted_is_not_repeated_in_the_sentence_above() -> None:
    why = "A lookup failed in the task's own code: 'country'."
    assert diagnosed(replace(VERDICT, why=why)).what_happened.endswith("in the task's own code.")
    unquoted = diagnosed(replace(VERDICT, why=why, quotes=())).what_happened
    assert unquoted.endswith("'country'.")


def test_a_task_that_succeeded_since_is_not_to_be_cleared() -> None:
    known = replace(
        RUNBOOK,
        sections=(Section("Fix", "1. Clear the task.\n2. Make it idempotent. Risk: none.\n"),),
    )
    succeeded = replace(
        EVIDENCE,
        task_instance=replace(TASK_INSTANCE, state="success"),
        tries=(replace(TASK_INSTANCE, try_number=1), replace(TASK_INSTANCE, state="success")),
    )
    assert diagnosed(evidence=succeeded, known=known).steps == (
        "Nothing for this run: try 2 has succeeded.",
        "Make it idempotent.",
    )
    assert diagnosed(known=known).steps == ("Clear the task.", "Make it idempotent.")


def test_a_skipped_task_has_nothing_to_retry() -> None:
    told = retry(RetryAdvice.UNKNOWN, with_task(state="skipped"), VerdictKind.OPERATOR)
    assert told == "Nothing to retry: it was skipped. Clear it if it should run after all."


def test_a_running_task_is_measured_up_to_when_it_was_looked_at() -> None:
    evidence = with_task(state="running", end=None, duration=None)
    assert facts(evidence)["Duration"] == "10 min (last success took 35 s)"


def test_an_unchanged_dag_version_is_said() -> None:
    evidence = with_task(version=DagVersion(7))
    assert facts(evidence)["Dag version"] == "7, unchanged since the last success"


def test_the_excerpt_holds_the_lines_round_the_deciding_one_and_the_end() -> None:
    lines = tuple(LogLine(number, f"line {number}") for number in range(1, 500))
    verdict = replace(VERDICT, quotes=(Quote("L200", "line 200", "task log", 2, 200),))
    shown = [line.number for line in diagnosed(verdict, with_lines(*lines)).log_lines]
    assert shown == sorted(set(shown))
    assert {180, 200, 210, 499} <= set(shown)
    assert len(shown) <= 60


def test_without_a_deciding_line_the_excerpt_is_the_end_of_the_log() -> None:
    lines = tuple(LogLine(number, f"line {number}") for number in range(1, 500))
    shown = diagnosed(replace(VERDICT, quotes=()), with_lines(*lines)).log_lines
    assert shown[-1].number == 499
    assert shown[0].number >= 440


def test_the_excerpt_is_of_the_try_that_was_quoted() -> None:
    other = LogReading(1, (LogLine(9, "from try 1"),), lines_read=9)
    verdict = replace(VERDICT, quotes=(Quote("L9", "from try 1", "task log", 1, 9),))
    diagnosis = diagnosed(verdict, replace(EVIDENCE, other_logs=(other,)))
    assert [line.text for line in diagnosis.log_lines] == ["from try 1"]
    assert diagnosis.lines_read == 9


def test_marks_for_folding_are_no_excerpt() -> None:
    lines = (LogLine(2, "::group::Pre Execute"), *LOG.lines)
    assert all(not line.text.startswith("::") for line in shown_of(lines))


def test_remarks_of_the_log_handler_are_no_excerpt() -> None:
    lines = (LogLine(1, "Found logs in /x", speaker=Speaker.SOURCE), *LOG.lines)
    assert all(line.number != 1 or line.text != "Found logs in /x" for line in shown_of(lines))


def shown_of(lines: tuple[LogLine, ...]) -> tuple[LogLine, ...]:
    return diagnosed(evidence=with_lines(*lines)).log_lines


def test_the_runbook_and_the_dags_own_docs_can_be_cited() -> None:
    dag = DagDetails("orders", doc_md="Ask the shop team.")
    diagnosis = diagnosed(evidence=replace(EVIDENCE, dag=dag))
    assert [(one.id, one.source) for one in diagnosis.passages] == [
        ("R1", "runbook"),
        ("R2", "dag docs"),
    ]


def test_passages_found_by_search_are_added_once_and_numbered_on() -> None:
    found = (
        Passage("R1", "same", "…", "runbook", "python_exception"),
        Passage("R2", "other", "…", "runbook", "data_missing"),
    )
    diagnosis: Diagnosis = with_passages(diagnosed(), found)
    assert [(one.id, one.cause) for one in diagnosis.passages] == [
        ("R1", "python_exception"),
        ("R2", "data_missing"),
    ]


def test_a_gap_is_told_with_its_reason_and_remedy() -> None:
    gap = Gap("event log", GapReason.FORBIDDEN, "403", "grant Audit Log read")
    assert gap_in_words(gap) == (
        "Event log: the bot's account may not read it (403). Grant Audit Log read."
    )


def test_a_wait_of_hours_is_told_in_hours() -> None:
    evidence = with_task(queued_at=BEGAN - timedelta(hours=2, minutes=5))
    assert facts(evidence)["In the queue"] == "2 h 5 min"


def test_the_verdict_itself_is_passed_on_untouched() -> None:
    verdict: Verdict = diagnosed().verdict
    assert verdict is VERDICT
