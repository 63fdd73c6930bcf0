"""The last look at examples: every text passes it, and the same text gets the same words."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from bot.domain.datasets import Correction, Example, Judgement, Label, Passage, Remark, Source
from bot.domain.targets import Target
from bot.domain.verdicts import RetryAdvice, VerdictKind
from bot.learning.formats import formats
from bot.services.export_scrub import Report, scrubbed
from tests.fakes.lessons import PlainScrubber, example

NAME = "db7-of-acme"
RIGHT = example(
    question=NAME,
    answer=NAME,
    evidence=NAME,
    target=Target(NAME, NAME, NAME, NAME),
    earlier=(Remark(False, NAME), Remark(True, NAME)),
    passages=(Passage(NAME, NAME, "division"), Passage("x", NAME, "other")),
    said=Label(VerdictKind.CODE, "division", 0.9, RetryAdvice.HELPS, NAME),
    seen={"log": {"lines": [{"text": NAME, "speaker": "task"}]}, "extra": ({"text": NAME},)},
    hosts=(NAME,),
    people=("alice",),
)
WRONG = replace(
    RIGHT,
    judgement=Judgement.WRONG,
    source=Source.RESOLUTION,
    correction=Correction(NAME, NAME, VerdictKind.CAPACITY, "division"),
)


@pytest.mark.parametrize("of", [RIGHT, WRONG])
def test_no_text_of_any_form_passes_unseen(of: Example) -> None:
    (clean,) = scrubbed([of], PlainScrubber(b"12345", NAME), Report())
    made = [row for form in formats().values() for row in form.rows(clean)]
    assert len(made) >= 4
    assert "acme" not in json.dumps(made)
    assert "host-31323334" in json.dumps(made)


def test_words_that_readers_of_ours_know_stay_as_they_are() -> None:
    (clean,) = scrubbed([RIGHT], PlainScrubber(b"12345", "task"), Report())
    assert clean.seen is not None
    assert clean.seen["log"]["lines"][0]["speaker"] == "task"


def test_tags_of_secrets_are_counted_by_kind() -> None:
    report = Report()
    scrubbed([example(question="with [secret:db-uri:3f2a]")], PlainScrubber(), report)
    assert report.secrets == {"db-uri": 1}
