"""Single answers with thumbs up or down, as TRL's trainer takes them."""

from __future__ import annotations

from collections.abc import Iterator

from bot.domain.datasets import Example, Judgement
from bot.learning.formats import Column, Format, Row
from bot.learning.formats.chat import answer, prompt

_LABELS = {Judgement.RIGHT: True, Judgement.WRONG: False}


def rows(example: Example) -> Iterator[Row]:
    if example.judgement in _LABELS:
        yield {
            "prompt": prompt(example),
            "completion": [answer(example.answer)],
            "label": _LABELS[example.judgement],
        }


FORMAT = Format(
    name="kto",
    about="answers that people judged right or wrong, one by one",
    columns={
        "prompt": Column.CHAT,
        "completion": Column.CHAT,
        "label": Column.TRUTH,
    },
    rows=rows,
)
