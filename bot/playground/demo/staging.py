"""Bringing the demo's Airflow into the situations that people will ask about."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import httpx

from bot.domain.errors import AirflowError
from bot.playground.demo.story import SCENES, Scene, Staging

_POOL = "exports"
_PAUSED = "finance_close"
_MARKED = ("marketing_feed", "send_feed")
_POLL_SECONDS = 2.0
_PARSE_POLLS = 90


class Stage:
    """The demo's Airflow, through its REST API and with an administrator's account."""

    def __init__(self, base_url: str, username: str, password: str) -> None:
        self._login = {"username": username, "password": password}
        self._client = httpx.AsyncClient(base_url=base_url, timeout=60)

    async def __aenter__(self) -> Stage:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.aclose()

    async def set(self, say: Callable[[str], None]) -> None:
        """Creates pool and runs; what failed in an earlier demo is left as it is.

        Raises `AirflowError` where Airflow refuses.
        """
        await self._log_in()
        await self._registered(say)
        await self._post("/pools", {"name": _POOL, "slots": 1}, but_for=409)
        await self._patch(f"/dags/{_PAUSED}", {"is_paused": True})
        ran = {run["dag_id"] for run in await self._runs()}
        for scene in SCENES:
            if scene.staging is Staging.LIVE:
                await self._clear_stage(scene)
            if scene.staging is Staging.LIVE or (
                scene.staging is Staging.TRIGGERED and scene.dag_id not in ran
            ):
                await self._post(f"/dags/{scene.dag_id}/dagRuns", {"logical_date": None})

    async def failed(self, dag_id: str, seconds: float) -> bool:
        """Waits until a run of the Dag has failed; False when that takes longer."""
        for _ in range(max(1, round(seconds / _POLL_SECONDS))):
            if any(run["state"] == "failed" for run in await self._runs(dag_id)):
                return True
            await asyncio.sleep(_POLL_SECONDS)
        return False

    async def mark_by_hand(self) -> None:
        """Marks one task as failed, as a person would, as soon as it runs; gives up in minutes."""
        dag_id, task_id = _MARKED
        for _ in range(_PARSE_POLLS):
            runs = await self._runs(dag_id)
            if not runs or runs[0]["state"] in ("failed", "success"):
                return
            path = f"/dags/{dag_id}/dagRuns/{runs[0]['dag_run_id']}/taskInstances/{task_id}"
            if (await self._get(path))["state"] == "running":
                note = "feed went to the wrong audience"
                await self._patch(path, {"new_state": "failed", "note": note})
                return
            await asyncio.sleep(_POLL_SECONDS)

    async def _log_in(self) -> None:
        reply = await self._client.post("/auth/token", json=self._login)
        if reply.status_code != httpx.codes.CREATED:
            raise AirflowError(f"The demo's Airflow refused its administrator: {reply.text[:200]}")
        self._client.headers["Authorization"] = f"Bearer {reply.json()['access_token']}"

    async def _registered(self, say: Callable[[str], None]) -> None:
        wanted = {scene.dag_id for scene in SCENES if scene.staging is not Staging.UNREGISTERED}
        for _ in range(_PARSE_POLLS):
            known = {dag["dag_id"] for dag in (await self._get("/dags?limit=100"))["dags"]}
            if wanted <= known:
                return
            say(f"Airflow knows {len(wanted & known)} of {len(wanted)} Dags")
            await asyncio.sleep(_POLL_SECONDS)
        missing = ", ".join(sorted(wanted - known))
        raise AirflowError(f"The demo's Airflow did not register {missing}; see its Dag processor.")

    async def _clear_stage(self, scene: Scene) -> None:
        for run in await self._runs(scene.dag_id):
            path = f"/dags/{scene.dag_id}/dagRuns/{run['dag_run_id']}"
            if run["state"] == "running":  # Airflow deletes no run in progress
                await self._patch(path, {"state": "failed"})
            await self._send("DELETE", path)

    async def _runs(self, dag_id: str = "~") -> list[dict[str, Any]]:
        runs = (await self._get(f"/dags/{dag_id}/dagRuns?limit=100&order_by=-run_after"))[
            "dag_runs"
        ]
        return list(runs)

    async def _get(self, path: str) -> dict[str, Any]:
        return await self._send("GET", path)

    async def _post(self, path: str, body: dict[str, Any], but_for: int = 0) -> None:
        await self._send("POST", path, body, but_for)

    async def _patch(self, path: str, body: dict[str, Any]) -> None:
        await self._send("PATCH", path, body)

    async def _send(
        self, method: str, path: str, body: dict[str, Any] | None = None, but_for: int = 0
    ) -> dict[str, Any]:
        reply = await self._client.request(method, "/api/v2" + path, json=body)
        if reply.is_error and reply.status_code != but_for:
            why = f"{reply.status_code} {reply.text[:200]}"
            raise AirflowError(f"The demo's Airflow refused {method} {path}: {why}")
        return dict(reply.json()) if reply.content else {}
