"""Variables that set nothing, or wrongly, are named as they were written."""

from __future__ import annotations

import pytest

from bot.settings import load_settings
from tests.settings.support import CLUSTER, ENVIRON, SECRET, Write, fault_at


@pytest.mark.parametrize(
    ("variable", "says"),
    [
        ("AIRFLOW_BOT_CLUSTER__PROD__TOKEN", "Did you mean clusters?"),
        ("AIRFLOW_BOT_SLACK_BOT_TOKEN", "Did you mean AIRFLOW_BOT_SLACK__BOT_TOKEN?"),
        ("AIRFLOW_BOT_DATADIR", "Did you mean data_dir?"),
    ],
)
def test_a_variable_that_sets_nothing_is_noticed(write: Write, variable: str, says: str) -> None:
    fault = fault_at(variable, write(CLUSTER), {**ENVIRON, variable: SECRET})

    assert says in fault
    assert SECRET not in fault


def test_a_variable_that_holds_a_named_secret_may_have_any_name(write: Write) -> None:
    path = write(CLUSTER.replace("PROD_PASSWORD", "AIRFLOW_BOT_CLUSTERS_PROD"))

    loaded = load_settings({"HOME": "/", "AIRFLOW_BOT_CLUSTERS_PROD": SECRET}, path)

    assert loaded.clusters["prod"].password is not None


def test_a_wrong_variable_is_named_as_it_was_written(write: Write) -> None:
    fault = fault_at("web.port", write(CLUSTER), {**ENVIRON, "AIRFLOW_BOT_WEB__PORT": "x"})

    assert "(from AIRFLOW_BOT_WEB__PORT)" in fault
