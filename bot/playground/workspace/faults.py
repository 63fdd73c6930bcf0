"""What can be made to go wrong, for whom and how often."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum


class FaultKind(StrEnum):
    """How a Web API call is spoilt."""

    RATE_LIMITED = "rate_limited"  # 429 with Retry-After `seconds`
    SERVER_ERROR = "server_error"  # 500 without JSON
    SLOW = "slow"  # answers after `seconds`
    CUT = "cut"  # carries the call out, then cuts the connection without a reply
    LATE = "late"  # cuts the connection at once, and carries the call out `seconds` later
    DONE_ERROR = "done_error"  # carries the call out, then answers 500 all the same
    DONE_SLOW = "done_slow"  # carries the call out, then answers after `seconds`
    REFUSE = "refuse"  # `ok: false` with `error`: missing_scope, unknown_method, …


@dataclass(frozen=True, slots=True)
class Fault:
    """Spoils the next `times` calls of `method` ("*": of any); None means until cleared."""

    kind: FaultKind
    method: str = "*"
    times: int | None = 1
    seconds: float = 1.0
    error: str = ""


UPLOADS_DISABLED = Fault(
    FaultKind.REFUSE, "files.getUploadURLExternal", times=None, error="file_uploads_disabled"
)


@dataclass(frozen=True, slots=True)
class DeliveryFaults:
    """How events arrive: `duplicates` extra copies each, `twins` more under another `event_id`,
    `delay` seconds late, each copy up to `jitter` seconds more, or held back."""

    duplicates: int = 0
    delay: float = 0.0
    hold: bool = False
    twins: int = 0
    jitter: float = 0.0


@dataclass(slots=True)
class Faults:
    """The faults that are switched on now.

    `read_lag`: so many seconds after it was posted, a message of the app's own shows in
    conversations.history and .replies.
    """

    delivery: DeliveryFaults = DeliveryFaults()
    read_lag: float = 0.0
    _calls: list[Fault] = field(default_factory=list)

    @property
    def calls(self) -> tuple[Fault, ...]:
        return tuple(self._calls)

    def add(self, fault: Fault) -> None:
        self._calls.append(fault)

    def spare_calls(self) -> None:
        """Takes back the faults of calls that were not used up."""
        self._calls.clear()

    def clear(self) -> None:
        self.spare_calls()
        self.delivery = DeliveryFaults()
        self.read_lag = 0.0

    def take(self, method: str) -> Fault | None:
        """The fault that spoils this call, used up by one; None where the call is spared."""
        for index, fault in enumerate(self._calls):
            if fault.method in ("*", method):
                if fault.times is None:
                    return fault
                if fault.times > 1:
                    self._calls[index] = replace(fault, times=fault.times - 1)
                else:
                    del self._calls[index]
                return fault
        return None
