"""The runbooks of this project, as tests use them."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from bot.adapters.runbook_folder import RunbookFolder
from bot.diagnosis.judgements import JUDGEMENTS
from bot.diagnosis.vocabulary import VOCABULARY
from bot.knowledge.catalogue import Catalogue
from bot.knowledge.runbook_file import Words

RUNBOOKS = Path(__file__).parents[2] / "runbooks"


@cache
def catalogue() -> Catalogue:
    return RunbookFolder([RUNBOOKS], Words(VOCABULARY, JUDGEMENTS)).catalogue()
