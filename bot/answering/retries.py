"""Whether running it again helps, said for where this task instance stands now."""

from __future__ import annotations

from bot.answering.standing import Phase, Standing
from bot.answering.wording import clock, count
from bot.domain.verdicts import RetryAdvice, VerdictKind

# From this many failures on, "just try again" is no honest advice any more.
_MANY_FAILURES = 3


def retry_text(advice: RetryAdvice, standing: Standing, kind: VerdictKind) -> str:
    """One to three plain sentences."""
    match standing.phase:
        case Phase.SUCCEEDED:
            return f"Not needed: it has succeeded{_on_try(standing)}."
        case Phase.RUNNING:
            return f"Not now: it is running{_on_try(standing)}."
        case Phase.WAITING:
            return f"Nothing to retry: it has not failed, it is waiting. {_waiting(advice)}".strip()
        case Phase.RETRY_COMING:
            return f"{_coming(standing)} {_EXPECTED[advice]}"
        case Phase.NEVER_RAN if standing.was_skipped:
            return "Nothing to retry: it was skipped. Clear it if it should run after all."
        case Phase.NEVER_RAN:
            return "Not by itself: it never ran. Clear it together with the task that held it up."
    if kind is VerdictKind.OPERATOR and advice is not RetryAdvice.AFTER_FIX:
        return "It did not break, so there is nothing to cure. Clear it if it should run after all."
    return f"{_ended(advice, standing)} {_unused(advice, standing)}".strip()


_EXPECTED = {
    RetryAdvice.HELPS: "That may be all it takes, so wait for it first.",
    RetryAdvice.AFTER_FIX: "It will fail again unless the fix is in before then.",
    RetryAdvice.POINTLESS: "Expect the same failure: nothing about it changes by itself.",
    RetryAdvice.UNKNOWN: "What I see does not tell whether that will help.",
}


def _coming(standing: Standing) -> str:
    following = standing.try_number + 1
    of = f" of {standing.tries_allowed}" if standing.tries_allowed else ""
    at = f" at {clock(standing.next_retry_at)}" if standing.next_retry_at else ""
    return f"Airflow starts try {following}{of} by itself{at}."


def _waiting(advice: RetryAdvice) -> str:
    if advice is RetryAdvice.AFTER_FIX:
        return "It goes on by itself once the cause is fixed."
    return "It goes on by itself once there is room." if advice is RetryAdvice.HELPS else ""


def _ended(advice: RetryAdvice, standing: Standing) -> str:
    failed = standing.failed_tries
    again = f" ({count(failed, 'try', 'tries')} failed already)" if failed > 1 else ""
    rerun = "clear the task" if standing.phase is Phase.FAILED else "run it again"
    if advice is RetryAdvice.HELPS and failed >= _MANY_FAILURES:
        return (
            f"Perhaps: nothing in the code has to change, but {failed} tries have failed already. "
            f"Check that the cause is gone, then {rerun}."
        )
    return {
        RetryAdvice.HELPS: f"Yes{again}: nothing in the code has to change. {rerun.capitalize()}.",
        RetryAdvice.AFTER_FIX: f"Only after the fix{again}; then {rerun}.",
        RetryAdvice.POINTLESS: f"No{again}: the same run will meet the same end.",
        RetryAdvice.UNKNOWN: f"I can't say{again}: what I see does not tell if the cause is gone.",
    }[advice]


def _unused(advice: RetryAdvice, standing: Standing) -> str:
    if standing.phase is not Phase.FAILED or standing.tries_allowed is None:
        return ""
    if standing.unused:
        unused = count(standing.unused, "more try", "more tries")
        return (
            f"Airflow had {unused} left and did not use {'it' if standing.unused == 1 else 'them'}."
        )
    if advice is RetryAdvice.HELPS and standing.tries_allowed == 1:
        return "It has no retries of its own; one or two in the Dag can absorb this next time."
    return "No automatic tries are left." if advice is RetryAdvice.HELPS else ""


def _on_try(standing: Standing) -> str:
    return f" on try {standing.try_number}" if standing.try_number > 1 else ""
