"""What a model that knows its way about asks a peer's tools for, one thing after the other.

A scripted model ranks no reasoning. It shows what of a failure reaches a model at all.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from tests.fakes.model_server import MODEL, Body, completion, grounded

Ask = tuple[str, Mapping[str, Any]]  # a tool's name and its arguments
_FILE = re.compile(r"(/[\w./-]{5,300}\.(?:txt|json|log))\b")
_FAILED = '[.. | objects | select(.error_detail or .level == "error" or .level == "critical")]'
# The files are JSON with a line for each field: what belongs together stands around the hit.
_LINES = "grep -i -A 40 -E 'exception|traceback|critical' %s | cut -c 1-600 | tail -n 200"


@dataclass(frozen=True)
class Situation:
    """One failure to find out about; `needle` is what decides it, as Airflow says it."""

    name: str
    recording: str
    run_id: str
    task_id: str
    needle: str
    megabytes: int = 0

    @property
    def question(self) -> str:
        return f"Why did {self.recording} fail? Look at its run {self.run_id}."


def by_http(base: str, one: Situation, *, narrows: bool) -> Sequence[Ask]:
    """Runs, task instances, the log of the failed try, the event log. `narrows`: the log is asked
    for through jq, as the tool offers, rather than whole."""
    dag = f"{base}/api/v2/dags/{one.recording}"
    run = f"{dag}/dagRuns/{one.run_id.replace('+', '%2B')}"
    log: dict[str, Any] = {"url": f"{run}/taskInstances/{one.task_id}/logs/1?full_content=true"}
    if narrows:
        log["jq"] = _FAILED
    events = f"{base}/api/v2/eventLogs?dag_id={one.recording}&limit=100"
    tool = "airflow_api_request"
    return (
        (tool, {"url": f"{dag}/dagRuns?order_by=-run_after&limit=3"}),
        (tool, {"url": f"{run}/taskInstances"}),
        (tool, log),
        (tool, {"url": events}),
    )


def by_mcp(one: Situation) -> Sequence[Ask]:
    """What its server offers for a failed run; it has no tool for the event log."""
    run = {"dag_id": one.recording, "dag_run_id": one.run_id}
    task = {**run, "task_id": one.task_id}
    return (
        ("diagnose_dag_run", run),
        ("get_task_logs", {**task, "try_number": 1}),
        ("get_task_instance", task),
    )


def scripted(asks: Sequence[Ask]) -> Callable[[Body], Any]:
    """Asks one thing a turn; what was put into a file for its size it looks through for errors."""

    async def behave(body: Body) -> web.StreamResponse:
        if not body.get("tools"):
            return await grounded(body)
        results = [one for one in body["messages"] if one.get("role") == "tool"]
        if results and (spilled := _spilled(results)):
            return _calls(
                "bash", {"command": spilled, "suggested_prefixes": ["grep", "cut", "tail"]}
            )
        done = sum(not _is_search(one) for one in _asked(body))
        if done < len(asks):
            return _calls(*asks[done])
        return completion("That is all I need.")

    return behave


def _spilled(results: Sequence[Body]) -> str:
    """The search for a result that is in a file, unless it was the last thing done."""
    last = results[-1]
    text = str(last.get("content"))
    if "saved" not in text.lower() or last.get("name") == "bash":
        return ""
    found = _FILE.search(text)
    return _LINES % found[1] if found else ""


def _asked(body: Body) -> list[Body]:
    messages = [one for one in body["messages"] if one.get("role") == "assistant"]
    return [call for one in messages for call in one.get("tool_calls") or ()]


def _is_search(call: Body) -> bool:
    return bool(call["function"]["name"] == "bash")


def _calls(tool: str, arguments: Mapping[str, Any]) -> web.Response:
    function = {"name": tool, "arguments": json.dumps(arguments)}
    call = {"id": f"call_{abs(hash(json.dumps(function))) % 10**9}", "type": "function"}
    message = {"role": "assistant", "content": None, "tool_calls": [{**call, "function": function}]}
    usage = {"prompt_tokens": 1000, "completion_tokens": 50, "total_tokens": 1050}
    choice = {"index": 0, "message": message, "finish_reason": "tool_calls"}
    head = {"id": "chatcmpl-1", "object": "chat.completion", "created": 0, "model": MODEL}
    return web.json_response({**head, "choices": [choice], "usage": usage})
