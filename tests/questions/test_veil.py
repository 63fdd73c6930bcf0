"""Names that somebody may not see are taken out of text that they may."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.targets import Target
from bot.questions.overheard import looks_like_question
from bot.questions.veil import HIDDEN, veil_over

VEIL = veil_over(["secret_orders", "billing", "task"], ["team_a", "secret_orders_public"])


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("triggering secret_orders now", "triggering [hidden] now"),
        ("/dags/secret_orders.py:7", "/dags/[hidden].py:7"),
        ("pod secret-orders-load-x7 is gone", "pod [hidden]-load-x7 is gone"),
        ("Billing, then billing.load", "[hidden], then [hidden].load"),
        ("secret_orders_public and rebilling", "secret_orders_public and rebilling"),
        ("the task of team_a", "the task of team_a"),  # an everyday word is no name
        ("the `task` of “task”", "the `[hidden]` of “[hidden]”"),  # but where a name stands
        ('{"dag_id": "task", "try": 1}', '{"dag_id": "[hidden]", "try": 1}'),
        (
            "AIRFLOW_CTX_DAG_ID=task and dag_id: Task",
            "AIRFLOW_CTX_DAG_ID=[hidden] and dag_id: [hidden]",
        ),
        ("https://a/dags/task/runs/task_1?x", "https://a/dags/[hidden]/runs/task_1?x"),
        ("File /opt/dags/team/task.py, a task", "File /opt/dags/team/[hidden].py, a task"),
        (
            "<DAG: task>, <TaskInstance: task.load x>",
            "<DAG: [hidden]>, <TaskInstance: [hidden].load x>",
        ),
        ("<TaskInstance: team_a.task x>", "<TaskInstance: team_a.task x>"),
        ("['airflow', 'tasks', 'run', 'task']", "['airflow', 'tasks', 'run', '[hidden]']"),
    ],
)
def test_a_name_is_found_however_it_is_spelt(text: str, left: str) -> None:
    assert VEIL.text(text) == left


@given(
    st.lists(st.tuples(st.sampled_from(["secret_orders", "a", "x7"]), st.sampled_from(" /=.-_:'")))
)
def test_no_hidden_name_stands_in_what_is_left(parts: list[tuple[str, str]]) -> None:
    left = VEIL.text("".join(word + joint for word, joint in parts))
    assert "secret_orders" not in left.replace(HIDDEN, "")


def test_what_says_which_dag_a_value_is_of_stays() -> None:
    target = Target("prod", "team_a", task_id="billing")
    assert VEIL.over((target, "billing")) == (target, HIDDEN)
    assert VEIL.sparing(["billing"]).text("billing") == "billing"


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("why did the dag orders_daily fail last night?", True),
        ("anyone know why load_customers failed again?", True),
        ("how do I backfill a dag for last week?", True),
        ("lunch at the new place, anyone?", False),
        ("the dag orders_daily is deployed", False),
        ("why?", False),
        ("can we move the retro to 3pm?", False),
    ],
)
def test_only_what_asks_about_airflow_is_taken_for_a_question(text: str, is_one: bool) -> None:
    assert looks_like_question(text) is is_one
