"""Question, the passage that answers it, and one that was found but does not: for retrievers."""

from __future__ import annotations

from collections.abc import Iterator

from bot.domain.datasets import Example, Judgement, Passage
from bot.learning.formats import Column, Format, Row


def rows(example: Example) -> Iterator[Row]:
    """Each passage that does not answer makes a triple with the best one that does."""
    answers = _answers(example)
    if not answers:
        return
    asked = "\n".join(filter(None, (example.question, example.said.line if example.said else "")))
    for other in example.passages:
        if other not in answers and not _is_about(other, example):
            yield {"anchor": asked, "positive": _words(answers[0]), "negative": _words(other)}


def _answers(example: Example) -> list[Passage]:
    if example.said is None:
        is_good = example.judgement in (Judgement.RIGHT, Judgement.NONE)
        return list(example.passages[:1]) if is_good else []
    truth = example.truth
    return [one for one in example.passages if truth and one.cause and one.cause == truth[1]]


def _is_about(passage: Passage, example: Example) -> bool:
    """The docs of the Dag itself answer nothing wrongly."""
    return example.said is not None and not passage.cause


def _words(passage: Passage) -> str:
    return f"{passage.title}\n\n{passage.text}"


FORMAT = Format(
    name="retrieval",
    about="questions with the passage that answers them and one that does not",
    columns={"anchor": Column.TEXT, "positive": Column.TEXT, "negative": Column.TEXT},
    rows=rows,
    task="feature-extraction",
)
