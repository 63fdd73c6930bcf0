"""Finding ids by what people call them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.questions.names import Fit, NameIndex

IDS = (
    "orders_daily",
    "orders_hourly",
    "OrdersBackfill",
    "customer-sync.v2",
    "load_customers",
    "daily",
    "ml_train_churn_model",
)


@pytest.mark.parametrize(
    ("said", "expected", "fit"),
    [
        ("orders_daily", ["orders_daily"], Fit.EXACT),
        ("ORDERS_DAILY", ["orders_daily"], Fit.SAME_WORDS),
        ("orders-daily", ["orders_daily"], Fit.SAME_WORDS),
        ("orders backfill", ["OrdersBackfill"], Fit.SAME_WORDS),
        ("customer_sync_v2", ["customer-sync.v2"], Fit.SAME_WORDS),
        ("orders_h", ["orders_hourly"], Fit.PREFIX),
        ("churn", ["ml_train_churn_model"], Fit.PART),
        ("train model", ["ml_train_churn_model"], Fit.PART),
        ("ordrs_daily", ["orders_daily"], Fit.TYPO),
        ("custmer sync", ["customer-sync.v2"], Fit.TYPO),
    ],
)
def test_a_name_is_found(said: str, expected: list[str], fit: Fit) -> None:
    found = NameIndex(IDS).find(said)
    assert found[0].fit is fit
    assert [match.id for match in found if match.fit is fit][: len(expected)] == expected


def test_a_shared_beginning_finds_all_that_have_it() -> None:
    found = NameIndex(IDS).find("orders")
    assert {match.id for match in found} == {"orders_daily", "orders_hourly", "OrdersBackfill"}


@pytest.mark.parametrize("said", ["", "___", "zzzzqqqq", "x"])
def test_what_fits_nothing_finds_nothing(said: str) -> None:
    assert NameIndex(IDS).find(said) == ()


def test_an_empty_cluster_has_no_names() -> None:
    assert NameIndex(()).find("orders") == ()


@given(st.lists(st.text(min_size=1, max_size=30), max_size=40), st.text(max_size=40))
def test_every_id_is_found_by_its_own_spelling(ids: list[str], said: str) -> None:
    index = NameIndex(ids)
    for name in ids:
        assert index.find(name)[0].id == name
    assert len(index.find(said, limit=5)) <= 5
