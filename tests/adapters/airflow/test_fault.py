from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot.adapters.airflow import fault
from bot.domain.evidence import DagRun, TaskDetails, TaskInstance
from bot.domain.targets import Target

START = datetime(2026, 11, 22, 6, tzinfo=UTC)


def one(
    task_id: str, state: str | None, *, ended: int | None = None, **more: object
) -> TaskInstance:
    """A task instance that ended so many minutes after the start."""
    end = None if ended is None else START + timedelta(minutes=ended)
    fields = {"try_number": 1, "start": START, "end": end, **more}
    return TaskInstance("dag", "run", task_id, state=state, **fields)  # type: ignore[arg-type]


def run(state: str) -> DagRun:
    return DagRun("run", "dag", state=state)


def chosen(*seen: TaskInstance, state: str = "failed") -> str | None:
    found = fault.task_at_fault(seen, run(state))
    return found and found.task_id


def test_the_first_to_fail_is_at_fault() -> None:
    assert chosen(one("late", "failed", ended=9), one("early", "failed", ended=3)) == "early"


def test_what_failed_because_of_another_is_not_at_fault() -> None:
    assert chosen(one("b", "upstream_failed", ended=1), one("a", "failed", ended=5)) == "a"


def test_a_failure_counts_even_in_a_run_that_went_well() -> None:
    assert chosen(one("a", "success"), one("teardown", "failed", ended=5), state="success") == (
        "teardown"
    )


def test_of_a_mapped_task_the_one_that_failed_is_chosen() -> None:
    seen = [one("score", "success", map_index=n) for n in range(50) if n != 37]
    seen.append(one("score", "failed", ended=2, map_index=37))
    found = fault.asked_task(Target("c", "dag", "run", "score"), seen, run("failed"))
    assert found
    assert found.map_index == 37


def test_an_asked_map_index_is_taken_at_its_word() -> None:
    seen = [one("score", "failed", ended=1, map_index=1), one("score", "success", map_index=2)]
    found = fault.asked_task(Target("c", "dag", "run", "score", 2), seen, run("failed"))
    assert found == seen[1]


def test_in_a_run_that_goes_on_what_waits_explains_more_than_what_works() -> None:
    assert chosen(one("busy", "running"), one("held", "scheduled"), state="running") == "held"


def test_a_task_waiting_for_its_retry_comes_before_one_that_is_queued() -> None:
    assert chosen(one("q", "queued"), one("r", "up_for_retry"), state="running") == "r"


def test_among_tasks_never_scheduled_the_first_of_the_dag_is_chosen() -> None:
    seen = (one("a_last", None, try_number=0), one("z_first", None, try_number=0))
    tasks = (TaskDetails("z_first", downstream=("a_last",)), TaskDetails("a_last"))
    found = fault.task_at_fault(seen, run("queued"), tasks)
    assert found == seen[1]


def test_in_a_failed_run_without_a_failed_task_what_was_cut_short_is_chosen() -> None:
    never = one("never", "skipped", ended=1, hostname=None)
    assert chosen(never, one("cut", "skipped", ended=2, hostname="w1")) == "cut"


def test_a_task_that_needed_a_retry_is_chosen_where_all_went_well() -> None:
    seen = (one("a", "success", ended=1), one("b", "success", ended=2, try_number=3))
    assert chosen(*seen, state="success") == "b"


def test_nothing_is_at_fault_where_nothing_went_wrong() -> None:
    seen = (one("a", "success", ended=1), one("b", "success", ended=2))
    assert chosen(*seen, state="success") is None


def test_a_task_blocked_by_another_leads_to_the_one_above_it_that_failed() -> None:
    seen = (
        one("other", "failed", ended=1),
        one("extract", "failed", ended=5),
        one("load", "upstream_failed", ended=6, try_number=0),
    )
    tasks = (
        TaskDetails("extract", downstream=("transform",)),
        TaskDetails("transform", downstream=("load",)),
        TaskDetails("load"),
        TaskDetails("other"),
    )
    found = fault.asked_task(Target("c", "dag", "run", "load"), seen, run("failed"), tasks)
    assert found == seen[1]


def test_a_task_asked_for_by_name_is_chosen_even_if_it_went_well() -> None:
    seen = (one("a", "success", ended=1), one("b", "failed", ended=2))
    assert fault.asked_task(Target("c", "dag", "run", "a"), seen, run("failed")) == seen[0]


def test_the_last_failed_try_decides() -> None:
    tries = [one("a", "failed", try_number=n, ended=n) for n in (1, 2)]
    tries.append(one("a", "success", try_number=3, ended=3))
    assert fault.deciding_try(tries[-1], tries) == 2


def test_an_asked_try_decides_if_there_was_one() -> None:
    tries = [one("a", "failed", try_number=n, ended=n) for n in (1, 2)]
    assert fault.deciding_try(tries[-1], tries, asked=1) == 1
    assert fault.deciding_try(tries[-1], tries, asked=7) == 2


def test_no_try_decides_where_none_was_made() -> None:
    assert fault.deciding_try(one("a", "upstream_failed", try_number=0), ()) is None


STATES = st.sampled_from(
    ["success", "failed", "upstream_failed", "skipped", "running", "queued", "odd", None]
)


@given(st.lists(st.tuples(st.sampled_from("abc"), STATES, st.integers(0, 9)), max_size=8))
def test_the_choice_does_not_hang_on_the_order_of_the_reply(
    rows: list[tuple[str, str | None, int]],
) -> None:
    seen = [one(name, state, ended=at, map_index=n) for n, (name, state, at) in enumerate(rows)]
    for state in ("failed", "running", "success"):
        assert fault.task_at_fault(seen, run(state)) == fault.task_at_fault(seen[::-1], run(state))
