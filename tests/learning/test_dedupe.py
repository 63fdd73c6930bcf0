"""Near duplicates: found by MinHash, alike in every process."""

from __future__ import annotations

import numpy as np

from bot.learning.dedupe import alike, bands, signatures
from tests.fakes.lessons import words


def is_same(one: str, other: str) -> bool:
    first, second = signatures([one, other])
    return bool(set(bands(first)) & set(bands(second))) and alike(first, np.stack([second]))


def test_texts_that_differ_in_numbers_only_are_the_same() -> None:
    line = "Task exited with return code {} on worker-{} at 2026-11-{}"
    assert is_same(line.format(1, 7, 20), line.format(137, 12, 21))


def test_texts_that_share_nine_tenths_are_the_same_and_those_that_share_half_are_not() -> None:
    text = words(1, 200).split()
    assert is_same(" ".join(text), " ".join([*text[:-8], *words(2, 8).split()]))
    assert not is_same(" ".join(text), " ".join([*text[:100], *words(2, 100).split()]))


def test_short_and_empty_texts_have_signatures_too() -> None:
    assert is_same("failed", "failed")
    assert is_same("", "")
    assert not is_same("failed", "worked")


def test_a_signature_is_the_same_in_every_process_and_version() -> None:
    (signature,) = signatures(["why did orders fail after the upgrade"])
    assert signature[:3].tolist() == SIGNATURE
    assert next(iter(bands(signature))) == BAND


SIGNATURE = [3_434_926_557, 3_224_506_107, 3_284_016_973]
BAND = 2_228_906_553_577_956_755
