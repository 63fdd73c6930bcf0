"""What was taken on is remembered, up to a limit."""

from __future__ import annotations

from bot.slack.once import Once


def test_the_first_claim_counts() -> None:
    once = Once()
    assert once.claim("a")
    assert not once.claim("a")
    assert once.claim("b")


def test_what_is_given_back_can_be_claimed_again() -> None:
    once = Once()
    once.claim("a")
    once.release("a")
    assert once.claim("a")
    once.release("never claimed")


def test_the_oldest_claims_are_forgotten() -> None:
    once = Once(capacity=2)
    for key in "abc":
        once.claim(key)
    assert not once.claim("c")
    assert once.claim("a")
