"""Has failures told in the default channel that their own channel does not take."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import structlog

from bot.domain.alerts import Alert, Diverted
from bot.services.alert_ports import AlertMeter, Alerts, NoAlertMeter, Placed
from bot.services.announced import Audience

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Diversion:
    """`default` is the id of that channel, "" where there is none."""

    alerts: Alerts
    default: str
    audience: Callable[[str], Audience]
    meter: AlertMeter = field(default_factory=NoAlertMeter)

    async def divert(self, alert: Alert, reason: str) -> int | None:
        """Ends `alert` and has what fails in it told there, with word of where it belongs; of how
        many failures that channel may not hear. None where there is no other channel. Done again it
        changes nothing. Raises `StoreError`."""
        if self.default in ("", alert.channel):
            return None
        failures = await self.alerts.unanswered(alert.id)
        audience = self.audience(self.default)
        seen, quiet = await audience.shown(failures), await audience.quiet_until()
        diverted = Diverted(alert.channel, reason)
        await self.alerts.place([Placed(one, self.default, quiet, diverted) for one in seen])
        await self.alerts.lose(alert.id)
        self.meter.failures("diverted", len(seen))
        hidden = len(failures) - len(seen)
        self.meter.failures("hidden", hidden)
        log.warning("alerts.diverted", channel=alert.channel, reason=reason, hidden=hidden)
        return hidden
