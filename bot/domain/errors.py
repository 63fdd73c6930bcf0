"""Everything this project raises on purpose.

BotError
 ├── ConfigError          the settings are wrong; carries every fault at once
 ├── RunbookError         a runbook file cannot be used; names the file and the line
 ├── CorpusError          an evaluation file or recording cannot be read
 ├── ExportError          a dataset cannot be written there, or not now
 │    └── ExportRefused     its rows may not leave; what was written of them is gone
 ├── StoreError           the database refused or holds another schema
 ├── AirflowError         a cluster cannot be used at all (single calls become gaps instead)
 │    ├── AirflowLoginError
 │    └── AirflowUnavailable     breaker open, or nothing answers
 ├── ModelError           the language model gave nothing usable
 ├── NotTold              Slack does not say what a right rests on, e.g. who is in a group
 │    └── MayNotAsk      the app was never given the scope to ask that
 ├── OnCallError          a source does not say who is on call, or a rota cannot be used
 └── BadRequest           what the user asked for cannot be done; the message is shown to them
"""

from __future__ import annotations

from collections.abc import Sequence


class BotError(Exception):
    """Base of all errors raised on purpose; the message names the thing and the remedy.

    `final`: the same would only happen again, so a step that raised it is not tried again.
    """

    final = False


class ConfigError(BotError):
    """The settings are wrong. `faults` holds one line for each wrong or missing key."""

    final = True

    def __init__(self, faults: Sequence[str]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(self.faults))


class RunbookError(BotError):
    """A runbook file cannot be used; the other files stay in force."""


class CorpusError(BotError):
    """An evaluation corpus or a recording cannot be read."""


class ExportError(BotError):
    """A dataset cannot be written as it was asked for."""


class ExportRefused(ExportError):
    """Rows of it may not leave, or are not what they were."""

    final = True


class StoreError(BotError):
    """The database cannot be used as it is."""


class NotReadable(StoreError):
    """What is kept there was written by another version of the bot, or is damaged."""

    final = True


class AirflowError(BotError):
    """A cluster cannot be used at all. A single call that fails becomes a `Gap` instead."""


class AirflowLoginError(AirflowError):
    """The cluster refused the credentials."""


class AirflowUnavailable(AirflowError):
    """The cluster does not answer, or the breaker is open to spare it."""


class ModelError(BotError):
    """The language model gave nothing usable: down, slow, over budget, refusing, or rubbish."""


class OnCallError(BotError):
    """A source does not say who is on call. `faults` holds one line for each wrong place of a
    rota."""

    def __init__(self, *faults: str) -> None:
        self.faults = faults
        super().__init__("\n".join(faults))


class NotTold(BotError):
    """The workspace does not say who belongs to what, now or to this app."""


class MayNotAsk(NotTold):
    """It never will: the app lacks the scope, or is not in the channel."""


class BadRequest(BotError):
    """What the user asked for cannot be done; the message is written for them."""

    final = True
