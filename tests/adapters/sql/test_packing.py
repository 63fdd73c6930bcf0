"""Evidence in few bytes: whole where it fits, cut by plan where not, and never damaged unseen."""

from __future__ import annotations

import random
import string
import zlib
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.adapters.sql.packing import PACKED_MAX, pack, unpack
from bot.domain.errors import StoreError
from bot.domain.evidence import Evidence, GapReason, NamedText, TaskInstance
from bot.domain.logs import LogLine, LogReading
from tests.fakes.turns import TARGET, evidence


def noise(characters: int) -> str:
    """Text that does not compress below about three quarters."""
    return "".join(random.Random(7).choices(string.ascii_letters + string.digits, k=characters))


def log_of(lines: int, characters: int) -> LogReading:
    text = noise(lines * characters)
    return LogReading(
        1,
        tuple(LogLine(n + 1, text[n * characters : (n + 1) * characters]) for n in range(lines)),
        lines_read=lines,
    )


def test_ordinary_evidence_is_kept_whole_and_small() -> None:
    seen = evidence(lines=500)

    packed = pack(seen)

    assert unpack(packed, "it") == seen
    assert len(packed.body) < packed.size / 5


def test_the_digest_is_the_same_for_the_same_evidence() -> None:
    assert pack(evidence()).digest == pack(evidence()).digest
    assert pack(evidence()).digest != pack(evidence(lines=4)).digest


def test_what_matters_least_is_left_out_first_and_said_to_be_missing() -> None:
    seen = replace(
        evidence(),
        other_logs=(log_of(200, 10_000),),
        history=(TaskInstance("d", "r", "t"),),
    )

    found = unpack(pack(seen), "it")

    assert found.other_logs == ()
    assert (found.log, found.history, found.extra) == (seen.log, seen.history, seen.extra)
    assert [(gap.source, gap.reason) for gap in found.gaps[len(seen.gaps) :]] == [
        ("logs of other tries", GapReason.TOO_LARGE)
    ]


def test_a_long_log_keeps_its_head_and_its_tail() -> None:
    log = log_of(1_000, 1_500)

    found = unpack(pack(replace(evidence(), log=log)), "it")

    assert found.log is not None
    assert [line.number for line in found.log.lines] == [*range(1, 201), *range(801, 1_001)]
    assert found.log.lines_dropped == 600
    assert "middle of the log" in [gap.source for gap in found.gaps]


def test_a_log_without_measure_is_left_out_and_the_rest_stays() -> None:
    seen = replace(evidence(), log=log_of(300, 10_000))

    found = unpack(pack(seen), "it")

    assert found.log is not None
    assert found.log.lines == ()
    assert found.log.lines_read == 300
    assert found.task_instance == seen.task_instance


@given(limit=st.integers(600, 20_000), lines=st.integers(0, 60), others=st.integers(0, 5))
def test_packed_evidence_is_never_over_the_limit(limit: int, lines: int, others: int) -> None:
    seen = Evidence(
        TARGET,
        log=log_of(lines, 200),
        other_logs=tuple(log_of(20, 100) for _ in range(others)),
        extra=(NamedText("message", noise(400)),),
    )

    packed = pack(seen, limit=limit)

    assert len(packed.body) <= limit
    assert unpack(packed, "it").target == TARGET


def test_a_core_over_the_limit_is_an_error() -> None:
    seen = Evidence(replace(TARGET, dag_id=noise(PACKED_MAX * 2)))

    with pytest.raises(StoreError, match="the limit is"):
        pack(seen)


@pytest.mark.parametrize("body", [b"", b"not compressed", zlib.compress(b'{"target": 1}')])
def test_damage_is_noticed(body: bytes) -> None:
    packed = replace(pack(evidence()), body=body)

    with pytest.raises(StoreError, match=r"Turn 7's evidence is damaged.*Restore a backup"):
        unpack(packed, "Turn 7's evidence")
