"""The shipped runbooks keep their promises against each other and against successful runs."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from functools import cache

import pytest
import re2

from bot.diagnosis.classify import diagnose
from bot.diagnosis.examples import example
from bot.diagnosis.known import Known
from bot.diagnosis.vocabulary import SPOKEN
from bot.domain.runbooks import Signature
from bot.domain.verdicts import VerdictKind
from bot.services.check_runbooks import HARMLESS, Complaint, check_runbooks
from tests.scenarios.shipped import RUNBOOKS, catalogue
from tests.scenarios.successes import successes

KINDS_OF_FAILURE = (
    "oom_killed pod_evicted queued_timeout slots_exhausted pool_full pool_has_no_slots "
    "k8s_unschedulable pod_start_timeout disk_full memory_error too_many_open_files "
    "worker_lost heartbeat_lost scheduler_fault scheduler_down scheduler_restarted "
    "api_server_unavailable triggerer_down trigger_not_loadable dag_processor_timeout "
    "dag_sync metadata_db broker_error log_fetch_failure k8s_api_error image_pull "
    "pod_start_failed platform_config platform_bug gpu_fault python_exception "
    "dag_import_error dag_structure dag_too_slow dag_removed bad_operator_args "
    "missing_connection missing_variable pool_missing missing_dependency template_error "
    "sql_error xcom_misuse serialization_error script_failed nonzero_exit execution_timeout "
    "dagrun_timeout external_task_mismatch auth_expired permission_denied http_rate_limited "
    "http_4xx http_5xx dns_failure connection_refused connection_timeout connection_reset "
    "tls_error data_missing schema_drift data_quality data_invalid sensor_timeout "
    "trigger_timeout remote_job_failed external_slow warehouse_quota db_contention "
    "marked_by_user cleared paused upstream_failed skipped depends_on_past run_limit_reached "
    "task_limit_reached schedule_semantics human_rejected human_input_timeout "
    "backfill_cancelled benign insufficient_evidence sigkill_undetermined "
    "sigterm_undetermined silent_running log_lost traceback_lost"
)


@cache
def complaints() -> tuple[Complaint, ...]:
    return check_runbooks(catalogue().failures, successes())


def test_no_shipped_runbook_is_refused() -> None:
    assert catalogue().faults == ()


@pytest.mark.parametrize("name", sorted(path.name for path in RUNBOOKS.glob("[a-z]*.md")))
def test_a_runbook_keeps_its_promises(name: str) -> None:
    assert [str(one) for one in complaints() if one.path.endswith(f"/{name}")] == []


def test_every_kind_of_failure_has_its_runbook() -> None:
    causes = {failure.cause for failure in catalogue().failures}
    assert sorted(set(KINDS_OF_FAILURE.split()) - causes) == []


def test_no_successful_log_is_accused() -> None:
    known = Known(catalogue().failures)
    for evidence in successes():
        found = diagnose(evidence, known)
        assert found.kind in HARMLESS, (found, evidence.log)


def test_an_overdue_review_is_named() -> None:
    late = check_runbooks(catalogue().failures[:1], today=date(2099, 1, 1))
    assert "its review was due on" in str(late[-1])


def test_searching_all_signatures_at_once_finds_what_searching_each_finds() -> None:
    failures = catalogue().failures
    known = Known(failures)
    for failure in failures[::4]:
        for text in failure.catches:
            signals, _ = example(text)
            hits = known.hits(signals)
            values = {signal.value for signal in signals if signal.name in SPOKEN}
            for other in failures[::7]:
                found = any(_found(one, value) for one in other.signatures for value in values)
                assert found == (other.cause in hits), (other.cause, text)


def _found(signature: Signature, value: str) -> bool:
    pattern = signature.pattern if signature.is_regex else re2.escape(signature.pattern)
    return re2.search(f"(?i){pattern}", value) is not None


def test_a_runbook_that_catches_another_ones_example_is_complained_about() -> None:
    original = catalogue().get("disk_full")
    assert original is not None
    greedy = replace(original, cause="aaa_greedy", rank=900, path="own/aaa_greedy.md")
    found = check_runbooks([original, greedy])
    assert any("is won by aaa_greedy" in str(one) for one in found)


def test_unknown_is_a_verdict_of_some_runbooks() -> None:
    assert any(one.verdict is VerdictKind.UNKNOWN for one in catalogue().failures)


def test_an_example_that_states_an_unknown_signal_is_complained_about() -> None:
    original = catalogue().get("disk_full")
    assert original is not None
    wrong = replace(original, catches=("signals: colour=red",))
    assert 'the example states the unknown signal "colour"' in str(check_runbooks([wrong])[-1])


def test_a_symptom_of_a_cause_that_no_runbook_has_is_complained_about() -> None:
    original = catalogue().get("disk_full")
    assert original is not None
    wrong = replace(original, symptom_of=("oom_kiled", "disk_full"))
    right = replace(original, symptom_of=("oom_killed",))
    found = [str(one) for one in check_runbooks([wrong], others=["oom_killed"])]
    assert found == [
        f"{original.path}: symptom_of names oom_kiled, which is the cause of no runbook; "
        "did you mean oom_killed?",
        f"{original.path}: symptom_of names disk_full itself",
    ]
    assert check_runbooks([right], others=["oom_killed"]) == ()
    assert len(check_runbooks([right])) == 1
