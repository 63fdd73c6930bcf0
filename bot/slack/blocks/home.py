"""The Home tab of one person, and the form in which they say which Dags are theirs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from bot.domain.answers import ClusterReport
from bot.domain.home import Home
from bot.domain.people import Preferences
from bot.domain.reports import FailingDag, FailingDags
from bot.slack.blocks.kit import (
    Block,
    Element,
    actions,
    button,
    context,
    divider,
    header,
    link,
    listing,
    plain,
    rich,
    section,
    text,
)
from bot.slack.blocks.mine import and_more, how_matched, mine_headline, not_shown, of_cluster
from bot.slack.blocks.pieces import WARNING, clock, unseen
from bot.slack.blocks.reports import cluster_words
from bot.slack.limits import MODAL_TITLE, Limit
from bot.slack.presses import DROP, KEEP, MY_DAGS, PATTERNS_FIELD, Press
from bot.slack.subcommands import SUBCOMMANDS
from bot.words import mark, say

_NAME = Limit(160)
_CLUSTERS = 10


def home_view(home: Home) -> dict[str, Any]:
    """What Slack shows on the tab."""
    return {
        "type": "home",
        "blocks": [
            *_failing(home),
            *_escalations(home),
            *_platform(home.clusters),
            *_threads(home),
            *_privacy(home.preferences),
            *_help(),
            context(_small_print(home)),
        ],
    }


def first_view() -> dict[str, Any]:
    """Before the first one is there."""
    return {"type": "home", "blocks": [context(say("Looking …"))]}


def _small_print(home: Home) -> str:
    said = say("As of {at}", at=clock(home.made_at))
    if home.missing:
        pieces = ", ".join(map(say, home.missing))
        said += f" · {WARNING} " + say("could not see {pieces}", pieces=pieces)
    return said


def _failing(home: Home) -> Iterator[Block]:
    yield header(say("Your Dags"))
    failing = home.failing
    if failing is not None:
        yield from _failing_dags(failing)
    else:
        sorry = say("I could not look for your Dags just now.")
        yield rich(section(text(f"{WARNING} {sorry}")))
    yield actions(
        [
            button(say("Edit my Dags"), Press.MY_DAGS.value, "edit"),
            button(say("Refresh"), Press.REFRESH.value, "now"),
        ]
    )


def _failing_dags(failing: FailingDags) -> Iterator[Block]:
    yield rich(section(text(mine_headline(failing), bold=True)))
    if failing.dags:
        yield rich(listing(_dag(dag, failing.several_clusters) for dag in failing.dags))
    yield context(not_shown(failing.more), unseen(failing.gaps, 5), how_matched(failing))


def _dag(dag: FailingDag, several: bool) -> Sequence[Element]:
    name = _NAME.head(of_cluster(dag, several))
    named = link(name, dag.link, bold=True) if dag.link else text(name, bold=True)
    task = and_more(_NAME.head(dag.task_id), dag.failed_tasks)
    words = f" · {_came_to(dag, task)} · {_NAME.head(dag.why_yours)}"
    return [text("✅ " if dag.recovered else "❌ "), named, text(words)]


def _came_to(dag: FailingDag, task: str) -> str:
    if dag.failed_at and dag.recovered:
        said = mark("{task} failed at {at}, well again since")
    elif dag.failed_at:
        said = mark("{task} failed at {at}")
    else:
        said = mark("{task} well again since") if dag.recovered else mark("{task} failed")
    return say(said, task=task, at=clock(dag.failed_at))


def _escalations(home: Home) -> Iterator[Block]:
    yield divider()
    yield header(say("Escalations"))
    if not home.escalations:
        yield rich(section(text(say("None of yours is open."))))
        return
    items = []
    for one in home.escalations:
        title = _NAME.head(one.title)
        named = link(title, one.url, bold=True) if one.url else text(title, bold=True)
        items.append([named, text(f" · {_NAME.head(one.standing)}")])
    yield rich(listing(items))


def _platform(clusters: Sequence[ClusterReport]) -> Iterator[Block]:
    yield divider()
    yield header(say("Platform"))
    lines = [section(text(cluster_words(one))) for one in clusters[:_CLUSTERS]]
    yield rich(*(lines or [section(text(say("Nothing is known of it just now.")))]))


def _threads(home: Home) -> Iterator[Block]:
    yield divider()
    yield header(say("Your recent threads"))
    items = []
    for one in home.threads:
        title = _NAME.head(one.title)
        named = link(title, one.url) if one.url else text(title)
        items.append([named, text(f" · {clock(one.at)}", italic=True)])
    yield rich(
        listing(items) if items else section(text(say("You have not asked me anything yet.")))
    )


def _privacy(preferences: Preferences) -> Iterator[Block]:
    yield divider()
    yield header(say("Privacy"))
    if preferences.keeps_conversations:
        words = say(
            "What you ask me is kept with my answer, so that I can go on from there. The button "
            "also deletes what was kept so far, for good: answers stay in Slack, but their buttons "
            "stop working."
        )
        press = button(say("Do not keep my conversations"), Press.KEEPING.value, DROP)
    else:
        words = say(
            "What you ask me is not kept: of an answer I keep what Airflow said, neither your "
            "words nor your name. What was kept before is deleted."
        )
        press = button(say("Keep my conversations"), Press.KEEPING.value, KEEP)
    yield rich(section(text(words)))
    yield actions([press])


def _help() -> Iterator[Block]:
    yield divider()
    yield header(say("What you can ask"))
    known = [
        (text(f"/airflow {one.word}", code=True), text(f"  {say(one.about)}"))
        for one in SUBCOMMANDS
    ]
    yield rich(
        section(
            text(
                say(
                    "Write to me, mention me in a channel or a thread, use “Explain this failure” "
                    "on any message, or a command:"
                )
            )
        ),
        listing(known),
    )


def patterns_form(preferences: Preferences) -> dict[str, Any]:
    """A modal with what is saved in it."""
    begun = "\n".join(preferences.patterns)
    return {
        "type": "modal",
        "callback_id": MY_DAGS,
        "title": plain(MODAL_TITLE.head(say("My Dags"))),
        "submit": plain(say("Save")),
        "close": plain(say("Cancel")),
        "blocks": [
            {
                "type": "input",
                "block_id": PATTERNS_FIELD,
                "optional": True,
                "label": plain(say("Dag ids, one a line")),
                "hint": plain(say("* stands for anything: orders_* for all that begin so.")),
                "element": {
                    "type": "plain_text_input",
                    "action_id": PATTERNS_FIELD,
                    "multiline": True,
                    "max_length": 3_000,
                    "placeholder": plain("orders_*"),
                    **({"initial_value": begun} if begun else {}),
                },
            }
        ],
    }
