"""Airflow plugin that tells the support bot what failed, and what runs well again.

Put this file into Airflow's `plugins` folder as `support_bot.py`, set these two variables for the
scheduler and the workers, and restart them. It needs Airflow 3.0 or newer and nothing else.

    SUPPORT_BOT_URL      the bot's address, e.g. http://airflow-bot:8080
    SUPPORT_BOT_TOKEN    the token in the bot's setting failure_webhook.token

Where the bot serves several clusters, SUPPORT_BOT_CLUSTER says which of them this is.

Every failed task and every failed run is told, in the background, and repeated for about two
minutes while the bot cannot be reached. Airflow does not wait for it, but for one thing: a process
that ends with failures still to be sent, as that of a failed task does, waits up to eight seconds.
What a person marks as failed is not reported. Of the runs of a Dag that end well the first after a
failure is told, and else at most one in ten minutes: another scheduler may have seen the failure.
"""

from __future__ import annotations

import contextlib
import encodings.idna  # noqa: F401 - else a process forked while it loads could not send
import hashlib
import hmac
import json
import logging
import os
import threading
import time
import urllib.error
import urllib.request
from collections import OrderedDict, deque
from collections.abc import Iterator
from datetime import datetime, timezone
from http.client import HTTPException
from typing import Any

from airflow.listeners import hookimpl
from airflow.plugins_manager import AirflowPlugin

log = logging.getLogger(__name__)

PAUSES = (1.0, 2.0, 5.0, 15.0, 30.0, 60.0)
"""Seconds between the attempts to send."""
TIMEOUT = 5.0
GOODBYE = 8.0
"""Seconds that an ending process waits; Airflow kills a task's process 20 s after its work."""
WAITING_MAX = 1_000
AT_ONCE = 200
WELL_AGAIN = 600.0
"""Seconds between two successes of a Dag that are told where no failure lies between them."""
DAGS_MAX = 20_000
_BY_HAND = "manually set"  # in Airflow's words for what a person did


class Sender:
    """Sends reports from a thread that lives while there are some."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: deque[dict[str, Any]] = deque()
        self._thread: threading.Thread | None = None

    def tell(self, **report: Any) -> None:
        with self._lock:
            if len(self._waiting) >= WAITING_MAX:
                log.warning("Too many failures wait for the support bot; one was not told.")
                return
            self._waiting.append(report)
            if self._thread is None:
                thread = threading.Thread(target=self._work, name="support_bot", daemon=True)
                thread.start()
                self._thread = thread

    def finish(self) -> None:
        """Returns once all is sent, or when waiting for it takes too long."""
        thread = self._thread
        if thread is not None:
            thread.join(GOODBYE)
            if thread.is_alive():
                log.warning("The support bot was not told of everything before this process ended.")

    def _work(self) -> None:
        while reports := self._next():
            # A bot of an earlier version refuses successes, and whatever comes with them.
            for is_well in (False, True):
                alike = [one for one in reports if (one.get("state") == "success") is is_well]
                with _harmless():
                    if alike:
                        _deliver(alike)

    def _next(self) -> list[dict[str, Any]]:
        with self._lock:
            reports = [self._waiting.popleft() for _ in range(min(AT_ONCE, len(self._waiting)))]
            if not reports:
                self._thread = None
            return reports


class Listener:
    """What Airflow calls: in the task's process, the scheduler and the API server."""

    def __init__(self) -> None:
        self._sender = Sender()
        self._well: OrderedDict[str, float] = OrderedDict()  # when it was told, by Dag
        # Threads do not live on in a forked process, and a lock may be held there for good.
        os.register_at_fork(after_in_child=self._start_anew)

    def _start_anew(self) -> None:
        self._sender = Sender()

    @hookimpl
    def on_task_instance_failed(self, task_instance: Any, error: Any) -> None:
        with _harmless():
            if isinstance(error, str) and _BY_HAND in error:
                return
            self._sender.tell(
                dag_id=task_instance.dag_id,
                run_id=task_instance.run_id,
                task_id=task_instance.task_id,
                map_index=task_instance.map_index,
                try_number=task_instance.try_number,
                state=_state(task_instance),
                at=_now(),
                **_due(task_instance),
            )

    @hookimpl
    def on_dag_run_failed(self, dag_run: Any, msg: str) -> None:
        with _harmless():
            if not msg or _BY_HAND in msg:  # Airflow 3.0 has no word for it
                return
            # A run that was cleared and failed again is another failure.
            times = dag_run.clear_number + 1
            self._well.pop(dag_run.dag_id, None)
            self._sender.tell(**_run(dag_run), try_number=times)

    @hookimpl
    def on_dag_run_success(self, dag_run: Any, msg: str) -> None:
        with _harmless():
            now = time.monotonic()
            told = self._well.get(dag_run.dag_id)
            if told is not None and now - told < WELL_AGAIN:
                return
            self._well[dag_run.dag_id] = now
            self._well.move_to_end(dag_run.dag_id)
            while len(self._well) > DAGS_MAX:
                self._well.popitem(last=False)
            self._sender.tell(**_run(dag_run), state="success")

    @hookimpl
    def before_stopping(self) -> None:
        with _harmless():
            self._sender.finish()


class SupportBotPlugin(AirflowPlugin):
    name = "support_bot"
    listeners = [Listener()]  # noqa: RUF012 - as Airflow declares it


@contextlib.contextmanager
def _harmless() -> Iterator[None]:
    """Nothing in here may fail in Airflow, or keep other listeners from being called."""
    try:
        yield
    except Exception as error:
        # Its words might hold the token.
        log.warning("The support bot was not told of a failure (%s).", type(error).__name__)


def _run(dag_run: Any) -> dict[str, Any]:
    return {"dag_id": dag_run.dag_id, "run_id": dag_run.run_id, "at": _now(), **_due_at(dag_run)}


def _due(task_instance: Any) -> dict[str, str]:
    """When its run was due, where the task's process knows it. The scheduler would have to ask its
    database."""
    context = getattr(task_instance, "_ti_context_from_server", None)
    return _due_at(getattr(context, "dag_run", None))


def _due_at(dag_run: Any) -> dict[str, str]:
    run_after = getattr(dag_run, "run_after", None)
    return {"run_after": run_after.isoformat()} if run_after else {}


def _now() -> str:
    return datetime.now(timezone.utc).isoformat()  # noqa: UP017 - as old as Airflow's Python


def _state(task_instance: Any) -> str:
    state = getattr(task_instance, "state", None)
    if state is None:  # Airflow 3.0 does not say
        will_retry = task_instance.try_number <= task_instance.max_tries
    else:
        will_retry = getattr(state, "value", state) == "up_for_retry"
    return "up_for_retry" if will_retry else "failed"


def _deliver(reports: list[dict[str, Any]]) -> None:
    """Repeats what may pass. What the bot refuses, it would refuse again."""
    reason = ""
    for pause in (*PAUSES, None):
        try:
            _post(reports)
            return
        except urllib.error.HTTPError as error:
            reason = f"answer {error.code} {_words_of(error)}"
            if error.code < 500 and error.code != 429:
                break
        except (OSError, HTTPException) as error:
            cause = getattr(error, "reason", None)
            reason = type(cause if isinstance(cause, Exception) else error).__name__
        if pause is not None:
            time.sleep(pause)
    log.warning("The support bot was not told of %d failure(s): %s", len(reports), reason)


def _post(reports: list[dict[str, Any]]) -> None:
    """Raises an `OSError` or `HTTPException` unless the bot has taken them."""
    address = os.environ.get("SUPPORT_BOT_URL", "").strip().rstrip("/")
    token = os.environ.get("SUPPORT_BOT_TOKEN", "").strip()
    if not token or not address.startswith(("http://", "https://")):
        log.warning("Set SUPPORT_BOT_URL (http://…) and SUPPORT_BOT_TOKEN; failures go untold.")
        return
    cluster = os.environ.get("SUPPORT_BOT_CLUSTER", "").strip()
    if cluster:
        reports = [{**report, "cluster": cluster} for report in reports]
    body = json.dumps(reports).encode()
    request = urllib.request.Request(  # noqa: S310 - the scheme is checked above
        f"{address}/webhooks/failures",
        data=body,
        headers={"Content-Type": "application/json", **_signed(body, token)},
    )
    urllib.request.build_opener(_NoRedirect).open(request, timeout=TIMEOUT).close()


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


def _words_of(error: urllib.error.HTTPError) -> str:
    """What is wrong, as the bot says it."""
    with contextlib.suppress(OSError, HTTPException), error:
        words = error.read(500).decode(errors="replace")
        return words.replace(os.environ.get("SUPPORT_BOT_TOKEN", "").strip(), "***")
    return ""
