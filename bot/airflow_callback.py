"""Airflow callbacks that tell the support bot of failures, for who cannot install its plugin.

Put this file where Dags can import it, as `support_bot_callback.py` (the folder of the Dags, or
`plugins`), and set the same two variables as for the plugin where tasks run:

    SUPPORT_BOT_URL      the bot's address, e.g. http://airflow-bot:8080
    SUPPORT_BOT_TOKEN    the token in the bot's setting failure_webhook.token

Where the bot serves several clusters, SUPPORT_BOT_CLUSTER says which of them this is. Then name the
callbacks in the Dag, all of them or the first alone; it needs Airflow 3.0 or newer:

    from support_bot_callback import report_failure, report_success

    with DAG("orders", default_args={"on_failure_callback": report_failure},
             on_failure_callback=report_failure, on_success_callback=report_success):

A Dag's own callback knows of tasks that were killed and of the end of the run; that of its tasks
is faster. The bot tells of each failure once, however many ways it hears of it. Nothing in here can
fail a task or hold it up for longer than some seconds: a bot that is down is tried twice.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import os
import time
import urllib.error
import urllib.request
from datetime import datetime, timezone
from http.client import HTTPException
from typing import Any

log = logging.getLogger(__name__)

TIMEOUT = 3.0
PAUSES = (1.0, None)
"""Seconds between the attempts to send."""


def report_failure(context: Any) -> None:
    """Of a task, or of a Dag's run where the Dag has it called."""
    try:
        if "reason" in context:
            _send({**_run_of(context), "try_number": _times_cleared(context) + 1})
        else:
            _send(_task_of(context))
    except Exception as error:  # Airflow would log it as the callback's, and call no others
        _not_told(type(error).__name__)


def report_success(context: Any) -> None:
    """Of a Dag's run; with it an alert in Slack says that all is well again."""
    try:
        if "reason" in context:
            _send({**_run_of(context), "state": "success"})
    except Exception as error:
        _not_told(type(error).__name__)


def _task_of(context: Any) -> dict[str, Any]:
    task = context["ti"]
    return {
        "dag_id": task.dag_id,
        "run_id": task.run_id,
        "task_id": task.task_id,
        "map_index": getattr(task, "map_index", -1),
        "try_number": task.try_number,
        "at": _now(),
        **_due(context),
    }


def _run_of(context: Any) -> dict[str, Any]:
    run_id = context["run_id"] if "run_id" in context else context["dag_run"].run_id
    return {"dag_id": context["dag"].dag_id, "run_id": run_id, "at": _now(), **_due(context)}


def _due(context: Any) -> dict[str, str]:
    run_after = getattr(_dag_run(context), "run_after", None)
    return {"run_after": run_after.isoformat()} if run_after else {}


def _times_cleared(context: Any) -> int:
    """A run that was cleared and failed again is another failure."""
    return getattr(_dag_run(context), "clear_number", None) or 0


def _dag_run(context: Any) -> Any:
    return context.get("dag_run")


def _now() -> str:
    return datetime.now(timezone.utc).isoformat()  # noqa: UP017 - as old as Airflow's Python


def _send(report: dict[str, Any]) -> None:
    address = os.environ.get("SUPPORT_BOT_URL", "").strip().rstrip("/")
    token = os.environ.get("SUPPORT_BOT_TOKEN", "").strip()
    cluster = os.environ.get("SUPPORT_BOT_CLUSTER", "").strip()
    if not token or not address.startswith(("http://", "https://")):
        log.warning("Set SUPPORT_BOT_URL (http://…) and SUPPORT_BOT_TOKEN; failures go untold.")
        return
    if cluster:
        report["cluster"] = cluster
    body = json.dumps(report).encode()
    request = urllib.request.Request(  # noqa: S310 - the scheme is checked above
        f"{address}/webhooks/failures",
        data=body,
        headers={"Content-Type": "application/json", **_signed(body, token)},
    )
    for pause in PAUSES:
        reason, may_pass = _tried(request)
        if not reason:
            return
        if pause is None or not may_pass:
            break
        time.sleep(pause)
    _not_told(reason)


def _tried(request: urllib.request.Request) -> tuple[str, bool]:
    """What went wrong, if anything, and whether it may pass."""
    try:
        urllib.request.build_opener(_NoRedirect).open(request, timeout=TIMEOUT).close()
    except urllib.error.HTTPError as error:
        with error:
            return f"answer {error.code}", error.code >= 500 or error.code == 429
    except (OSError, HTTPException) as error:
        return type(error).__name__, True
    return "", False


def _signed(body: bytes, token: str) -> dict[str, str]:
    """Headers that show who sends it; the token itself is never sent."""
    now = str(int(time.time()))
    signature = hmac.new(token.encode(), f"v0:{now}:".encode() + body, hashlib.sha256)
    return {
        "X-Airflow-Bot-Timestamp": now,
        "X-Airflow-Bot-Signature": f"v0={signature.hexdigest()}",
    }


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Reports go to the address that is set, and to no other."""

    def redirect_request(self, *_: Any) -> None:
        return None


def _not_told(reason: str) -> None:
    # No more than that: other words might hold the token.
    log.warning("The support bot was not told (%s).", reason)
