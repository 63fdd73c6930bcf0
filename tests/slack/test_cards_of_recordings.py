"""What a user sees of each recorded situation: short, said once, and in words for people."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

from bot.adapters.evaluation import read_samples
from bot.domain.answers import Diagnosis, Link
from bot.domain.targets import Found
from bot.services.diagnose import Diagnoser
from bot.services.evaluate import Sample
from bot.slack.blocks.diagnosis import diagnosis_card
from bot.slack.blocks.evidence import evidence_card
from tests.scenarios.shipped import catalogue
from tests.slack.test_blocks import judge, objects, shown

RECORDINGS = Path(__file__).parents[1] / "payloads" / "airflow"
NAMES = sorted(path.stem for path in RECORDINGS.glob("*.json"))
LINK = Link("Run", "https://airflow.example.com/dags/orders/runs/1")
_FIRST_PAGE = 2_400  # characters: a screen and a half of a thread

_RAW_RUN_ID = re.compile(r"\b[a-z]+__\d{4}-\d\d-\d\dT")
_QUOTE_ID = re.compile(r"\[[A-Z]\d+(\.\d+)?\]")
_PLACEHOLDER = re.compile(r"(?<!\{)\{(?:dag_id|task_id|run_id|owner|pool|queue)\}(?!\})")


@cache
def diagnosed() -> dict[str, Diagnosis]:
    diagnoser = Diagnoser(catalogue)
    return {
        one.case.id: diagnoser.diagnose(
            "R1", Found(one.case.evidence.target), one.case.evidence, [LINK]
        )
        for one in read_samples([RECORDINGS])
        if isinstance(one, Sample)
    }


@pytest.fixture(params=NAMES)
def diagnosis(request: pytest.FixtureRequest) -> Diagnosis:
    return diagnosed()[request.param]


def test_the_first_page_is_short_and_says_side_reason_and_step(diagnosis: Diagnosis) -> None:
    card = diagnosis_card(diagnosis, "turn-1")
    judge(card)
    words = shown(card)
    assert len(words) <= _FIRST_PAGE
    assert diagnosis.verdict.title in words.splitlines()[0]
    assert "What to do" in words
    assert "Will a retry help?" in words


def test_nothing_is_said_twice(diagnosis: Diagnosis) -> None:
    said = [
        one["text"] for one in objects(diagnosis_card(diagnosis, "turn-1").blocks) if _is_prose(one)
    ]
    sentences = [s.strip() for text in said for s in re.split(r"(?<=[.:?])\s", text) if len(s) > 30]
    assert len(sentences) == len(set(sentences))


def _is_prose(one: object) -> bool:
    return isinstance(one, dict) and isinstance(one.get("text"), str)


def test_ids_of_machines_and_empty_phrases_stay_out_of_sight(diagnosis: Diagnosis) -> None:
    card = diagnosis_card(diagnosis, "turn-1")
    prose = card.text.split("\n")[:3]
    for text in (*prose, *_own_words(diagnosis)):
        assert not _RAW_RUN_ID.search(text)
        assert not _QUOTE_ID.search(text)
        assert not _PLACEHOLDER.search(text)
        assert "Risk: none." not in text
        assert "\n" not in text.strip()


def _own_words(diagnosis: Diagnosis) -> list[str]:
    return [diagnosis.what_happened, diagnosis.retry_text, *diagnosis.steps]


def test_the_evidence_behind_it_is_a_message_that_slack_takes(diagnosis: Diagnosis) -> None:
    card = evidence_card(diagnosis)
    judge(card)
    assert "What was seen" in shown(card) or not diagnosis.facts
