from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.adapters.airflow import parse_cluster, parse_runs, parse_tasks
from bot.adapters.airflow.outcome import Reply
from bot.adapters.airflow.pieces import PIECES, parsed
from tests.adapters.airflow.support import mask
from tests.adapters.airflow.test_values import JSON


def test_an_unknown_state_of_a_newer_server_is_kept_as_text() -> None:
    found = parse_tasks.task_instance({"task_id": "a", "state": "hibernating"}, mask)
    assert found.state == "hibernating"


@pytest.mark.parametrize("state", [None, "", "no_status", "none"])
def test_a_task_instance_not_yet_scheduled_has_no_state(state: str | None) -> None:
    assert parse_tasks.task_instance({"task_id": "a", "state": state}, mask).state is None


def test_a_task_instance_with_its_id_alone_has_the_defaults() -> None:
    found = parse_tasks.task_instance({"task_id": "a"}, mask)
    assert (found.map_index, found.try_number, found.start, found.version) == (-1, 0, None, None)


def test_an_empty_hostname_is_none() -> None:
    assert parse_tasks.task_instance({"task_id": "a", "hostname": ""}, mask).hostname is None


def test_a_trigger_without_a_triggerer_is_told_apart_from_no_trigger() -> None:
    raw = {"task_id": "a", "trigger": {"classpath": "x.DateTimeTrigger", "triggerer_id": None}}
    found = parse_tasks.task_instance(raw, mask)
    assert (found.trigger_class, found.triggerer_id) == ("x.DateTimeTrigger", None)


def test_an_execution_timeout_is_read_from_both_shapes() -> None:
    raw = {
        "tasks": [
            {"task_id": "a", "execution_timeout": {"__type": "TimeDelta", "days": 0, "seconds": 5}},
            {"task_id": "b", "execution_timeout": "PT5S"},
        ]
    }
    assert [task.execution_timeout for task in parse_tasks.tasks(raw, mask)] == [5.0, 5.0]


def test_retries_written_as_a_float_are_a_whole_number() -> None:
    (task,) = parse_tasks.tasks({"tasks": [{"task_id": "a", "retries": 2.0}]}, mask)
    assert task.retries == 2


def test_tags_are_read_as_objects_and_as_plain_names() -> None:
    found = parse_runs.dag_details({"tags": [{"name": "team:gov"}, "nightly"]}, mask)
    assert found.tags == ("team:gov", "nightly")


def test_the_run_timeout_of_a_dag_is_in_seconds() -> None:
    assert parse_runs.dag_details({"dag_run_timeout": "PT12S"}, mask).dag_run_timeout == 12.0


def test_every_text_of_people_and_programs_is_redacted() -> None:
    run = parse_runs.dag_run({"note": "pw hunter2", "conf": {"password": "hunter2"}}, mask)
    (event,) = parse_cluster.events(
        {"event_logs": [{"event": "post_pool", "extra": '{"p": "hunter2"}'}]}, mask
    )
    (problem,) = parse_runs.import_problems(
        {"import_errors": [{"filename": "a.py", "stack_trace": "hunter2"}]}, mask
    )
    (warning,) = parse_runs.dag_warnings({"dag_warnings": [{"message": "hunter2"}]}, mask)
    dag = parse_runs.dag_details({"doc_md": "hunter2"}, mask)
    one = parse_tasks.task_instance({"task_id": "a", "note": "hunter2"}, mask)
    (link,) = parse_cluster.extra_links({"extra_links": {"S3": "https://x/?sig=hunter2"}}, mask)
    (unmet,) = parse_tasks.unmet_dependencies({"dependencies": [{"reason": "hunter2"}]}, mask)
    texts = [run.note, run.conf, event.extra, problem.stack_trace, warning.message, dag.doc_md]
    texts += [one.note, link.text, unmet.reason]
    assert all(text and "[secret]" in text and "hunter2" not in text for text in texts)


def test_of_a_long_stack_trace_the_end_is_kept() -> None:
    trace = "frame\n" * 10_000 + "ModuleNotFoundError: No module named 'x'"
    (problem,) = parse_runs.import_problems({"import_errors": [{"stack_trace": trace}]}, mask)
    assert len(problem.stack_trace) <= parse_runs.STACK_MAX
    assert problem.stack_trace.endswith("No module named 'x'")


def test_events_of_several_answers_are_one_list_oldest_first() -> None:
    def log(*numbers: int) -> object:
        rows = [
            {"event_log_id": n, "when": f"2026-01-01T00:0{n}:00Z", "event": "e"} for n in numbers
        ]
        return {"event_logs": rows}

    first, second = (parse_cluster.events(log(*ids), mask) for ids in ((3, 1), (2, 3)))
    assert [entry.id for entry in parse_cluster.merge_events(first, second)] == [1, 2, 3]


def test_health_names_its_components() -> None:
    body = {
        "metadatabase": {"status": "healthy"},
        "scheduler": {
            "status": "unhealthy",
            "latest_scheduler_heartbeat": "2026-11-22T06:23:44+00:00",
        },
        "triggerer": {"status": None, "latest_triggerer_heartbeat": None},
    }
    found = {part.name: part for part in parse_cluster.health(body)}
    assert found["scheduler"].status == "unhealthy"
    assert found["scheduler"].latest_heartbeat == datetime(2026, 11, 22, 6, 23, 44, tzinfo=UTC)
    assert found["triggerer"].status is None


@pytest.mark.parametrize("piece", sorted(PIECES))
@settings(max_examples=30)
@given(body=JSON)
def test_no_body_whatever_makes_a_parser_raise(piece: str, body: object) -> None:
    parsed(piece, Reply(body), mask)


_ROWS = st.lists(st.dictionaries(st.sampled_from(["task_id", "dag_id", "state", "note"]), JSON))


@settings(max_examples=50)
@given(rows=_ROWS)
def test_odd_rows_do_not_cost_the_good_one_beside_them(rows: list[dict[str, object]]) -> None:
    page = {"task_instances": [*rows, {"task_id": "good"}]}
    assert parse_tasks.task_instances(page, mask)[-1].task_id == "good"
