"""Bringing the demo's Airflow into the situations that people will ask about."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from bot.domain.errors import AirflowError
from bot.playground.demo.story import SCENES, Scene, Staging

_POOL = "exports"
_HOLDER, _WAITING = "export_large", "export_small"
_MARKED_TASK = "send_feed"
_MARK = {"new_state": "failed", "note": "feed went to the wrong audience"}
_POLL_SECONDS = 1.5
_LIMIT_SECONDS = 300.0  # for one Dag to get into its situation, on a busy machine
_ATTEMPTS = 4  # SQLite has one writer at a time, and the scheduler is often it
_UNFINISHED = ("queued", "running")

Run = Mapping[str, Any]


class Stage:
    """The demo's Airflow, through its REST API and with an administrator's account.

    `record` is a file that tells which failures came about as they should, over restarts: a run
    that was cut off by the end of a demo fails for another reason than its Dag's. Every method
    raises `AirflowError` where Airflow refuses or takes too long.
    """

    def __init__(self, base_url: str, username: str, password: str, record: Path) -> None:
        self._login = {"username": username, "password": password}
        # Proxies of the surroundings have no business on the loopback.
        self._client = httpx.AsyncClient(base_url=base_url, timeout=60, trust_env=False)
        self._record = record

    async def __aenter__(self) -> Stage:
        reply = await self._client.post("/auth/token", json=self._login)
        if reply.status_code != httpx.codes.CREATED:
            raise AirflowError(f"The demo's Airflow refused its administrator: {reply.text[:200]}")
        self._client.headers["Authorization"] = f"Bearer {reply.json()['access_token']}"
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.aclose()

    async def set(self, scenes: Sequence[Scene] = SCENES) -> None:
        """Returns once all of these are in their situation; what stands already is kept."""
        missing = scenes
        try:
            async with asyncio.timeout(_LIMIT_SECONDS):
                runs = await self._runs()
                for scene in scenes:
                    await self._start(scene, runs.get(scene.dag_id, []))
                while True:
                    missing = await self._not_set(missing)
                    if not missing:
                        return
                    await asyncio.sleep(_POLL_SECONDS)
        except TimeoutError:
            names = ", ".join(scene.dag_id for scene in missing)
            raise AirflowError(f"The demo's Airflow did not get ready: {names}") from None

    async def _start(self, scene: Scene, runs: Sequence[Run]) -> None:
        if scene.staging is Staging.UNREGISTERED:
            return
        await self._registered(scene.dag_id)
        if scene.staging is Staging.PAUSED:
            await self._send("PATCH", f"/dags/{scene.dag_id}", {"is_paused": True})
            stands = any(run["state"] == "queued" for run in runs)
        elif scene.staging is Staging.BLOCKED:
            await self._send("POST", "/pools", {"name": _POOL, "slots": 1}, but_for=409)
            stands = False
        else:
            stands = self._is_recorded(scene, runs)
        if not stands:
            for run in runs:
                await self._remove(run)
            await self._trigger(scene.dag_id)

    async def _not_set(self, scenes: Sequence[Scene]) -> list[Scene]:
        runs = await self._runs()
        return [
            scene for scene in scenes if not await self._is_set(scene, runs.get(scene.dag_id, []))
        ]

    async def _is_set(self, scene: Scene, runs: Sequence[Run]) -> bool:
        if scene.staging is Staging.UNREGISTERED:
            return bool((await self._send("GET", "/importErrors"))["total_entries"])
        if not runs:
            return False
        latest = runs[0]
        if scene.staging is Staging.PAUSED:
            return bool(latest["state"] == "queued")
        if scene.staging is Staging.BLOCKED:
            held = await self._state(latest, _HOLDER) == "running"
            return held and await self._state(latest, _WAITING) == "scheduled"
        if self._is_recorded(scene, runs):
            return True
        if scene.staging is Staging.MARKED and await self._state(latest, _MARKED_TASK) == "running":
            await self._send("PATCH", _task(latest, _MARKED_TASK), _MARK)
        if latest["state"] != "failed":
            return False
        if await self._never_began(latest):
            await self._remove(latest)
            await self._trigger(scene.dag_id)
            return False
        self._remember(latest)
        return True

    async def _never_began(self, run: Run) -> bool:
        """On a machine that is short of everything Airflow may lose a task before its code runs,
        which is not what the scene is about."""
        tasks = (await self._send("GET", f"{_path(run)}/taskInstances"))["task_instances"]
        return any(task["state"] == "failed" and not task["start_date"] for task in tasks)

    def _is_recorded(self, scene: Scene, runs: Sequence[Run]) -> bool:
        recorded = self._recorded().get(scene.dag_id)
        return any(run["dag_run_id"] == recorded for run in runs)

    def _remember(self, run: Run) -> None:
        recorded = {**self._recorded(), run["dag_id"]: run["dag_run_id"]}
        self._record.write_text(json.dumps(recorded, indent=2), encoding="utf-8")

    def _recorded(self) -> dict[str, str]:
        try:
            return dict(json.loads(self._record.read_text(encoding="utf-8")))
        except (FileNotFoundError, ValueError):
            return {}

    async def _registered(self, dag_id: str) -> None:
        while True:
            found = await self._send("GET", f"/dags/{dag_id}", but_for=404)
            if "dag_id" in found:
                return
            await asyncio.sleep(_POLL_SECONDS)

    async def _trigger(self, dag_id: str) -> None:
        now = datetime.now(UTC).isoformat()
        # Named by us, so that asking again after a lost reply starts no second one.
        body = {"logical_date": None, "dag_run_id": f"manual__{now}"}
        await self._send("POST", f"/dags/{dag_id}/dagRuns", body, but_for=409)

    async def _remove(self, run: Run) -> None:
        if run["state"] in _UNFINISHED:  # Airflow deletes no run in progress
            await self._send("PATCH", _path(run), {"state": "failed"})
        await self._send("DELETE", _path(run), but_for=404)

    async def _state(self, run: Run, task_id: str) -> str | None:
        state: str | None = (await self._send("GET", _task(run, task_id)))["state"]
        return state

    async def _runs(self) -> dict[str, list[Run]]:
        """By Dag, the newest first."""
        found: dict[str, list[Run]] = {}
        page = await self._send("GET", "/dags/~/dagRuns?limit=100&order_by=-run_after")
        for run in page["dag_runs"]:
            found.setdefault(run["dag_id"], []).append(run)
        return found

    async def _send(
        self, method: str, path: str, body: Mapping[str, Any] | None = None, but_for: int = 0
    ) -> dict[str, Any]:
        for _ in range(_ATTEMPTS):
            try:
                reply = await self._client.request(method, "/api/v2" + path, json=body)
            except httpx.TransportError as error:
                why = f"{type(error).__name__} {error}"
            else:
                if not reply.is_error or reply.status_code == but_for:
                    return dict(reply.json()) if reply.content else {}
                why = f"{reply.status_code} {reply.text[:200]}"
                if not reply.is_server_error:
                    break
            await asyncio.sleep(_POLL_SECONDS)
        raise AirflowError(f"The demo's Airflow refused {method} {path}: {why}")


def _path(run: Run) -> str:
    return f"/dags/{run['dag_id']}/dagRuns/{run['dag_run_id']}"


def _task(run: Run, task_id: str) -> str:
    return f"{_path(run)}/taskInstances/{task_id}"
