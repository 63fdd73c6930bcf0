from __future__ import annotations

from bot.adapters.airflow.breaker import PAUSE_SECONDS, TROUBLED, Breaker, BreakerState


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def opened(clock: Clock) -> Breaker:
    breaker = Breaker(clock)
    for _ in range(TROUBLED):
        breaker.report(breaker.admit(), went_well=False)
    return breaker


def test_single_troubles_do_not_open_it() -> None:
    breaker = Breaker(Clock())
    for number in range(30):
        breaker.report(breaker.admit(), went_well=number % 3 > 0)
    assert breaker.state is BreakerState.CLOSED


def test_sustained_trouble_opens_it() -> None:
    breaker = opened(Clock())
    assert breaker.state is BreakerState.OPEN
    assert breaker.admit().wait == PAUSE_SECONDS


def test_trouble_of_long_ago_does_not_count() -> None:
    clock = Clock()
    breaker = Breaker(clock)
    for _ in range(TROUBLED):
        breaker.report(breaker.admit(), went_well=False)
        clock.now += 61
    assert breaker.state is BreakerState.CLOSED


def test_after_the_pause_one_probe_passes_and_the_others_wait() -> None:
    clock = Clock()
    breaker = opened(clock)
    clock.now += PAUSE_SECONDS
    probe, other = breaker.admit(), breaker.admit()
    assert (probe.probe, probe.wait) == (True, 0.0)
    assert other.wait > 0
    assert breaker.state is BreakerState.HALF_OPEN


def test_a_good_probe_closes_it() -> None:
    clock = Clock()
    breaker = opened(clock)
    clock.now += PAUSE_SECONDS
    breaker.report(breaker.admit(), went_well=True)
    assert breaker.state is BreakerState.CLOSED
    assert breaker.admit().wait == 0


def test_a_bad_probe_doubles_the_pause() -> None:
    clock = Clock()
    breaker = opened(clock)
    clock.now += PAUSE_SECONDS
    breaker.report(breaker.admit(), went_well=False)
    assert breaker.wait == 2 * PAUSE_SECONDS


def test_a_late_end_of_an_earlier_call_is_not_taken_for_the_probe() -> None:
    clock = Clock()
    breaker = Breaker(clock)
    early = breaker.admit()
    for _ in range(TROUBLED):
        breaker.report(breaker.admit(), went_well=False)
    clock.now += PAUSE_SECONDS
    breaker.admit()
    breaker.report(early, went_well=True)
    assert breaker.state is BreakerState.HALF_OPEN
