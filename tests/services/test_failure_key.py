from __future__ import annotations

from dataclasses import replace

from bot.domain.targets import Target
from bot.services.escalation_calls import failure_key

TARGET = Target("prod", "orders", "manual__1", "load", 3, 2)


def test_a_failure_has_one_key_however_often_it_is_asked_about() -> None:
    assert failure_key(TARGET) == failure_key(replace(TARGET))


def test_the_same_failure_in_another_place_counts_by_itself() -> None:
    others = [
        replace(TARGET, cluster="staging"),
        replace(TARGET, run_id="manual__2"),
        replace(TARGET, map_index=4),
        replace(TARGET, try_number=1),
    ]
    assert len({failure_key(one) for one in (TARGET, *others)}) == 5
