"""The database of the work, as the settings name it.

Nothing of this comes from the wiring of the whole bot: to load that takes longer than all the rest.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bot.adapters.sql.engine import create_engine
from bot.adapters.sql.migrate import require_known
from bot.cli_work.bodies import describe
from bot.diagnosis.redaction import Redactor, load_catalog
from bot.domain.answers import Explanation
from bot.domain.cases import Case, LateLog, Retrieved, Settled
from bot.domain.conversations import Turn
from bot.domain.dead_letters import DeadLetter, Unfinished
from bot.domain.failures import FailureBatch
from bot.domain.questions import EarlierMessage
from bot.logging_setup import set_up_logging
from bot.settings import Settings
from bot.slack.kept import TYPES
from bot.workflows.admin import WorkAdmin

KEPT: tuple[type, ...] = (
    *TYPES,
    Case,
    DeadLetter,
    EarlierMessage,
    Explanation,
    FailureBatch,
    LateLog,
    Retrieved,
    Settled,
    Turn,
    Unfinished,
)
"""What jobs and steps carry, with all that their fields name; for reading it back."""


@asynccontextmanager
async def work_admin(settings: Settings) -> AsyncIterator[WorkAdmin]:
    """What is logged meanwhile goes through the redactor.

    Raises `StoreError` where the database is not there, or newer than this version.
    """
    rules = settings.rules_dir
    redactor = Redactor(
        settings.secret_values(),
        patterns=settings.redaction.patterns,
        # Compiled already wherever a bot has run; this command leaves nothing behind.
        catalog=load_catalog(str(rules) if rules.is_dir() else None),
    )
    set_up_logging(settings.logging, redactor.redact, quiet=True)
    url = settings.database_url
    admin = WorkAdmin(url, KEPT, redact=redactor.redact, describe=describe)
    try:
        await admin.verify()  # first: it makes no file where there is none
        await _require_known(url)
        yield admin
    finally:
        await admin.close()


async def _require_known(url: str) -> None:
    engine = create_engine(url, connections=1)
    try:
        await require_known(engine)
    finally:
        await engine.dispose()
