"""The workspace of a run: enough people and channels that nobody waits for another's channel."""

from __future__ import annotations

from bot.playground.workspace import InstalledApp, World
from bot.playground.workspace.values import Channel, ChannelKind, Person
from bot.slack.manifest import app_manifest

FAILURES = "C0FAILURES"
"""Where failures that Airflow reports by itself are answered; nobody asks there."""

_PEOPLE, _PRIVATE = 12, 2


def town(channels: int = 10) -> World:
    """A workspace with the bot in every channel."""
    app = InstalledApp.from_manifest(app_manifest())
    people = tuple(
        Person(f"U0PERSON{number:02}", f"person-{number}", f"Person {number}")
        for number in range(_PEOPLE)
    )
    everyone = frozenset({app.bot_user_id, *(person.id for person in people)})
    places = tuple(
        Channel(
            f"C0TEAM{number:04}",
            f"team-{number}",
            ChannelKind.PRIVATE if number < _PRIVATE else ChannelKind.PUBLIC,
            everyone,
        )
        for number in range(channels)
    )
    reported = Channel(FAILURES, "airflow-failures", ChannelKind.PUBLIC, everyone)
    return World(app=app, people=people, channels=(*places, reported))
