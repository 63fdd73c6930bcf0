"""Whether running it again helps, said for where this task instance stands now."""

from __future__ import annotations

from bot.answering.standing import Phase, Standing
from bot.answering.wording import clock
from bot.domain.verdicts import RetryAdvice, VerdictKind
from bot.words import mark, number, say, say_many

# From this many failures on, "just try again" is no honest advice any more.
_MANY_FAILURES = 3


def retry_text(advice: RetryAdvice, standing: Standing, kind: VerdictKind) -> str:
    """One to three plain sentences."""
    match standing.phase:
        case Phase.SUCCEEDED:
            return say("Not needed: it has succeeded{on_try}.", on_try=_on_try(standing))
        case Phase.RUNNING:
            return say("Not now: it is running{on_try}.", on_try=_on_try(standing))
        case Phase.WAITING:
            said = say("Nothing to retry: it has not failed, it is waiting.")
            return f"{said} {_waiting(advice)}".strip()
        case Phase.RETRY_COMING:
            return f"{_coming(standing)} {say(_EXPECTED[advice])}"
        case Phase.NEVER_RAN if standing.was_skipped:
            return say("Nothing to retry: it was skipped. Clear it if it should run after all.")
        case Phase.NEVER_RAN:
            return say(
                "Not by itself: it never ran. Clear it together with the task that held it up."
            )
    if kind is VerdictKind.OPERATOR and advice is not RetryAdvice.AFTER_FIX:
        return say(
            "It did not break, so there is nothing to cure. Clear it if it should run after all."
        )
    return f"{_ended(advice, standing)} {_unused(advice, standing)}".strip()


_EXPECTED = {
    RetryAdvice.HELPS: mark("That may be all it takes, so wait for it first."),
    RetryAdvice.AFTER_FIX: mark("It will fail again unless the fix is in before then."),
    RetryAdvice.POINTLESS: mark("Expect the same failure: nothing about it changes by itself."),
    RetryAdvice.UNKNOWN: mark("What I see does not tell whether that will help."),
}


def _coming(standing: Standing) -> str:
    following = standing.try_number + 1
    of = say(" of {n}", n=standing.tries_allowed) if standing.tries_allowed else ""
    at = say(" at {at}", at=clock(standing.next_retry_at)) if standing.next_retry_at else ""
    return say("Airflow starts try {n}{of} by itself{at}.", n=following, of=of, at=at)


def _waiting(advice: RetryAdvice) -> str:
    if advice is RetryAdvice.AFTER_FIX:
        return say("It goes on by itself once the cause is fixed.")
    if advice is RetryAdvice.HELPS:
        return say("It goes on by itself once there is room.")
    return ""


def _ended(advice: RetryAdvice, standing: Standing) -> str:
    failed = standing.failed_tries
    has_failed = standing.phase is Phase.FAILED
    if advice is RetryAdvice.HELPS and failed >= _MANY_FAILURES:
        return say(_PERHAPS[has_failed], n=number(failed))
    again = ""
    if failed > 1:
        again = say_many(" ({n} try failed already)", " ({n} tries failed already)", failed)
    return say(_ENDED[advice][has_failed], again=again)


# First where it is to be run again, then where it is to be cleared.
_PERHAPS = (
    mark(
        "Perhaps: nothing in the code has to change, but {n} tries have failed already. "
        "Check that the cause is gone, then run it again."
    ),
    mark(
        "Perhaps: nothing in the code has to change, but {n} tries have failed already. "
        "Check that the cause is gone, then clear the task."
    ),
)
_POINTLESS = mark("No{again}: the same run will meet the same end.")
_CANNOT_SAY = mark("I can't say{again}: what I see does not tell if the cause is gone.")
_ENDED = {
    RetryAdvice.HELPS: (
        mark("Yes{again}: nothing in the code has to change. Run it again."),
        mark("Yes{again}: nothing in the code has to change. Clear the task."),
    ),
    RetryAdvice.AFTER_FIX: (
        mark("Only after the fix{again}; then run it again."),
        mark("Only after the fix{again}; then clear the task."),
    ),
    RetryAdvice.POINTLESS: (_POINTLESS, _POINTLESS),
    RetryAdvice.UNKNOWN: (_CANNOT_SAY, _CANNOT_SAY),
}


def _unused(advice: RetryAdvice, standing: Standing) -> str:
    if standing.phase is not Phase.FAILED or standing.tries_allowed is None:
        return ""
    if standing.unused:
        return say_many(
            "Airflow had {n} more try left and did not use it.",
            "Airflow had {n} more tries left and did not use them.",
            standing.unused,
        )
    if advice is RetryAdvice.HELPS and standing.tries_allowed == 1:
        return say("It has no retries of its own; one or two in the Dag can absorb this next time.")
    return say("No automatic tries are left.") if advice is RetryAdvice.HELPS else ""


def _on_try(standing: Standing) -> str:
    return say(" on try {n}", n=standing.try_number) if standing.try_number > 1 else ""
