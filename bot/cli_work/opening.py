"""The database of the work, as the settings name it.

Nothing of this comes from the wiring of the whole bot: to load that takes longer than all the rest.
"""

from __future__ import annotations

from bot.cli_work.bodies import describe
from bot.diagnosis.redaction import Redactor, load_catalog
from bot.domain.answers import Explanation
from bot.domain.cases import Case, LateLog, Retrieved, Settled
from bot.domain.conversations import Turn
from bot.domain.dead_letters import DeadLetter
from bot.domain.failures import FailureBatch, FailuresTold
from bot.domain.questions import EarlierMessage
from bot.logging_setup import set_up_logging
from bot.settings import Settings
from bot.slack.announcer import Announcement
from bot.slack.arrivals import Asked, ButtonPress, Command, Pick, RatingPress
from bot.slack.posts import Later, Post, Sent
from bot.workflows.admin import WorkAdmin

KEPT: tuple[type, ...] = (
    Announcement,
    Asked,
    ButtonPress,
    Case,
    Command,
    DeadLetter,
    EarlierMessage,
    Explanation,
    FailureBatch,
    FailuresTold,
    LateLog,
    Later,
    Pick,
    Post,
    RatingPress,
    Retrieved,
    Sent,
    Settled,
    Turn,
)
"""What jobs and steps carry, with all that their fields name; for reading it back."""


def work_admin(settings: Settings) -> WorkAdmin:
    """To be closed by whoever opens it. What is logged meanwhile goes through the redactor."""
    rules = settings.data_dir / "redaction-rules"
    redactor = Redactor(
        settings.secret_values(),
        patterns=settings.redaction.patterns,
        # Compiled already wherever a bot has run; this command leaves nothing behind.
        catalog=load_catalog(str(rules) if rules.is_dir() else None),
    )
    set_up_logging(settings.logging, redactor.redact, quiet=True)
    return WorkAdmin(settings.database_url, KEPT, redact=redactor.redact, describe=describe)
