"""Dags that Airflow does not list because their file does not import."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from bot.answering.gaps import gap_in_words
from bot.domain.errors import AirflowError
from bot.domain.evidence import ImportProblem
from bot.domain.targets import Target
from bot.questions.words import is_id_like
from bot.services.ports import Cluster


@dataclass(frozen=True, slots=True)
class BrokenFiles:
    """Import errors by cluster. `doubts` say where they could not be had."""

    problems: Mapping[str, Sequence[ImportProblem]]
    doubts: tuple[str, ...] = ()

    def naming(self, dag_id: str, *, by_file: bool = False) -> tuple[Target, str] | None:
        """The unregistered Dag and the file that names it; None where no file does.

        An id that is no everyday word may also stand in the trace, unless only `by_file` counts.
        """
        for cluster, problems in self.problems.items():
            for problem in problems:
                if _is_named_like(problem, dag_id) or (not by_file and _tells_of(problem, dag_id)):
                    return Target(cluster, dag_id), problem.filename
        return None

    def perhaps(self, dag_id: str) -> Target | None:
        """The Dag on the first cluster where any file is broken: files may have any name."""
        if not is_id_like(dag_id):
            return None
        return next((Target(name, dag_id) for name, seen in self.problems.items() if seen), None)


async def broken_files(clusters: Mapping[str, Cluster]) -> BrokenFiles:
    """Asks all clusters. Never raises: one that does not answer is a doubt."""

    async def look(name: str) -> tuple[Sequence[ImportProblem], tuple[str, ...]]:
        try:
            problems, gaps = await clusters[name].import_problems()
        except AirflowError as error:
            return (), (f"{name}: {error}",)
        return problems, tuple(f"{name}: {gap_in_words(gap)}" for gap in gaps)

    looked = await asyncio.gather(*map(look, clusters))
    problems = {name: seen for name, (seen, _) in zip(clusters, looked, strict=True)}
    return BrokenFiles(problems, tuple(doubt for _, doubts in looked for doubt in doubts))


def _is_named_like(problem: ImportProblem, dag_id: str) -> bool:
    return PurePosixPath(problem.filename).stem == dag_id


def _tells_of(problem: ImportProblem, dag_id: str) -> bool:
    if not is_id_like(dag_id) or dag_id.isdecimal():
        return False
    alone = rf"(?<![\w.\-]){re.escape(dag_id)}(?![\w\-]|\.\w)"
    return re.search(alone, f"{problem.filename}\n{problem.stack_trace}") is not None
