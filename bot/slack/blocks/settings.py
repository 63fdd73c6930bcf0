"""The form for what the bot does in a channel; for those who may not change it, what stands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bot.domain.channel_policies import EVERY_DAY, LANGUAGES, ChannelPolicy, clock
from bot.slack.blocks.kit import Block, Element, context, plain, rich, section, text
from bot.slack.limits import MODAL_TITLE, OPTION_VALUE, OPTIONS_PER_SELECT
from bot.slack.settings_form import (
    PRIVATE,
    PUBLIC,
    SETTINGS_FORM,
    WAITS,
    Field,
    Subject,
    kept_subject,
)
from bot.words import mark, say

DAYS = (
    mark("Monday"),
    mark("Tuesday"),
    mark("Wednesday"),
    mark("Thursday"),
    mark("Friday"),
    mark("Saturday"),
    mark("Sunday"),
)
_TITLE = mark("Settings of this channel")
_TYPED_MAX = 500
_PATTERNS_MAX = 3_000  # as much as Slack lets anybody type
_PRIVACY = {
    PUBLIC: mark("Everybody in the thread"),
    PRIVATE: mark("The asker alone, who may share them"),
}


def settings_form(
    policy: ChannelPolicy, subject: Subject, clusters: Sequence[str], zone: str
) -> dict[str, Any]:
    """`zone` stands in the form where no quiet hours are set yet."""
    quiet = policy.quiet
    blocks = [
        _input(
            Field.WAIT, say("Which questions do I answer?"), _select(_waits(), str(_wait(policy)))
        ),
        _input(
            Field.PRIVACY,
            say("Who sees the answers?"),
            _radio({at: say(one) for at, one in _PRIVACY.items()}, _privacy(policy)),
        ),
        *_cluster(policy, clusters),
        _input(
            Field.DAGS,
            say("Dags that are meant where several fit"),
            _typed(_joined(policy.dags), "team_a_*, orders_*", _PATTERNS_MAX),
            optional=True,
        ),
        _input(Field.LANGUAGE, say("Language of the answers"), _select(LANGUAGES, policy.language)),
        _input(
            Field.FROM,
            say("Quiet hours from"),
            _time(f"{clock(quiet.start):%H:%M}" if quiet else ""),
            optional=True,
            hint=say("In these I answer mentions only, and failures that Airflow reports wait."),
        ),
        _input(
            Field.TO, say("To"), _time(f"{clock(quiet.end):%H:%M}" if quiet else ""), optional=True
        ),
        _input(Field.DAYS, say("On"), _days(quiet.days if quiet else EVERY_DAY)),
        _input(
            Field.ZONE, say("Time zone"), _typed(quiet.zone if quiet else zone, "Europe/Berlin")
        ),
    ]
    return {
        "type": "modal",
        "callback_id": SETTINGS_FORM,
        "private_metadata": kept_subject(subject),
        "title": plain(MODAL_TITLE.head(say(_TITLE))),
        "submit": plain(say("Save")),
        "close": plain(say("Cancel")),
        "blocks": blocks,
    }


def settings_shown(policy: ChannelPolicy, who: str) -> dict[str, Any]:
    """The same to be read. `who` may change it, in words."""
    rows = [
        rich(section(text(f"{label}: ", bold=True), text(value)))
        for label, value in facts_of(policy).items()
    ]
    return {
        "type": "modal",
        "callback_id": SETTINGS_FORM,
        "title": plain(MODAL_TITLE.head(say(_TITLE))),
        "close": plain(say("Close")),
        "blocks": [*rows, context(say("These may be changed by {who}.", who=say(who)))],
    }


def facts_of(policy: ChannelPolicy) -> Mapping[str, str]:
    """What stands, in words."""
    quiet = policy.quiet
    hours = say("none")
    if quiet is not None:
        days = say("every day")
        if len(quiet.days) < len(DAYS):
            days = ", ".join(say(DAYS[day]) for day in sorted(quiet.days))
        hours = say(
            "{begin} to {end} ({zone}), {days}",
            begin=f"{clock(quiet.start):%H:%M}",
            end=f"{clock(quiet.end):%H:%M}",
            zone=quiet.zone,
            days=days,
        )
    waits = _waits().get(str(policy.answers_after)) or say(
        "Also those that nobody answers in {n} minutes", n=policy.answers_after
    )
    return {
        say("Questions"): waits,
        say("Answers are for"): say(_PRIVACY[_privacy(policy)]),
        say("Cluster"): policy.cluster or say("none in particular"),
        say("Dags"): ", ".join(policy.dags) or say("none in particular"),
        say("Language"): LANGUAGES.get(policy.language, policy.language),
        say("Quiet hours"): hours,
    }


def _waits() -> dict[str, str]:
    words = {"0": say("Those that mention me")}
    return words | {
        str(one): say("Also those that nobody answers in {n} minutes", n=one)
        for one in WAITS
        if one
    }


def _wait(policy: ChannelPolicy) -> int:
    return min(WAITS, key=lambda one: abs(one - policy.answers_after))


def _privacy(policy: ChannelPolicy) -> str:
    return PRIVATE if policy.is_private else PUBLIC


def _cluster(policy: ChannelPolicy, clusters: Sequence[str]) -> list[Block]:
    named = {one: one for one in clusters if OPTION_VALUE.fits(one)}
    if len(named) < 2:
        return []
    menu = _select(named, policy.cluster)
    label = say("Cluster that is meant where none is named")
    return [_input(Field.CLUSTER, label, menu, optional=True)]


def _input(
    field: Field, label: str, element: Element, *, optional: bool = False, hint: str = ""
) -> Block:
    return {
        "type": "input",
        "block_id": field.value,
        "label": plain(label),
        "element": {**element, "action_id": field.value},
        "optional": optional,
        **({"hint": plain(hint)} if hint else {}),
    }


def _option(value: str, label: str) -> Element:
    return {"text": plain(label), "value": value}


def _select(options: Mapping[str, str], chosen: str) -> Element:
    made = [_option(value, label) for value, label in options.items()][:OPTIONS_PER_SELECT]
    begun = [one for one in made if one["value"] == chosen]
    return {
        "type": "static_select",
        "options": made,
        **({"initial_option": begun[0]} if begun else {}),
    }


def _radio(options: Mapping[str, str], chosen: str) -> Element:
    return {**_select(options, chosen), "type": "radio_buttons"}


def _days(days: Sequence[int]) -> Element:
    options = [_option(str(day), say(name)) for day, name in enumerate(DAYS)]
    chosen = [options[day] for day in sorted(days)]
    return {"type": "checkboxes", "options": options, "initial_options": chosen}


def _time(begun: str) -> Element:
    return {"type": "timepicker", **({"initial_time": begun} if begun else {})}


def _joined(patterns: Sequence[str]) -> str:
    """As short as they may have been typed where that is needed: half a pattern means others."""
    spaced = ", ".join(patterns)
    return spaced if len(spaced) <= _PATTERNS_MAX else " ".join(patterns)


def _typed(begun: str, placeholder: str, most: int = _TYPED_MAX) -> Element:
    return {
        "type": "plain_text_input",
        "max_length": most,
        "placeholder": plain(placeholder),
        **({"initial_value": begun} if begun else {}),
    }
