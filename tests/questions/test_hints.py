"""What a question and its thread say of the target."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.questions import Asker, Author, EarlierMessage, Origin, Question, ThreadKey
from bot.domain.targets import RunChoice, Target
from bot.questions.hints import hints_of
from bot.questions.links import ClusterAddress

CLUSTERS = (
    ClusterAddress("prod", ("https://airflow.example.com",), ("production",)),
    ClusterAddress("staging", ("https://staging.example.com",)),
)
RUN = "scheduled__2026-11-01T00:00:00+00:00"
LINK = f"https://airflow.example.com/dags/orders/runs/{RUN}/tasks/load?try_number=1"


def ask(text: str, *earlier: EarlierMessage, links: tuple[str, ...] = ()) -> Question:
    return Question(
        id="W:C:1",
        origin=Origin.CLI,
        asker=Asker("U1"),
        thread=ThreadKey("W", "C", "1"),
        message_ts="1",
        text=text,
        asked_at=datetime(2026, 11, 2, 9, tzinfo=UTC),
        links=links,
        earlier=earlier,
    )


def said(text: str, *, by: Author = Author.ASKER, links: tuple[str, ...] = ()) -> EarlierMessage:
    return EarlierMessage(by, text, "0", links)


def test_a_link_names_the_target_outright() -> None:
    hints = hints_of(ask(f"why? {LINK}", links=(LINK,)), CLUSTERS)
    assert hints.exact == Target("prod", "orders", RUN, "load", None, 1)


def test_a_try_said_beside_a_link_wins_over_the_link() -> None:
    hints = hints_of(ask(f"what about try 2 of {LINK}", links=(LINK,)), CLUSTERS)
    assert hints.exact == Target("prod", "orders", RUN, "load", None, 2)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("why did orders_daily fail last night?", ("orders_daily",)),
        ("why did `daily` fail", ("daily",)),
        ("why did Orders-Daily fail", ("Orders-Daily",)),
        ("what happened to the orders pipeline", ("orders",)),
        ("task load of orders_daily failed", ("orders_daily", "load")),
    ],
)
def test_names_are_told_from_everyday_words(text: str, names: tuple[str, ...]) -> None:
    assert hints_of(ask(text), CLUSTERS).names == names


@pytest.mark.parametrize(
    ("text", "run"),
    [
        ("why did orders_daily fail last night", RunChoice.LAST_NIGHT),
        ("why did yesterday's orders_daily fail", RunChoice.YESTERDAY),
        ("the latest run of orders_daily", RunChoice.LATEST),
        ("the last failed run of orders_daily", RunChoice.LATEST_FAILED),
        ("the previous run of orders_daily", RunChoice.PREVIOUS),
        ("orders_daily today", RunChoice.TODAY),
        ("orders_daily", RunChoice.UNSAID),
    ],
)
def test_words_choose_the_run(text: str, run: RunChoice) -> None:
    assert hints_of(ask(text), CLUSTERS).run is run


def test_a_date_chooses_the_run_of_that_day() -> None:
    hints = hints_of(ask("why did orders_daily fail on 2026-10-31"), CLUSTERS)
    assert (hints.run, hints.run_date) == (RunChoice.ON_DATE, "2026-10-31")


def test_a_run_id_try_and_map_index_are_read() -> None:
    hints = hints_of(ask(f"orders_daily {RUN} task load map index 37, try 2"), CLUSTERS)
    assert (hints.run_id, hints.task, hints.map_index, hints.try_number) == (RUN, "load", 37, 2)


@pytest.mark.parametrize("text", ["score[37] of orders_daily", "mapped task 37 of orders_daily"])
def test_a_map_index_is_read_in_other_spellings(text: str) -> None:
    assert hints_of(ask(text), CLUSTERS).map_index == 37


@pytest.mark.parametrize(
    ("text", "names", "task"),
    [
        ("why did 10803 fail", ("10803",), None),
        ("why did dag 42 fail", ("42",), None),
        ("what failed in 10803", ("10803",), None),
        ("is 10803 stuck since 13 Nov?", ("10803",), None),
        ("10803 yesterday", ("10803",), None),
        ("what about 10803's last run", ("10803",), None),
        ("10803 - why is it red", ("10803",), None),
        ("why did `7` fail", ("7",), None),
        ("why did 10803.20301 fail", ("10803.20301",), None),
        ("task 20301 of 10803", ("10803", "20301"), "20301"),
        ("task load of 10803 on 2026-11-13, try 2", ("10803", "load"), "load"),
    ],
)
def test_a_name_may_be_digits_alone(text: str, names: tuple[str, ...], task: str | None) -> None:
    hints = hints_of(ask(text), CLUSTERS)
    assert (hints.names, hints.task) == (names, task)


@pytest.mark.parametrize(
    "text",
    [
        "orders fails with exit code 13700",
        "orders fails after 3600 seconds",
        "orders fails at 05:15 and at 5pm",
        "orders gets 404 since 2025",
        "orders failed on 13 Nov 2026",
        "orders, date=20261113",
        "orders ran 10803 times",
        "the 2nd try of orders",
        "map index 10803 of orders",
        "mapped task 10803 of orders",
        "run 10803 of orders",
        "port 54321 of orders refuses",
        "why were only 1200 processed by orders",
    ],
)
def test_numbers_that_count_or_date_something_are_no_names(text: str) -> None:
    names = hints_of(ask(text), CLUSTERS).names
    assert not [name for name in names if any(sign.isdigit() for sign in name)]


@pytest.mark.parametrize(
    ("text", "run_id"),
    [
        ("run 10803 of orders", "10803"),
        ("run id nightly-7 of orders", "nightly-7"),
        ("run_id=2026-11-13T05 of orders", "2026-11-13T05"),
        ("what is the run id of orders", None),
        ("did the run 2 hours ago fail", None),
        ("did orders run 3 times", None),
    ],
)
def test_a_run_may_have_an_id_of_somebody_s_own(text: str, run_id: str | None) -> None:
    assert hints_of(ask(text), CLUSTERS).run_id == run_id


def test_a_cluster_is_known_by_its_alias() -> None:
    assert hints_of(ask("why did orders_daily fail on production"), CLUSTERS).cluster == "prod"


def test_the_alert_at_the_head_of_the_thread_is_the_target() -> None:
    alert = said(f"<TaskInstance: orders.load {RUN} [failed]>", by=Author.APP)
    hints = hints_of(ask("why?", alert), CLUSTERS)
    assert hints.exact == Target("", "orders", RUN, "load")


def test_a_follow_up_refines_what_the_thread_is_about() -> None:
    thread = said("why did this fail?", links=(LINK,))
    hints = hints_of(ask("and try 2?", thread), CLUSTERS)
    assert hints.exact == Target("prod", "orders", RUN, "load", None, 2)


def test_another_task_in_a_follow_up_keeps_the_run_and_drops_the_try() -> None:
    thread = said("why did this fail?", links=(LINK,))
    hints = hints_of(ask("what about task extract?", thread), CLUSTERS)
    assert hints.exact == Target("prod", "orders", RUN, "extract")


def test_the_previous_run_in_a_follow_up_counts_from_the_run_of_the_thread() -> None:
    thread = said("why did this fail?", links=(LINK,))
    hints = hints_of(ask("and the previous run?", thread), CLUSTERS)
    assert (hints.run, hints.before_run) == (RunChoice.PREVIOUS, RUN)
    assert hints.exact == Target("prod", "orders", None, "load")


def test_a_day_in_a_follow_up_takes_the_place_of_the_thread_s_run() -> None:
    thread = said("why did orders_daily fail on 2026-11-10 in the run id nightly-7?")
    hints = hints_of(ask("and yesterday evening?", thread), CLUSTERS)
    assert (hints.run, hints.run_date, hints.run_id) == (RunChoice.YESTERDAY, None, None)
    assert hints.names == ("orders_daily",)


def test_another_dag_in_a_follow_up_starts_afresh() -> None:
    thread = said("why did this fail?", links=(LINK,))
    hints = hints_of(ask("and customers_daily?", thread), CLUSTERS)
    assert hints.exact is None
    assert hints.names == ("customers_daily",)


def test_a_number_in_a_follow_up_leaves_the_thread_alone_unless_it_is_a_name() -> None:
    thread = said("why did this fail?", links=(LINK,))
    counted = hints_of(ask("and why only 1200 processed?", thread), CLUSTERS)
    named = hints_of(ask("and 10803?", thread), CLUSTERS)
    assert counted.exact == Target("prod", "orders", RUN, "load", None, 1)
    assert (named.exact, named.names) == (None, ("10803",))


def test_the_newest_message_of_the_thread_wins() -> None:
    thread = (said("orders_daily failed"), said("no, customers_daily"))
    assert hints_of(ask("why?", *thread), CLUSTERS).names == ("customers_daily",)


@given(st.text(max_size=300))
def test_no_text_makes_the_reader_fail(text: str) -> None:
    hints_of(ask(text, said(text)), CLUSTERS)
