"""Every recorded situation of a real Airflow gets the verdict that its label allows."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from bot.adapters.evaluation import read_samples
from bot.adapters.evaluation.recordings import sample_of
from bot.diagnosis.classify import diagnose
from bot.diagnosis.known import Known
from bot.diagnosis.signals import signals_from
from bot.diagnosis.vocabulary import VOCABULARY
from bot.domain.evidence import Gap, GapReason
from bot.domain.verdicts import Verdict, VerdictKind
from bot.services.evaluate import Sample
from tests.scenarios.shipped import catalogue

RECORDINGS = Path(__file__).parents[1] / "payloads" / "airflow"

CAUSES = {
    "pipeline_21465": "too_many_open_files",
    "pipeline_30526": "connection_reset",
    "pipeline_33735": "dag_not_loaded",
    "pipeline_34444": "image_pull",
    "pipeline_36024": "queued_timeout",
    "pipeline_38066": "scheduler_restarted",
    "pipeline_51797": "pool_full",
    "pipeline_52874": "paused",
    "pipeline_58287": "connection_refused",
    "pipeline_62808": "missing_variable",
    "pipeline_64047": "marked_by_user",
    "pipeline_71496": "run_limit_reached",
    "pipeline_72590": "memory_error",
    "pipeline_73506": "disk_full",
    "pipeline_79208": "template_error",
    "pipeline_84686": "sigkill_undetermined",
    "pipeline_93962": "triggerer_down",
    "pipeline_94164": "pool_missing",
    "pipeline_94205": "sql_error",
    "pipeline_94848": "execution_timeout",
    "pipeline_99307": "depends_on_past",
}
"""The causes that the evidence settles beyond its verdict."""


@cache
def samples() -> dict[str, Sample]:
    found = [one for one in read_samples([RECORDINGS]) if isinstance(one, Sample)]
    return {sample.case.id: sample for sample in found}


@cache
def verdict_on(name: str) -> Verdict:
    return diagnose(samples()[name].case.evidence, known())


@cache
def known() -> Known:
    return Known(catalogue().failures)


@pytest.mark.parametrize("name", sorted(path.stem for path in RECORDINGS.glob("*.json")))
def test_a_recorded_situation_gets_its_verdict(name: str) -> None:
    label = samples()[name].label
    assert label is not None
    found = verdict_on(name)
    assert found.kind in {label.verdict, *label.also_right}, found


@pytest.mark.parametrize(("name", "cause"), sorted(CAUSES.items()))
def test_a_recorded_situation_gets_its_cause(name: str, cause: str) -> None:
    assert verdict_on(name).cause == cause


def test_most_recorded_situations_get_the_first_verdict_of_their_label() -> None:
    labels = {name: sample.label for name, sample in samples().items()}
    right = [n for n, label in labels.items() if label and verdict_on(n).kind is label.verdict]
    assert len(right) >= 0.9 * len(labels)


def test_every_verdict_quotes_something_that_was_seen() -> None:
    for name in samples():
        assert verdict_on(name).deciding is not None, name


def test_quotes_of_one_diagnosis_have_ids_of_their_own() -> None:
    for name, sample in samples().items():
        by_id: dict[str, str] = {}
        for signal in signals_from(sample.case.evidence):
            assert by_id.setdefault(signal.quote.id, signal.quote.text) == signal.quote.text, name


def test_every_signal_is_in_the_vocabulary() -> None:
    drawn = {s.name for one in samples().values() for s in signals_from(one.case.evidence)}
    assert drawn <= set(VOCABULARY)


def test_a_kill_alone_is_not_called_lack_of_memory() -> None:
    for name in ("pipeline_35026", "pipeline_84686"):
        assert verdict_on(name).kind is VerdictKind.UNKNOWN


def test_nothing_in_a_recording_but_its_evidence_changes_the_verdict() -> None:
    for path in sorted(RECORDINGS.glob("*.json"))[::5]:
        content = json.loads(path.read_text(encoding="utf-8"))
        content["expected"] = {"verdict": "capacity", "cause": "oom_killed", "key_signals": ["x"]}
        bare = sample_of(content, path.stem)
        assert diagnose(bare.case.evidence, known()) == verdict_on(path.stem)


def test_without_the_event_log_a_stop_by_the_server_cannot_be_told() -> None:
    forbidden = Gap("event log", GapReason.FORBIDDEN)
    seen = samples()["pipeline_64047"].case.evidence
    blind = replace(seen, events=(), gaps=(forbidden,))
    found = diagnose(blind, known())
    assert found.kind is VerdictKind.UNKNOWN
    assert forbidden in found.gaps
