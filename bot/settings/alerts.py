"""The settings of failures that Airflow reports by itself: where they are told, and how often."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from bot.settings.section import Section
from bot.settings.values import ChannelId, Listed, Secret, WorkspaceId

Words = Annotated[tuple[str, ...], Listed]


class AlertRoute(Section):
    """Failures that fit all of `clusters`, `dags`, `tags` and `owners` that are given are told in
    each of `channels`, which are in `workspace` where the app is installed in several."""

    channels: Annotated[tuple[ChannelId, ...], Listed] = Field(
        description="List ids of Slack channels, e.g. C0123ABCD"
    )
    workspace: WorkspaceId | None = Field(
        None, description="Give the id of a Slack workspace, e.g. T0123ABCD"
    )
    clusters: Words = Field((), description="List names of clusters")
    dags: Words = Field((), description="List Dag ids; * stands for anything, ? for one character")
    tags: Words = Field((), description="List tags of Dags")
    owners: Words = Field((), description="List owners of Dags")


class FailureWebhookSettings(Section):
    """Airflow reports failures by itself at /webhooks/failures; off without a token."""

    token: Secret | None = Field(None, description="Give a long random word that Airflow sends")
    channel: ChannelId | None = Field(
        None, description="Give the id of a Slack channel, e.g. C0123ABCD"
    )
    routes: tuple[AlertRoute, ...] = Field((), description="Write it as a list of routes")
    diagnosed_per_minute: int = Field(
        6, ge=1, le=60, description="Use 1 to 60 threads a minute in each channel"
    )
    join_within: int = Field(
        60, ge=1, le=1_440, description="Use 1 to 1440 minutes for failures of one cause"
    )
    flap_within: int = Field(
        30, ge=1, le=1_440, description="Use 1 to 1440 minutes for what fails again"
    )
    remind_every: int = Field(
        24, ge=0, le=168, description="Use 1 to 168 hours between reminders, 0 for none"
    )
    retries: bool = Field(False, description="Use true to hear of tries that Airflow repeats")
