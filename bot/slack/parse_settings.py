"""Reads the form for a channel's settings: a change of them, or what is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from bot.domain.channel_policies import LANGUAGES, ChannelPolicy, QuietHours
from bot.slack.arrivals import Arrival, FormFaulty, Identity, Ignored, Place, PolicyChange
from bot.slack.filled import chosen_in, held_in, typed_in
from bot.slack.reading import Reading, asker_of, read
from bot.slack.settings_form import PRIVATE, WAITS, Field, read_subject
from bot.slack.surface_shapes import FilledView, FormSent
from bot.words import Sentence, mark

_PATTERN = re.compile(r"[\w.\-*?]{1,250}")
_PATTERNS_MAX = 20


def read_settings(body: Mapping[str, Any], reading: Reading, bot: Identity) -> Arrival:
    sent = read(body, FormSent)
    subject = read_subject(sent.view.private_metadata or "")
    if subject is None:
        return Ignored("settings of no channel")
    view, faults = sent.view, dict[str, Sentence]()
    policy = ChannelPolicy(
        answers_after=_wait(chosen_in(view, Field.WAIT)),
        is_private=chosen_in(view, Field.PRIVACY) == PRIVATE,
        cluster=chosen_in(view, Field.CLUSTER),
        dags=_patterns(typed_in(view, Field.DAGS), faults),
        quiet=_quiet(view, faults),
        language=_language(chosen_in(view, Field.LANGUAGE)),
        version=subject.version + 1,
    )
    place = Place(subject.channel, sent.user.id)
    if faults:
        return FormFaulty(tuple(faults.items()), place, bot.team_id)
    asker = asker_of(sent.user.id, sent.user.team_id or "", bot)
    return PolicyChange(asker, place, policy, f"{bot.team_id}:{subject.channel}:form:{view.id}")


def _wait(value: str) -> int:
    return int(value) if value.isdecimal() and int(value) in WAITS else 0


def _language(code: str) -> str:
    return code if code in LANGUAGES else "en"


def _patterns(words: str, faults: dict[str, Sentence]) -> tuple[str, ...]:
    found = tuple(dict.fromkeys(re.split(r"[,\s]+", words.strip()))) if words.strip() else ()
    wrong = next((one for one in found if not _PATTERN.fullmatch(one)), None)
    if wrong is not None:
        faults[Field.DAGS] = Sentence(
            mark("Write Dag ids, with * and ? if you like, and commas in between.")
        )
    elif len(found) > _PATTERNS_MAX:
        faults[Field.DAGS] = Sentence(
            mark("Write {most} of them at most."), (("most", str(_PATTERNS_MAX)),)
        )
    return found


def _quiet(view: FilledView, faults: dict[str, Sentence]) -> QuietHours | None:
    start = _minutes(held_in(view, Field.FROM).get("selected_time"))
    end = _minutes(held_in(view, Field.TO).get("selected_time"))
    if start is None and end is None:
        return None
    if start is None or end is None:
        faults[Field.TO if end is None else Field.FROM] = Sentence(
            mark("Give both times, or none.")
        )
        return None
    zone = typed_in(view, Field.ZONE)
    try:
        ZoneInfo(zone)
    except (KeyError, ValueError, OSError):
        faults[Field.ZONE] = Sentence(
            mark("I do not know this time zone. Write one like Europe/Berlin or UTC.")
        )
        return None
    chosen = held_in(view, Field.DAYS).get("selected_options") or ()
    values = [str(one.get("value")) for one in chosen if isinstance(one, Mapping)]
    days = tuple(sorted(int(value) for value in set(values) if value in set("0123456")))
    if not days:
        faults[Field.DAYS] = Sentence(mark("Choose a day at least."))
        return None
    return QuietHours(zone, start, end, days)


def _minutes(value: object) -> int | None:
    """Minutes after midnight."""
    if not isinstance(value, str) or not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", value):
        return None
    return int(value[:2]) * 60 + int(value[3:])
