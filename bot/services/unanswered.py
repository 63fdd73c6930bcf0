"""What is said where there is no diagnosis: offers, nothing found, help, things not done yet."""

from __future__ import annotations

from bot.answering.wording import target_words
from bot.domain.answers import Choice, NotFound, Reply
from bot.domain.errors import AirflowError
from bot.domain.questions import Intent
from bot.domain.targets import Ambiguous, Nowhere, Option, Target
from bot.words import mark, say

_NOT_THE_DAG = mark("That says nothing about your Dag.")


def offered(reply: Reply) -> tuple[Option, ...]:
    match reply:
        case Choice(ambiguous=resolution) | NotFound(nowhere=resolution):
            return options_of(resolution)
        case _:
            return ()


def options_of(resolution: Ambiguous | Nowhere) -> tuple[Option, ...]:
    return resolution.options if isinstance(resolution, Ambiguous) else resolution.close


def unresolved(reference: str, resolution: Ambiguous | Nowhere) -> Reply:
    if isinstance(resolution, Ambiguous):
        return Choice(reference, resolution)
    return NotFound(reference, resolution)


def unreachable(target: Target, error: AirflowError, said: str = "") -> Nowhere:
    """`said` is how the asker named it, where the target is not known yet."""
    named = f"“{said}”" if said else "Airflow"
    return Nowhere(
        looked_for=target_words(target) if target.dag_id else named,
        where=(target.cluster,) if target.cluster else (),
        remedy=f"{str(error).rstrip('.')}. {say(_NOT_THE_DAG)}",
        unreachable=True,
    )


# Said in a thread that goes on among people, these want nothing of the bot.
REMARKS = frozenset({Intent.SMALL_TALK, Intent.UNCLEAR, Intent.HELP})

HELP_LEADS = {
    Intent.SMALL_TALK: mark("Happy to help."),
    Intent.UNCLEAR: mark("I did not understand what to look at."),
}

NOT_DONE = {
    Intent.RETRY: mark("rerun tasks"),
    Intent.BACKFILL: mark("start backfills"),
    Intent.ESCALATE: mark("page anybody"),
    Intent.SETTINGS: mark("be set up by a mention"),
    Intent.RUNBOOK: mark("show runbooks"),
    Intent.MINE: mark("tell which Dags are yours"),
    Intent.ON_CALL: mark("tell who is on call"),
}

INSTEAD = {
    Intent.RETRY: mark(
        "I only read Airflow. Ask me why it failed and I will say whether a retry can help; "
        "then clear the task instance in Airflow."
    ),
    Intent.BACKFILL: mark(
        "I only read Airflow. Start the backfill in Airflow: on the Dag's page, Trigger, Backfill."
    ),
    Intent.ESCALATE: mark(
        "Ask me for the diagnosis first and hand that to the on-call engineer: it names the "
        "evidence and what could not be seen. Whoever runs this bot can have it call people: "
        "the setting is escalation.channel."
    ),
    Intent.SETTINGS: mark(
        "Use the command in the channel: /airflow settings opens what I do there. Slack lets me "
        "open a form only for a command or a button."
    ),
    Intent.RUNBOOK: mark("Ask how to do what you have in mind, and I will look it up."),
    Intent.MINE: mark("Ask me how a Dag stands by its name."),
    Intent.ON_CALL: mark("Ask in the channel of whoever runs Airflow for you."),
}
