from __future__ import annotations

import json
from pathlib import Path

import pytest

from bot.adapters.evaluation import evaluate, read_samples
from bot.adapters.evaluation.corpus import EVIDENCE_FIELDS
from bot.domain.verdicts import VerdictKind
from bot.knowledge.catalogue import Catalogue
from bot.services.evaluate import Sample, Unreadable
from tests.diagnosis.cases import known

LOG = """\
[2026-03-12T04:05:01.002+0000] {taskinstance.py:2170} INFO - Starting attempt 1 of 1
[2026-03-12T04:05:02.417+0000] {taskinstance.py:2698} ERROR - Task failed with exception
Traceback (most recent call last):
  File "/opt/airflow/dags/stock.py", line 31, in count
    total = row["units"] / row["boxes"]
ZeroDivisionError: division by zero
[2026-03-12T04:05:02.431+0000] {taskinstance.py:1138} INFO - Marking task as FAILED. dag_id=stock
"""
ROW = {
    "id": "row-1",
    "airflow_version": "2.8.1",
    "executor": "CeleryExecutor",
    "operator": "PythonOperator",
    "state": "failed",
    "try_number": 1,
    "max_tries": 0,
    "log": LOG,
    "extra": {},
    "expected": {"verdict": "code", "also_right": ["dependency"], "cause": "python_exception"},
    "source": "own",
}
CATALOGUE = Catalogue((known("python_exception", some=[("exception", "*")]),))


def corpus(folder: Path, *rows: object) -> Path:
    path = folder / "corpus.jsonl"
    lines = [row if isinstance(row, str) else json.dumps(row) for row in rows]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def one(path: Path) -> Sample:
    (sample,) = read_samples([path])
    assert isinstance(sample, Sample)
    return sample


def complaint(path: Path) -> str:
    (sample,) = read_samples([path])
    assert isinstance(sample, Unreadable)
    return sample.reason


def test_a_row_becomes_evidence_and_a_label_apart_from_it(tmp_path: Path) -> None:
    sample = one(corpus(tmp_path, ROW))
    task = sample.case.evidence.task_instance
    assert task is not None
    assert (task.state, task.try_number, task.max_tries) == ("failed", 1, 0)
    assert sample.case.evidence.executor == "CeleryExecutor"
    assert sample.label is not None
    assert sample.label.verdict is VerdictKind.CODE
    assert sample.label.also_right == {VerdictKind.DEPENDENCY}


def test_what_a_corpus_cannot_hold_is_a_gap(tmp_path: Path) -> None:
    gaps = {gap.source for gap in one(corpus(tmp_path, ROW)).case.evidence.gaps}
    assert {"event log", "pools", "health"} <= gaps


def test_other_texts_are_kept_by_name(tmp_path: Path) -> None:
    row = {**ROW, "log": "", "extra": {"scheduler_log": "x", "event_log": ["a", "b"]}}
    extra = {text.name: text.text for text in one(corpus(tmp_path, row)).case.evidence.extra}
    assert extra["scheduler_log"] == "x"
    assert '"a"' in extra["event_log"]


def test_blank_and_missing_fields_are_unknown(tmp_path: Path) -> None:
    row = {"id": "bare", "log": LOG, "state": "", "try_number": None, "operator": ""}
    evidence = one(corpus(tmp_path, row)).case.evidence
    assert evidence.task_instance is None
    assert evidence.airflow_version is None


def test_secrets_in_a_row_are_masked_everywhere(tmp_path: Path) -> None:
    secret = "postgresql://etl:Hq7rT2vN9xLm@db.internal:5432/wh"
    sample = one(corpus(tmp_path, {**ROW, "log": f"{LOG}connecting to {secret}\n"}))
    assert "Hq7rT2vN9xLm" not in repr(sample)


def test_stripping_every_label_leaves_the_predictions_identical(tmp_path: Path) -> None:
    labelled = corpus(tmp_path, ROW)
    bare_folder = tmp_path / "bare"
    bare_folder.mkdir()
    bare = corpus(bare_folder, {"id": ROW["id"], **{name: ROW[name] for name in EVIDENCE_FIELDS}})
    lying_folder = tmp_path / "lying"
    lying_folder.mkdir()
    expected = {"verdict": "capacity", "cause": "oom_killed", "basis": "memory", "class": "x"}
    lying = corpus(lying_folder, {**ROW, "expected": expected, "hardness": "easy", "cause": "x"})
    cases = [evaluate([path], CATALOGUE).to_json()["cases"] for path in (labelled, bare, lying)]
    assert cases[0] == cases[1] == cases[2]


def test_the_deciding_line_is_the_line_of_the_log_as_written(tmp_path: Path) -> None:
    found = evaluate([corpus(tmp_path, ROW)], CATALOGUE).results[0]
    assert found.deciding_line == "ZeroDivisionError: division by zero"


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("{not json", "corpus.jsonl:1:"),
        ("[1, 2]", "the row is no JSON object"),
        ({"log": "x"}, 'the row has no "id"'),
        ({"id": "a"}, 'the row has neither "log" nor "extra"'),
        ({"id": "a", "log": 3}, '"log" must be a text'),
        ({"id": "a", "log": "x", "try_number": "two"}, "\"try_number\" is 'two'"),
        ({"id": "a", "log": "x", "expected": {"verdict": "memory"}}, '"memory" is no verdict'),
        ({"id": "a", "log": "x", "expected": "code"}, '"expected" is no JSON object'),
    ],
)
def test_a_bad_row_is_named_with_file_line_and_reason(
    tmp_path: Path, row: object, reason: str
) -> None:
    assert reason in complaint(corpus(tmp_path, row))


def test_rows_after_a_bad_one_are_read(tmp_path: Path) -> None:
    samples = list(read_samples([corpus(tmp_path, "{", ROW)]))
    assert [type(sample) for sample in samples] == [Unreadable, Sample]


def test_a_missing_path_and_an_empty_folder_are_named(tmp_path: Path) -> None:
    assert "no such file" in complaint(tmp_path / "gone.jsonl")
    assert str(tmp_path) in complaint(tmp_path)


def test_a_file_that_is_no_recording_is_named(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text("[]", encoding="utf-8")
    assert "the recording is no JSON object" in complaint(path)
    path.write_text('{"id": "a"}', encoding="utf-8")
    assert "no recording" in complaint(path)


def test_a_folder_may_hold_corpora_and_recordings(tmp_path: Path) -> None:
    corpus(tmp_path, ROW)
    recording = {"id": "rec-1", "dag_id": "d", "run_id": "r", "evidence": {}}
    (tmp_path / "rec.json").write_text(json.dumps(recording), encoding="utf-8")
    samples = [sample for sample in read_samples([tmp_path]) if isinstance(sample, Sample)]
    assert [sample.case.id for sample in samples] == ["row-1", "rec-1"]
    assert samples[1].label is None
