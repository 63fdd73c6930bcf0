"""The manifest asks for what the listeners need, and the listeners use what it asks for."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest
from slack_bolt.async_app import AsyncApp

from bot.domain.questions import Intent
from bot.slack.arrivals import FormWanted, Place
from bot.slack.blocks.asking import asking_form
from bot.slack.case_values import CaseAct
from bot.slack.escalation_presses import ASK_HUMAN, Act
from bot.slack.forms import Forms
from bot.slack.growth_values import DraftAct
from bot.slack.manifest import as_json, bot_events, manifest, optional_scopes, required_scopes
from bot.slack.parse import EVENTS
from bot.slack.parse_assistant import ASSISTANT_EVENTS
from bot.slack.parse_surfaces import EVENTS as SURFACE_EVENTS
from bot.slack.parse_surfaces import FORMS
from bot.slack.presses import RATING_FORM, Press
from bot.slack.surfaces import Surface, all_surfaces

BACK = "https://bot.example.com/slack/oauth_redirect"
_ROOT = Path(__file__).parent.parent.parent


class ListeningApp:
    """Notes what a surface listens to."""

    def __init__(self) -> None:
        self.heard: set[tuple[str, str]] = set()

    def _note(self, kind: str, what: str | re.Pattern[str]) -> Callable[[Any], Any]:
        self.heard.add((kind, what if isinstance(what, str) else what.pattern))
        return lambda listener: listener

    def event(self, what: str, matchers: object = None) -> Callable[[Any], Any]:
        return self._note("event", what)

    def action(self, what: re.Pattern[str]) -> Callable[[Any], Any]:
        return self._note("action", what)

    def command(self, what: str) -> Callable[[Any], Any]:
        return self._note("command", what)

    def options(self, what: str) -> Callable[[Any], Any]:
        return self._note("options", what)

    def message_shortcut(self, what: str) -> Callable[[Any], Any]:
        return self._note("message", what)

    def global_shortcut(self, what: str) -> Callable[[Any], Any]:
        return self._note("global", what)

    def view(self, what: str) -> Callable[[Any], Any]:
        return self._note("view", what)


def heard_by(surface: Surface) -> set[tuple[str, str]]:
    app = ListeningApp()
    surface.register(cast(AsyncApp, app), cast(Forms, None), "/airflow")
    return app.heard


SURFACES = all_surfaces()
HEARD = {surface.name: heard_by(surface) for surface in SURFACES}


def test_the_committed_manifest_is_the_one_that_the_surfaces_make() -> None:
    assert (_ROOT / "manifest.json").read_text() == as_json(manifest(SURFACES))


def test_every_file_of_the_package_is_a_surface() -> None:
    files = {path.stem for path in (_ROOT / "bot/slack/surfaces").glob("[a-z]*.py")}
    assert len(SURFACES) == len(files)
    assert len({surface.name for surface in SURFACES}) == len(files)


def test_every_event_that_is_asked_for_is_read_and_every_other_is_not() -> None:
    # Apps that were made earlier get some that new ones cannot ask for.
    read = {*EVENTS, *SURFACE_EVENTS} - set(ASSISTANT_EVENTS)
    assert {event.partition(".")[0] for event in bot_events(SURFACES)} == read


def test_no_surface_listens_to_events_which_are_acknowledged_once_taken_on() -> None:
    assert not [heard for heard in HEARD.values() for kind, _ in heard if kind == "event"]


@pytest.mark.parametrize("surface", SURFACES, ids=lambda surface: surface.name)
def test_a_surface_says_whether_it_is_interactive_or_a_command(surface: Surface) -> None:
    kinds = {kind for kind, _ in HEARD[surface.name]}
    assert surface.interactive == bool(kinds - {"command"})
    assert (surface.command is not None) == ("command" in kinds)


def test_every_shortcut_of_the_manifest_has_its_listener_and_every_listener_its_entry() -> None:
    heard = {one for heard in HEARD.values() for one in heard if one[0] in ("message", "global")}
    declared = manifest(SURFACES)["features"]["shortcuts"]
    assert {(one["type"], one["callback_id"]) for one in declared} == heard
    for one in declared:
        assert len(one["name"]) <= 24
        assert len(one["description"]) <= 150


def test_every_button_and_form_of_ours_has_its_listener() -> None:
    actions = {what for heard in HEARD.values() for kind, what in heard if kind == "action"}
    forms = {what for heard in HEARD.values() for kind, what in heard if kind == "view"}
    # Links are opened by the browser and need no more than an acknowledgement.
    presses = {press.pattern().pattern for press in Press if press is not Press.OPEN}
    acts = {act.pattern().pattern for act in (*Act, *CaseAct, *DraftAct)}
    assert actions == {*presses, *acts, ASK_HUMAN}
    assert forms == {RATING_FORM, *FORMS}


def test_every_menu_that_the_app_fills_has_its_listener() -> None:
    menus = {what for heard in HEARD.values() for kind, what in heard if kind == "options"}
    form = asking_form(FormWanted("t", Intent.DIAGNOSE, Place("", "U1")), ("a", "b"))
    elements = [block["element"] for block in form["blocks"]]
    external = {one["action_id"] for one in elements if one["type"] == "external_select"}
    assert menus == external


@pytest.mark.parametrize(
    ("event", "scope"),
    [
        ("app_mention", "app_mentions:read"),
        ("message.im", "im:history"),
        ("message.channels", "channels:history"),
        ("message.groups", "groups:history"),
    ],
)
def test_each_event_comes_with_the_scope_that_slack_demands_for_it(event: str, scope: str) -> None:
    assert event in bot_events(SURFACES)
    assert scope in required_scopes(SURFACES) | optional_scopes(SURFACES)


def test_with_an_address_the_manifest_is_for_signed_http() -> None:
    made = manifest(SURFACES, request_url="https://bot.example.com/slack/events")
    assert made["settings"]["socket_mode_enabled"] is False
    for part in (
        made["settings"]["event_subscriptions"],
        made["settings"]["interactivity"],
    ):
        assert part["request_url"] == "https://bot.example.com/slack/events"
    assert made["features"]["slash_commands"][0]["url"] == "https://bot.example.com/slack/events"


def test_the_manifest_keeps_to_slacks_lengths() -> None:
    made = manifest(SURFACES)
    about = made["display_information"]
    assert len(about["name"]) <= 35
    assert len(about["description"]) <= 140
    assert 174 <= len(about["long_description"]) <= 4_000
    assert len(made["features"]["bot_user"]["display_name"]) <= 80
    assert all(len(one["usage_hint"]) <= 1_000 for one in made["features"]["slash_commands"])


def test_links_are_asked_for_only_with_the_domains_they_are_about() -> None:
    made = manifest(SURFACES)
    assert "unfurl_domains" not in made["features"]
    assert "link_shared" not in made["settings"]["event_subscriptions"]["bot_events"]
    assert not [scope for scope in made["oauth_config"]["scopes"]["bot"] if "links" in scope]
    made = manifest(SURFACES, unfurl_domains=["airflow.example.com"])
    assert made["features"]["unfurl_domains"] == ["airflow.example.com"]
    assert "link_shared" in made["settings"]["event_subscriptions"]["bot_events"]
    assert {"links:read", "links:write"} <= set(made["oauth_config"]["scopes"]["bot"])


def test_the_agent_view_keeps_to_slacks_lengths_and_the_home_tab_is_on() -> None:
    features = manifest(SURFACES)["features"]
    assert len(features["agent_view"]["agent_description"]) <= 300
    assert 0 < len(features["agent_view"]["suggested_prompts"]) <= 4
    assert features["app_home"]["home_tab_enabled"] is True


def test_an_app_for_several_workspaces_names_where_people_come_back_and_whether_tokens_end() -> (
    None
):
    usual = manifest(all_surfaces())
    assert "redirect_urls" not in usual["oauth_config"]
    assert usual["settings"]["token_rotation_enabled"] is False
    several = manifest(all_surfaces(), redirect_url=BACK, rotates=True)
    assert several["oauth_config"]["redirect_urls"] == [BACK]
    assert several["settings"]["token_rotation_enabled"] is True
    assert {"app_uninstalled", "tokens_revoked"} <= set(
        several["settings"]["event_subscriptions"]["bot_events"]
    )
