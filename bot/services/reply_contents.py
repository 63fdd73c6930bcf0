"""What a reply tells of, and what could not be had for it."""

from __future__ import annotations

from collections.abc import Sequence

from bot.domain.answers import HealthReport, LogReport, Reply, StatusReport
from bot.domain.cases import Case
from bot.domain.evidence import Gap
from bot.domain.incidents import IncidentsReport
from bot.domain.reports import FailingDags
from bot.domain.targets import Target
from bot.services.diagnose import TASK_LOG, log_was_late


def told_in(reply: Reply) -> Sequence[Target]:
    """The Dags that a report names."""
    match reply:
        case FailingDags(dags=dags):
            return [Target(one.cluster, one.dag_id) for one in dags]
        case IncidentsReport(incidents=incidents, unknown=unknown):
            named = [dag for one in incidents for dag in one.dags]
            named += [(one.cluster, one.dag_id) for one in unknown]
            return [Target(*dag) for dag in dict.fromkeys(named)]
        case _:
            return ()


def gaps_of(seen: Case | Reply) -> Sequence[Gap]:
    """What could not be had. A log that is still being read may yet come."""
    match seen:
        case Case(evidence=evidence):
            late = log_was_late(evidence)
            return [gap for gap in evidence.gaps if not (late and gap.source == TASK_LOG)]
        case StatusReport(gaps=gaps) | LogReport(gaps=gaps) | FailingDags(gaps=gaps):
            return gaps
        case IncidentsReport(gaps=gaps):
            return gaps
        case HealthReport(clusters=clusters):
            return [gap for cluster in clusters for gap in cluster.gaps]
        case _:
            return ()
