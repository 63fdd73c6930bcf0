"""The calls of Airflow's REST API that the bot makes, by keyword, raw, one try each.

Only the official client's `_without_preload_content` calls are used: its typed replies throw the
traceback away and reject states and fields of other server versions.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import urllib3
from airflow_client.client.api.asset_api import AssetApi
from airflow_client.client.api.dag_api import DAGApi
from airflow_client.client.api.dag_run_api import DagRunApi
from airflow_client.client.api.dag_version_api import DagVersionApi
from airflow_client.client.api.dag_warning_api import DagWarningApi
from airflow_client.client.api.event_log_api import EventLogApi
from airflow_client.client.api.import_error_api import ImportErrorApi
from airflow_client.client.api.job_api import JobApi
from airflow_client.client.api.monitor_api import MonitorApi
from airflow_client.client.api.pool_api import PoolApi
from airflow_client.client.api.task_api import TaskApi
from airflow_client.client.api.task_instance_api import TaskInstanceApi
from airflow_client.client.api.version_api import VersionApi

from bot.adapters.airflow.config import ClusterConfig
from bot.adapters.airflow.outcome import Outcome, Refusal, Reply, outcome_of
from bot.adapters.airflow.transport import Transport, chunks, read_json
from bot.domain.evidence import GapReason

PAGE = 100  # Airflow's maximum; more is silently cut to it
NDJSON = "application/x-ndjson"

Feed = Callable[[bytes], None]


class Api:
    """Blocking calls to one cluster; every method gives an `Outcome` and never raises for one.

    To be called from the gate's threads only. Times are aware datetimes: Airflow answers a naive
    one with HTTP 500.
    """

    def __init__(self, config: ClusterConfig, clock: Callable[[], float] = time.monotonic) -> None:
        self._config = config
        self._clock = clock
        self._transport = Transport(config, clock)
        self._client = self._transport.client
        self._task_instances = TaskInstanceApi(self._client)
        self._dags = DAGApi(self._client)
        self._runs = DagRunApi(self._client)

    def __repr__(self) -> str:
        return f"Api({self._config.name!r})"

    def health(self) -> Outcome:
        return self._transport.get(MonitorApi(self._client).get_health_without_preload_content)

    def version(self) -> Outcome:
        return self._transport.get(VersionApi(self._client).get_version_without_preload_content)

    def public_version(self) -> Outcome:
        """The version, asked without logging in."""
        return self._transport.once(
            VersionApi(self._client).get_version_without_preload_content,
            read_json,
            {},
            self._config.reply_seconds,
            {},
        )

    def version_of_airflow_2(self) -> Outcome:
        """The same where only the API of Airflow 2 is there."""
        address = f"{self._config.api_url}/api/v1/version"

        def call(**_: Any) -> urllib3.BaseHTTPResponse:
            return self._transport.pool.request("GET", address, preload_content=False, timeout=10.0)

        return self._transport.once(call, read_json, {}, 10.0, {})

    def sign_on(self) -> Outcome:
        """Whether the credentials are good: any answer but 401 to a call that needs them."""
        outcome = self.dags(limit=1)
        if isinstance(outcome, Refusal) and outcome.status == 403:
            return Reply(None)
        return outcome

    def jobs(self) -> Outcome:
        """The latest jobs: schedulers, triggerers and Dag processors, alive or not."""
        call = JobApi(self._client).get_jobs_without_preload_content
        return self._transport.get(call, limit=50, order_by=["-latest_heartbeat"])

    def pools(self, *, offset: int = 0) -> Outcome:
        return self._transport.get(
            PoolApi(self._client).get_pools_without_preload_content, limit=PAGE, offset=offset
        )

    def dags(self, *, offset: int = 0, limit: int = PAGE, pattern: str | None = None) -> Outcome:
        """One page of Dags by id; `pattern` is matched anywhere in the id, in any case."""
        return self._transport.get(
            self._dags.get_dags_without_preload_content,
            limit=limit,
            offset=offset,
            order_by=["dag_id"],
            exclude_stale=True,
            dag_id_pattern=pattern,
        )

    def dag_details(self, dag_id: str) -> Outcome:
        return self._transport.get(
            self._dags.get_dag_details_without_preload_content, dag_id=dag_id
        )

    def dag_versions(self, dag_id: str) -> Outcome:
        call = DagVersionApi(self._client).get_dag_versions_without_preload_content
        return self._transport.get(call, dag_id=dag_id, limit=20, order_by=["-version_number"])

    def dag_warnings(self, dag_id: str | None) -> Outcome:
        call = DagWarningApi(self._client).list_dag_warnings_without_preload_content
        return self._transport.get(call, dag_id=dag_id, limit=20)

    def tasks(self, dag_id: str) -> Outcome:
        call = TaskApi(self._client).get_tasks_without_preload_content
        return self._transport.get(call, dag_id=dag_id)

    def assets(self, dag_id: str, *, limit: int) -> Outcome:
        """Those that the Dag writes, reads or is scheduled by."""
        call = AssetApi(self._client).get_assets_without_preload_content
        return self._transport.get(call, dag_ids=[dag_id], limit=limit, order_by=["id"])

    def import_errors(self, *, offset: int = 0, limit: int = PAGE) -> Outcome:
        call = ImportErrorApi(self._client).get_import_errors_without_preload_content
        return self._transport.get(call, limit=limit, offset=offset, order_by=["-timestamp"])

    def event_logs(self, *, limit: int = PAGE, **filters: Any) -> Outcome:
        """The newest entries that fit; `after` and `before` are aware datetimes."""
        call = EventLogApi(self._client).get_event_logs_without_preload_content
        return self._transport.get(call, limit=limit, order_by=["-when"], **filters)

    def dag_run(self, dag_id: str, run_id: str) -> Outcome:
        call = self._runs.get_dag_run_without_preload_content
        return self._transport.get(call, dag_id=dag_id, dag_run_id=run_id)

    def dag_runs(self, dag_id: str, **filters: Any) -> Outcome:
        """Runs, the latest due first; `dag_id` may be `~` for all Dags."""
        call = self._runs.get_dag_runs_without_preload_content
        return self._transport.get(call, dag_id=dag_id, order_by=["-run_after"], **filters)

    def task_instances(self, dag_id: str, run_id: str, **filters: Any) -> Outcome:
        """One page of task instances; `~` stands for all Dags or runs."""
        call = self._task_instances.get_task_instances_without_preload_content
        return self._transport.get(call, dag_id=dag_id, dag_run_id=run_id, **filters)

    def tries(self, dag_id: str, run_id: str, task_id: str, map_index: int) -> Outcome:
        place: dict[str, Any] = {"dag_id": dag_id, "dag_run_id": run_id, "task_id": task_id}
        if map_index >= 0:
            mapped = self._task_instances.get_mapped_task_instance_tries_without_preload_content
            return self._transport.get(mapped, **place, map_index=map_index)
        call = self._task_instances.get_task_instance_tries_without_preload_content
        return self._transport.get(call, **place)

    def dependencies(self, dag_id: str, run_id: str, task_id: str, map_index: int) -> Outcome:
        """Why the task instance is not scheduled, in Airflow's words."""
        place: dict[str, Any] = {"dag_id": dag_id, "dag_run_id": run_id, "task_id": task_id}
        tis = self._task_instances
        if map_index >= 0:
            mapped = tis.get_task_instance_dependencies_by_map_index_without_preload_content
            return self._transport.get(mapped, **place, map_index=map_index)
        call = tis.get_task_instance_dependencies_without_preload_content
        return self._transport.get(call, **place)

    def extra_links(self, dag_id: str, run_id: str, task_id: str, map_index: int) -> Outcome:
        return self._transport.get(
            self._task_instances.get_extra_links_without_preload_content,
            dag_id=dag_id,
            dag_run_id=run_id,
            task_id=task_id,
            map_index=map_index,
        )

    def log(
        self,
        dag_id: str,
        run_id: str,
        task_id: str,
        map_index: int,
        try_number: int,
        feed: Feed,
    ) -> Outcome:
        """Feeds the log of one try, as raw ndjson, chunk by chunk; the reply's body is empty.

        One request gives the whole log. The continuation token in its header is there for
        finished logs too and is not followed: it would go round for ever.
        """
        deadline = self._clock() + self._config.log_seconds

        def read(answer: urllib3.BaseHTTPResponse) -> Outcome:
            for chunk in chunks(answer):
                feed(chunk)
                if self._clock() > deadline:
                    answer.close()
                    return _too_long(self._config.log_seconds)
            return outcome_of(answer.status, None)

        return self._transport.get(
            self._task_instances.get_log_without_preload_content,
            read,
            accept=NDJSON,
            seconds=self._config.log_seconds,
            dag_id=dag_id,
            dag_run_id=run_id,
            task_id=task_id,
            try_number=try_number,
            map_index=map_index,
            full_content=True,
        )


def _too_long(seconds: float) -> Refusal:
    detail = f"the log was not read to its end within {seconds:.0f} s"
    remedy = "Write less to the task log, or read it at its source."
    return Refusal(GapReason.TOO_LARGE, detail, remedy=remedy)
