"""Judgements that join several signals in ways a runbook's front matter cannot say.

Each is a small function named in the front matter (`judgement: name`). It answers like a rule:
matched with its proofs, ruled out, or undecided for want of a signal.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from bot.diagnosis.findings import Finding
from bot.diagnosis.judgements.changes import first_failure_after_a_change, surroundings_changed
from bot.diagnosis.judgements.files import input_file_missing
from bot.diagnosis.judgements.imports import import_does_work, import_stalled_in_library
from bot.diagnosis.judgements.settings import setting_is_placeholder
from bot.diagnosis.judgements.timeouts import waited_for_other_system
from bot.diagnosis.judgements.together import happened_to_many, happens_here_alone
from bot.diagnosis.judgements.waiting import awaited_run_may_never_come
from bot.domain.evidence import Evidence
from bot.domain.signals import Signals

Judgement = Callable[[Signals, Evidence], Finding]

JUDGEMENTS: Mapping[str, Judgement] = {
    function.__name__: function
    for function in (
        awaited_run_may_never_come,
        first_failure_after_a_change,
        happened_to_many,
        happens_here_alone,
        import_does_work,
        import_stalled_in_library,
        input_file_missing,
        setting_is_placeholder,
        surroundings_changed,
        waited_for_other_system,
    )
}
