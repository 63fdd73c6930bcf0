"""Whether the bot can use a cluster: each thing it needs is tried for real."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial

from bot.adapters.airflow.api import Api
from bot.adapters.airflow.asking import Asking
from bot.adapters.airflow.config import ClusterConfig
from bot.adapters.airflow.doctor_address import stranger_at
from bot.adapters.airflow.outcome import Outcome, Refusal, Reply
from bot.adapters.airflow.pieces import PIECES
from bot.adapters.airflow.values import items, mapping, text, whole
from bot.domain.checks import Check, CheckStatus
from bot.domain.evidence import GapReason

OLDEST = (3, 0)
TESTED = (3, 3)  # the newest minor version that the adapter was tested against


class Examination:
    """Runs the checks of one cluster, one call after the other."""

    def __init__(self, api: Api, asking: Asking, config: ClusterConfig) -> None:
        self._api = api
        self._asking = asking
        self._config = config
        self._checks: list[Check] = []

    async def checks(self) -> tuple[Check, ...]:
        """Stops where going on is pointless: no answer, no Airflow 3, no login."""
        version = await self._asking.ask(self._api.public_version)
        if not await self._judge_version(version):
            return tuple(self._checks)
        if not self._config.verify_tls and self._config.api_url.startswith("https:"):
            self._add("TLS", CheckStatus.WARNING, "certificates are not verified", _VERIFY)
        if not self._judge_login(await self._asking.ask(self._api.sign_on)):
            return tuple(self._checks)
        for piece, call in self._permissions():
            self._judge_permission(piece, await self._asking.ask(call))
        await self._try_the_latest_run()
        return tuple(self._checks)

    def _permissions(self) -> list[tuple[str, Callable[[], Outcome]]]:
        api = self._api
        recent = datetime.now(UTC) - timedelta(hours=1)
        return [
            ("health", api.health),
            ("dag_details", partial(api.dags, limit=1)),
            ("recent_runs", partial(api.dag_runs, "~", limit=1, run_after_gte=recent)),
            ("task_instances", partial(api.task_instances, "~", "~", limit=1, end_date_gte=recent)),
            ("event_logs", partial(api.event_logs, limit=1)),
            ("import_errors", partial(api.import_errors, limit=1)),
            ("pools", api.pools),
            ("jobs", api.jobs),
            ("dag_warnings", partial(api.dag_warnings, None)),
        ]

    async def _try_the_latest_run(self) -> None:
        """Logs, versions and tasks belong to some Dag: the latest run lends its own."""
        found = await self._asking.ask(partial(self._api.dag_runs, "~", limit=1))
        run = next(items(found.body, "dag_runs"), None) if isinstance(found, Reply) else None
        if run is None:
            self._add("task log", CheckStatus.SKIPPED, "there is no run yet to try it on")
            return
        dag_id, run_id = text(run.get("dag_id")) or "", text(run.get("dag_run_id")) or ""
        for piece, call in (
            ("dag_versions", partial(self._api.dag_versions, dag_id)),
            ("tasks", partial(self._api.tasks, dag_id)),
        ):
            self._judge_permission(piece, await self._asking.ask(call))
        # Of a task that does not exist: whether it may be read is decided before it is looked up.
        log = partial(self._api.log, dag_id, run_id, "-", -1, 1, lambda _: None)
        self._judge_permission("log", await self._asking.ask(log))

    async def _judge_version(self, outcome: Outcome) -> bool:
        if isinstance(outcome, Refusal):
            await self._judge_no_version(outcome)
            return False
        version = text(mapping(outcome.body).get("version")) or ""
        parts = tuple(whole(part) or 0 for part in version.split(".")[:2])
        if parts < OLDEST:
            # Only Airflow 3 has this path: something else answers there with a version or without.
            await self._judge_no_version(Refusal(GapReason.MALFORMED, "no Airflow 3", 200))
            return False
        self._add("reachable", CheckStatus.OK, self._config.api_url)
        if parts > TESTED:
            detail = f"Airflow {version} is newer than what was tested ({TESTED[0]}.{TESTED[1]})"
            self._add("version", CheckStatus.WARNING, detail, "Read the bot's release notes.")
        else:
            self._add("version", CheckStatus.OK, f"Airflow {version}")
        return True

    async def _judge_no_version(self, refusal: Refusal) -> None:
        old = None
        if refusal.status is not None:
            answer = await self._asking.ask(self._api.version_of_airflow_2)
            old = text(mapping(answer.body).get("version")) if isinstance(answer, Reply) else None
        if old and old.startswith(_OF_AIRFLOW_2):
            self._add("reachable", CheckStatus.OK, self._config.api_url)
            self._add("version", CheckStatus.FAILED, _too_old(old), _UPGRADE)
            return
        found = await asyncio.to_thread(stranger_at, self._config)
        detail = found.detail if found else refusal.detail
        remedy = found.remedy if found else refusal.remedy or _ADDRESS
        self._add("reachable", CheckStatus.FAILED, detail, remedy)

    def _judge_login(self, outcome: Outcome) -> bool:
        if isinstance(outcome, Refusal):
            self._add("login", CheckStatus.FAILED, outcome.detail, outcome.remedy)
            return False
        who = f"as {self._config.username}" if self._config.username else "with a fixed token"
        self._add("login", CheckStatus.OK, who)
        return True

    def _judge_permission(self, piece: str, outcome: Outcome) -> None:
        kind = PIECES[piece]
        name = f"may read {kind.name}"
        if isinstance(outcome, Reply) or outcome.reason is GapReason.NOT_FOUND:
            self._add(name, CheckStatus.OK)
        elif outcome.reason is GapReason.FORBIDDEN:
            self._add(name, CheckStatus.WARNING, "forbidden: answers will lack it", kind.remedy)
        else:
            self._add(name, CheckStatus.WARNING, outcome.detail, outcome.remedy)

    def _add(self, name: str, status: CheckStatus, detail: str = "", remedy: str = "") -> None:
        self._checks.append(Check(f"airflow:{self._config.name}", name, status, detail, remedy))


_OF_AIRFLOW_2 = ("2.", "1.10.")  # versions at its address; another program has others
_ADDRESS = "Check the cluster's base_url, and that its API server runs."
_VERIFY = "Set ca_file to the authority's certificates, and verify to true."
_UPGRADE = "Upgrade the cluster to Airflow 3."


def _too_old(version: str) -> str:
    return f"this is Airflow {version or 'of unknown version'}; the bot reads Airflow 3 and later"
