"""What a workspace starts with: its team, people, channels, and the app installed in it."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.playground.workspace.grants import OAuthApp
from bot.playground.workspace.values import Channel, ChannelKind, Person

TEAM_ID = "T0LOCAL001"
BOT_USER_ID = "U0AIRFLOW1"
AUTHOR = Person("U0AUTHOR01", "dag-author", "Dag author", "Writes and owns Dags")
ONCALL = Person("U0ONCALL01", "on-call", "On-call engineer", "Answers for the platform this week")
PLATFORM = Person("U0PLATFORM", "platform", "Platform engineer", "Runs Airflow", is_admin=True)

PLATFORM_GROUP = "S0PLATFORM"
SUPPORT_CHANNEL = "C0SUPPORT1"
ONCALL_CHANNEL = "C0ONCALL01"
GENERAL_CHANNEL = "C0GENERAL1"
PRIVATE_CHANNEL = "G0PLATFORM"

ALL_SCOPES = frozenset(
    (
        "app_mentions:read",
        "assistant:write",
        "bookmarks:read",
        "channels:history",
        "channels:join",
        "channels:read",
        "chat:write",
        "commands",
        "files:read",
        "files:write",
        "groups:history",
        "groups:read",
        "im:history",
        "im:read",
        "im:write",
        "links:read",
        "links:write",
        "mpim:history",
        "mpim:read",
        "reactions:read",
        "reactions:write",
        "team:read",
        "usergroups:read",
        "users:read",
        "users:read.email",
    )
)
ALL_EVENTS = frozenset(
    (
        "agent_session_stopped",
        "app_context_changed",
        "app_home_opened",
        "app_mention",
        "app_uninstalled",
        "channel_left",
        "file_deleted",
        "file_shared",
        "group_left",
        "link_shared",
        "member_joined_channel",
        "member_left_channel",
        "message.channels",
        "message.groups",
        "message.im",
        "message.mpim",
        "reaction_added",
        "reaction_removed",
        "tokens_revoked",
    )
)


@dataclass(frozen=True, slots=True)
class Command:
    """A slash command that the app's manifest declares."""

    name: str  # with the slash
    description: str = ""
    usage_hint: str = ""
    should_escape: bool = False  # mentions and links arrive as `<@U…|name>` and `<https://…>`


@dataclass(frozen=True, slots=True)
class Shortcut:
    """`kind` is `message` or `global`."""

    name: str
    callback_id: str
    kind: str
    description: str = ""


@dataclass(frozen=True, slots=True)
class InstalledApp:
    """The app as its manifest describes it: what it may do and what it hears of."""

    id: str = "A0AIRFLOW1"
    name: str = "Airflow Support"
    bot_id: str = "B0AIRFLOW1"
    bot_user_id: str = BOT_USER_ID
    bot_name: str = "airflow"
    scopes: frozenset[str] = ALL_SCOPES
    events: frozenset[str] = ALL_EVENTS
    commands: tuple[Command, ...] = (Command("/airflow", "Ask about Airflow", "help"),)
    shortcuts: tuple[Shortcut, ...] = ()
    agent_view: bool = True
    home_tab: bool = True
    suggested_prompts: tuple[Mapping[str, str], ...] = ()
    unfurl_domains: tuple[str, ...] = ()

    @classmethod
    def from_manifest(cls, manifest: Mapping[str, Any]) -> InstalledApp:
        """Reads Slack's app manifest. Whatever it leaves out, the app does not have."""
        display = manifest.get("display_information", {})
        features = manifest.get("features", {})
        settings = manifest.get("settings", {})
        scopes = manifest.get("oauth_config", {}).get("scopes", {}).get("bot", ())
        agent = features.get("agent_view") or {}
        return cls(
            name=display.get("name", "Airflow Support"),
            bot_name=features.get("bot_user", {}).get("display_name", "airflow").lower(),
            scopes=frozenset(scopes),
            events=frozenset(settings.get("event_subscriptions", {}).get("bot_events", ())),
            commands=tuple(
                Command(
                    c["command"],
                    c.get("description", ""),
                    c.get("usage_hint", ""),
                    bool(c.get("should_escape")),
                )
                for c in features.get("slash_commands", ())
            ),
            shortcuts=tuple(
                Shortcut(s["name"], s["callback_id"], s["type"], s.get("description", ""))
                for s in features.get("shortcuts", ())
            ),
            agent_view=bool(agent),
            home_tab=bool(features.get("app_home", {}).get("home_tab_enabled")),
            suggested_prompts=tuple(agent.get("suggested_prompts", ())),
            unfurl_domains=tuple(features.get("unfurl_domains", ())),
        )


@dataclass(frozen=True, slots=True)
class Credentials:
    """Tokens and secrets of one workspace; fresh ones are made at each start."""

    bot_token: str = field(repr=False)
    app_token: str = field(repr=False)
    signing_secret: str = field(repr=False)
    control_token: str = field(repr=False)

    @classmethod
    def fresh(cls) -> Credentials:
        return cls(
            bot_token=f"xoxb-local-{secrets.token_hex(12)}",
            app_token=f"xapp-local-{secrets.token_hex(12)}",
            signing_secret=secrets.token_hex(16),
            control_token=secrets.token_urlsafe(24),
        )


@dataclass(frozen=True, slots=True)
class UserGroup:
    """People who are named together; `users` are their ids."""

    id: str
    handle: str
    name: str
    users: tuple[str, ...] = ()


PLATFORM_TEAM = UserGroup(
    PLATFORM_GROUP, "platform-team", "Platform team", (ONCALL.id, PLATFORM.id)
)


@dataclass(frozen=True, slots=True)
class World:
    """Who and what is there before anything is said."""

    app: InstalledApp = InstalledApp()
    team_name: str = "Local workspace"
    team_id: str = TEAM_ID
    oauth: OAuthApp = field(default_factory=OAuthApp)
    people: tuple[Person, ...] = (AUTHOR, ONCALL, PLATFORM)
    channels: tuple[Channel, ...] = ()
    groups: tuple[UserGroup, ...] = (PLATFORM_TEAM,)

    @property
    def bot(self) -> Person:
        name = self.app.bot_name.replace(" ", "-")
        return Person(self.app.bot_user_id, name, self.app.name, is_bot=True)

    @property
    def members(self) -> Mapping[str, Person]:
        """Everybody by id, the bot among them."""
        return {person.id: person for person in (*self.people, self.bot)}

    def first_channels(self) -> tuple[Channel, ...]:
        """The configured channels, or four usual ones; the bot is in all but #general."""
        if self.channels:
            return self.channels
        humans = frozenset(person.id for person in self.people)
        everyone = humans | {self.app.bot_user_id}
        return (
            Channel(
                SUPPORT_CHANNEL,
                "airflow-support",
                ChannelKind.PUBLIC,
                everyone,
                "Why did my task fail? Ask here.",
            ),
            Channel(
                ONCALL_CHANNEL,
                "airflow-oncall",
                ChannelKind.PUBLIC,
                everyone,
                "Hand-offs to the on-call engineer",
            ),
            Channel(
                GENERAL_CHANNEL,
                "general",
                ChannelKind.PUBLIC,
                humans,
                "The app is not a member here until somebody adds it",
            ),
            Channel(
                PRIVATE_CHANNEL,
                "platform-team",
                ChannelKind.PRIVATE,
                everyone,
                "Private: the platform team and the app",
            ),
        )
