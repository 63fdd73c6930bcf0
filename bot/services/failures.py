"""Takes failures that Airflow reported out of their batch, and has each told where it belongs."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import structlog

from bot.domain.failures import Collected, FailureBatch, batch_job
from bot.domain.work import FOR_A_DAY
from bot.services.alert_ports import AlertMeter, Alerts, NoAlertMeter
from bot.services.alert_routes import Router
from bot.services.ports import DurableSteps, ReportedFailures

log = structlog.get_logger(__name__)

_HELD = (30.0, 60.0, 120.0)
"""Seconds between looks at whose failures are, where a cluster does not tell."""


class FailureService:
    """The handler of jobs of kind `failures`. Holds no state: all of it is in the database."""

    def __init__(
        self,
        reported: ReportedFailures,
        router: Router,
        alerts: Alerts,
        meter: AlertMeter | None = None,
    ) -> None:
        self._reported = reported
        self._router = router
        self._alerts = alerts
        self._meter = meter or NoAlertMeter()

    async def tell(self, batch: FailureBatch, steps: DurableSteps) -> None:
        """Ends once every failure of the batch is in a channel's line, or in an alert there."""
        collected = await steps.run("collect", partial(self._collect, batch), FOR_A_DAY)
        if collected.held:
            job = batch_job(batch.number, _HELD[batch.held])
            held = batch.held + 1
            body = replace(batch, held=held)
            await steps.start(replace(job, key=f"{job.key}:held:{held}", body=body))

    async def _collect(self, batch: FailureBatch) -> Collected:
        """Done again it changes nothing: each failure is placed once in each channel."""
        failures = await self._reported.take(batch.number)
        routed = await self._router.route(failures, is_last=batch.held == len(_HELD))
        come_to = await self._alerts.place(routed.placed)
        self._meter.failures("answered", come_to.answered)
        log.info(
            "failures.collected",
            failures=len(failures),
            looks=come_to.looks,
            joined=come_to.joined,
            answered=come_to.answered,
            held=len(routed.held),
        )
        return Collected(len(failures), len(routed.held))
