"""A runbook for somebody to read: by its id or title, else by what the words are about."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import PurePath

from bot.domain.questions import Question
from bot.domain.reports import RunbookName, RunbookReport
from bot.domain.runbooks import KnownFailure
from bot.knowledge.catalogue import Catalogue
from bot.questions.names import plain
from bot.services.ports import Knowledge

_OTHERS = 5


class RunbookService:
    """`url` is the folder in which people read the files; "" where there is none."""

    def __init__(
        self, catalogue: Callable[[], Catalogue], knowledge: Knowledge, url: str = ""
    ) -> None:
        self._catalogue = catalogue
        self._knowledge = knowledge
        self._url = url.rstrip("/")

    async def report(self, question: Question, reference: str) -> RunbookReport:
        """Without words the names of all."""
        asked = question.text.strip()
        known = self._catalogue()
        if not asked:
            return RunbookReport(reference, "", others=_names(known.failures))
        fitting = _named(known, asked)
        if not fitting:
            passages = await self._knowledge.search(asked, limit=_OTHERS + 3)
            causes = dict.fromkeys(passage.cause for passage in passages if passage.cause)
            fitting = [one for cause in causes if (one := known.get(cause)) is not None]
        if not fitting:
            return RunbookReport(reference, asked)
        best, *others = fitting
        return RunbookReport(
            reference=reference,
            asked=asked,
            cause=best.cause,
            title=best.title,
            owner=best.owner,
            sections=tuple((one.heading, one.text) for one in best.sections),
            link=f"{self._url}/{PurePath(best.path).name}" if self._url else "",
            others=_names(others[:_OTHERS]),
        )


def _named(known: Catalogue, asked: str) -> list[KnownFailure]:
    """Those whose id or title is what was asked, as far as letters go; else whose id begins so."""
    words = plain(asked)
    same = [one for one in known.failures if words in (plain(one.cause), plain(one.title))]
    return same or [one for one in known.failures if plain(one.cause).startswith(words)]


def _names(known: list[KnownFailure] | tuple[KnownFailure, ...]) -> tuple[RunbookName, ...]:
    return tuple(RunbookName(one.cause, one.title) for one in known)
