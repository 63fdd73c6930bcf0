"""How long work stood still is counted from the death of its owner, not from when it was seen."""

from __future__ import annotations

from pathlib import Path

from tests.chaos.fleet import Fleet, Replica
from tests.chaos.standstill import Standstill

DEAD, OTHER = "host:41:aa", "host:42:bb"


def standstill() -> Standstill:
    """Process 41 died at 100 seconds."""
    replica = Replica("both-1", "both", 0, Path(), {})
    replica.deaths[41] = 100.0
    return Standstill(Fleet([replica]), "")


def test_work_stands_still_until_another_process_has_it_in_hand() -> None:
    watched = standstill()
    watched.note({"a": ("PENDING", DEAD), "b": ("PENDING", OTHER)}, 101.0)
    watched.note({"a": ("ENQUEUED", DEAD)}, 110.0)
    assert (list(watched.still), watched.seconds) == (["a"], [])
    watched.note({"a": ("PENDING", OTHER)}, 115.0)

    assert watched.seconds == [15.0]
    assert not watched.still


def test_work_that_is_finished_stands_still_no_more() -> None:
    watched = standstill()
    watched.note({"a": ("PENDING", DEAD)}, 101.0)
    watched.note({}, 103.0)

    assert watched.seconds == [3.0]


def test_work_of_a_process_that_lives_does_not_stand_still() -> None:
    watched = standstill()
    watched.note({"a": ("PENDING", OTHER)}, 200.0)
    watched.note({}, 300.0)

    assert watched.line == "nothing did; 0 left"
