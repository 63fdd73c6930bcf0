"""Pairs of a better and a worse answer, as TRL's trainer takes them."""

from __future__ import annotations

from collections.abc import Iterator

from bot.domain.datasets import Example, Judgement
from bot.learning.formats import Column, Format, Row
from bot.learning.formats.chat import answer, corrected, prompt


def rows(example: Example) -> Iterator[Row]:
    if example.judgement is not Judgement.WRONG or example.correction is None:
        return
    yield {
        "prompt": prompt(example),
        "chosen": [answer(corrected(example.correction))],
        "rejected": [answer(example.answer)],
    }


FORMAT = Format(
    name="dpo",
    about="answers that were wrong beside what an engineer found out, to learn preferences from",
    columns={
        "prompt": Column.CHAT,
        "chosen": Column.CHAT,
        "rejected": Column.CHAT,
    },
    rows=rows,
)
