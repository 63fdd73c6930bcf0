"""Situations of Airflow 3 told by metadata and short logs: evidence in, cause out."""

from __future__ import annotations

from functools import cache

import pytest

from bot.diagnosis.classify import diagnose
from bot.diagnosis.known import Known
from bot.domain.evidence import Evidence
from bot.domain.targets import Target
from tests.scenarios.joins import JOINS
from tests.scenarios.parts import DAG, END, HEALTHY, RUN, RUN_ID, TASK
from tests.scenarios.shipped import catalogue
from tests.scenarios.situations import SITUATIONS


@cache
def known() -> Known:
    return Known(catalogue().failures)


@pytest.mark.parametrize("name", [*SITUATIONS, *JOINS])
def test_a_situation_gets_its_verdict_and_cause(name: str) -> None:
    situation = SITUATIONS.get(name) or JOINS[name]
    fields: dict[str, object] = {
        "airflow_version": "3.3.2",
        "gathered_at": END,
        "task_instance": TASK,
        "dag_run": RUN,
        "dag": DAG,
        "dag_exists": True,
        "health": HEALTHY,
        **situation.changes,
    }
    evidence = Evidence(Target("prod", "orders", RUN_ID), **fields)  # type: ignore[arg-type]
    found = diagnose(evidence, known())
    assert (found.kind, found.cause) == (situation.kind, situation.cause), found
