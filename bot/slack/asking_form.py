"""The names and values of the form that asks what is to be looked at: written by the view, read by
its parser."""

from __future__ import annotations

import json
from enum import StrEnum

from bot.slack.arrivals import Place
from bot.slack.limits import OPTION_VALUE, Limit

ASK_FORM = "ask_about_airflow"
"""The callback id of the form."""


class Field(StrEnum):
    """Block ids of the form; the element in each bears the same action id."""

    WHAT = "ask_what"
    CLUSTER = "ask_cluster"
    DAG = "ask_dag"
    RUN = "ask_run"
    TASK = "ask_task"
    WORDS = "ask_words"
    WHERE = "ask_where"
    CHANNEL = "ask_channel"


class Where(StrEnum):
    PRIVATE = "private"
    CHANNEL = "channel"


# Dag ids take up to 250 characters, more than the value of an option.
_CUT = "…"


def dag_value(cluster: str, dag_id: str) -> str:
    """The value of an option; of a very long id its beginning."""
    value = f"{cluster}|{dag_id}"
    if OPTION_VALUE.fits(value):
        return value
    return value[: OPTION_VALUE.characters - len(_CUT)] + _CUT


def read_dag(value: str) -> tuple[str, str, bool] | None:
    """(cluster, Dag id, whether that is all of it), or None for a value that we never wrote."""
    cluster, _, dag_id = value.partition("|")
    if not cluster or not dag_id:
        return None
    return cluster, dag_id.removesuffix(_CUT), not dag_id.endswith(_CUT)


_URL = Limit(1_000)


def kept_place(place: Place) -> str:
    """What the form has to remember of where it was asked for, as its private metadata."""
    url = place.response_url or ""
    return json.dumps({"channel": place.channel, "response_url": url if _URL.fits(url) else ""})


def read_place(text: str, user: str) -> Place:
    """`text` comes back from Slack, which nobody else can write."""
    try:
        found = json.loads(text)
    except ValueError:
        found = {}
    kept = found if isinstance(found, dict) else {}
    return Place(
        channel=str(kept.get("channel") or ""),
        user=user,
        response_url=str(kept.get("response_url") or "") or None,
    )
