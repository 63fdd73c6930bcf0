"""Puts the Slack side together: what takes in, what works, and the client that both speak with."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from slack_sdk.errors import SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from bot.domain.casework import TAKE_BACK
from bot.domain.privacy import TAKE_AWAY
from bot.domain.questions import Intent
from bot.domain.work import CALLED_OFF, FORGET
from bot.services.access_ports import Directory
from bot.services.dag_names import DagNames, no_names
from bot.services.dead_letters import UNFINISHED
from bot.services.home import HomeService
from bot.services.languages import Languages
from bot.services.link_cards import LinkCards
from bot.services.no_meter import NoMeter
from bot.services.people_ports import Privacy
from bot.services.ports import DurableSteps, Intake, Meter, PostLedger
from bot.services.readers import Everybody as EverybodyReads
from bot.services.readers import Readers
from bot.services.talk import TalkRecords, WorkRecords
from bot.slack.alert_cards import Alerting
from bot.slack.alert_desk import AlertDesk
from bot.slack.arrivals import Command, PolicyChange
from bot.slack.belonging import SlackBelonging, people_of
from bot.slack.bolt import build_app
from bot.slack.case_desk import CaseDesk, Casing
from bot.slack.case_unsaid import Unsaid
from bot.slack.channel_homes import ChannelHomes
from bot.slack.channel_kit import Kit
from bot.slack.client import web_client
from bot.slack.config import SlackConfig
from bot.slack.desk import Answers, Records, SlackDesk, excused
from bot.slack.draw import Style
from bot.slack.escalation_calling import Calling
from bot.slack.escalation_desk import EscalationDesk
from bot.slack.escalation_missed import Heard, Missed, Threads
from bot.slack.escalation_readers import ForReaders
from bot.slack.forgetting import Forgetting
from bot.slack.forms import Cases, Forms, Opener, Preferring
from bot.slack.gestures import Gestures
from bot.slack.growth_desk import Growing, GrowthDesk
from bot.slack.home import HomeDesk
from bot.slack.home_arrivals import HOME, UNFURL
from bot.slack.inbox import Engaged, Inbox
from bot.slack.jobs import (
    ARRIVAL,
    EDIT,
    MESSAGE,
    OVERHEARD,
    POST,
    SETTINGS,
    STOPPED,
    TALK,
    UNANSWERED,
    WORKSPACE_GONE,
)
from bot.slack.leaving import Leaving
from bot.slack.locales import SlackLocales
from bot.slack.onlooking import Everybody, Rights
from bot.slack.outgoing import Outgoing
from bot.slack.outsiders import Outsiders
from bot.slack.overhearing import Overhearing
from bot.slack.pace import Pace
from bot.slack.parse import Parser
from bot.slack.people import SlackPeople
from bot.slack.posting import Poster
from bot.slack.reading import Redact
from bot.slack.refusals import UNSURE, SlackUnavailable, word_for
from bot.slack.replies import Replies, Whispers, never
from bot.slack.settings_desk import SettingsDesk
from bot.slack.several import in_its_workspace
from bot.slack.side import Door, Handler, SlackSide
from bot.slack.speaking import in_its_language
from bot.slack.streaming import Streams
from bot.slack.tabs import Tabs
from bot.slack.taking_away import TakingAway
from bot.slack.talk.deleting import Deletion
from bot.slack.talk.desk import TalkDesk
from bot.slack.talk.hearing import Hearing
from bot.slack.unfurl import UnfurlDesk
from bot.slack.unrefined import Read, Unrefined


@dataclass(frozen=True, slots=True)
class TakingIn:
    """What a process needs that lets events in; `bridged` gives the threads of escalations, where
    humans are called, `heard` what was taken on in a thread, `cases` a resolved case by its id."""

    intake: Intake
    engaged: Engaged
    keeps_out: Engaged
    names: DagNames = field(default_factory=no_names)
    preferring: Preferring | None = None
    settings: SettingsDesk | None = None
    bridged: Threads | None = None
    heard: Heard | None = None
    cases: Cases | None = None


@dataclass(frozen=True, slots=True)
class Working:
    """What a process needs that answers; without `calling` no human is called. `read` gives work as
    it was handed in, `rights` says what may be shown to whom, `whispers` which commands are
    answered to their asker alone, `readers` what of an escalation may be said where, `privacy`
    whose words are kept."""

    answers: Answers
    records: Records
    ledger: PostLedger
    read: Read
    talk: TalkRecords
    work: WorkRecords
    calling: Calling | None = None
    rights: Rights = field(default_factory=Everybody)
    whispers: Whispers = never
    home: HomeService | None = None
    settings: SettingsDesk | None = None
    links: LinkCards | None = None
    readers: Readers = field(default_factory=EverybodyReads)
    alerting: Alerting | None = None
    leaving: Leaving | None = None
    directory: Directory | None = None
    privacy: Privacy | None = None
    growing: Growing | None = None
    casing: Casing | None = None


@dataclass(frozen=True, slots=True)
class Services:
    """What the Slack side needs of the rest; without `taking_in` or `working` it leaves that to
    other processes. `now` gives aware UTC times; `sleep` lets seconds pass, which `pace` counts."""

    redact: Redact
    now: Callable[[], datetime]
    taking_in: TakingIn | None = None
    working: Working | None = None
    meter: Meter = field(default_factory=NoMeter)
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    pace: Pace = field(default_factory=Pace)
    clock: Callable[[], float] = time.monotonic


def build_slack(config: SlackConfig, services: Services) -> SlackSide:
    """The Slack side over `services`; nothing is sent before it is opened."""
    client = web_client(config, config.bot_token, services.meter)
    gestures = Gestures(client, services.sleep)
    working = services.working
    directory = (working.directory if working else None) or SlackBelonging(
        config, services.meter, services.clock
    )
    languages = _languages(services, people_of(directory, client), gestures)
    outgoing = Outgoing(client, services.meter, services.pace)
    handlers: dict[str, Handler] = {}
    door, missed = None, None
    if working is not None:
        outsiders = Outsiders(directory)
        handlers = _work(
            config, services, working, client, outgoing, gestures, languages, outsiders
        )
    if services.taking_in is not None:
        parser = Parser(
            services.redact,
            services.now,
            config.origin,
            config.command,
            config.overhears,
            config.bridges,
        )
        taking_in = services.taking_in
        forms = _forms(taking_in, gestures, outgoing, languages)
        inbox = Inbox(
            parser,
            taking_in.intake,
            taking_in.engaged,
            services.meter,
            taking_in.keeps_out,
            config.origin,
        )
        door = Door(build_app(config, inbox, forms, gestures), inbox)
        if taking_in.bridged is not None and taking_in.heard is not None:
            missed = Missed(
                taking_in.bridged,
                parser,
                taking_in.intake,
                taking_in.keeps_out,
                gestures,
                services.now,
                taking_in.heard,
            )
    return SlackSide(config, client, gestures, handlers, door, services.sleep, missed)


def _work(
    config: SlackConfig,
    services: Services,
    working: Working,
    client: AsyncWebClient,
    outgoing: Outgoing,
    gestures: Gestures,
    languages: Languages,
    outsiders: Outsiders,
) -> dict[str, Handler]:
    """The handlers of all kinds of jobs, each in its workspace and in the language of its place."""
    calling = working.calling
    handlers = _handlers(config, services, working, outgoing, gestures, outsiders, languages)
    if working.home is not None:
        handlers[UNFURL] = UnfurlDesk(client, working.links).work
        kept = calling.escalations if calling is not None else None
        unquote, unname = (kept.forget, kept.unname) if kept else (None, None)
        forgetting = Forgetting(working.talk, unquote, unname)
        handlers[HOME] = HomeDesk(working.home, Tabs(client), gestures, forgetting).work
    if working.leaving is not None:
        handlers[WORKSPACE_GONE] = working.leaving.leave
    on_call = calling.channel if calling is not None else ""
    # A post finds its language out by itself, and keeps it.
    spoken = {
        kind: one if kind == POST else in_its_language(one, languages, on_call)
        for kind, one in handlers.items()
    }
    return {kind: in_its_workspace(kind, one, config) for kind, one in spoken.items()}


def _languages(services: Services, people: SlackPeople, gestures: Gestures) -> Languages:
    """As channels have it set, and people in Slack."""
    sides = (services.working, services.taking_in)
    settings = next((one.settings for one in sides if one is not None and one.settings), None)

    async def home() -> str:
        try:
            return (await gestures.identity()).team_id
        except (SlackClientError, *UNSURE) as error:
            raise SlackUnavailable(word_for(error)) from error

    policies = settings.policies if settings is not None else None
    return Languages(policies, SlackLocales(people), home)


def _forms(
    taking_in: TakingIn, gestures: Gestures, outgoing: Outgoing, languages: Languages
) -> Forms:
    settings = taking_in.settings
    openers: dict[Intent, Opener] = {}
    if settings is not None:
        openers[Intent.SETTINGS] = partial(settings.open, gestures)
    names, preferring = taking_in.names, taking_in.preferring
    return Forms(gestures, outgoing, names, openers, preferring, languages, taking_in.cases)


async def _opened(command: Command, steps: DurableSteps) -> None:
    """Its form was opened while Slack waited; there is no more to do."""


def _beside(
    config: SlackConfig, services: Services, settings: SettingsDesk | None, replies: Replies
) -> dict[str, Handler]:
    """What is done besides answering, where channels have settings."""
    if settings is None:
        return {}
    gestures = replies.kit.gestures
    overhearing = Overhearing(
        settings.policies, gestures, services.redact, services.now, config.origin, config.command
    )

    async def change(body: PolicyChange, steps: DurableSteps) -> None:
        channel = replies.private(body.place, body.key.partition(":")[0], body.key, steps)
        await excused(settings.change(body, channel, steps), body.key, channel)

    return {SETTINGS: change, OVERHEARD: overhearing.heard, UNANSWERED: overhearing.due}


def _poster(
    config: SlackConfig,
    services: Services,
    working: Working,
    outgoing: Outgoing,
    gestures: Gestures,
    languages: Languages,
) -> Poster:
    return Poster(
        outgoing,
        gestures,
        working.ledger,
        Style(config.has_model, calls_humans=working.calling is not None),
        services.now,
        config.call_timeout,
        config.read_lag,
        services.sleep,
        Streams(outgoing.client, services.pace),
        languages,
    )


def _handlers(
    config: SlackConfig,
    services: Services,
    working: Working,
    outgoing: Outgoing,
    gestures: Gestures,
    outsiders: Outsiders,
    languages: Languages,
) -> dict[str, Handler]:
    poster = _poster(config, services, working, outgoing, gestures, languages)
    kit = Kit(poster, gestures, config.progress_every, services.sleep)
    replies = Replies(kit, services.redact, working.whispers)
    unrefined = Unrefined(poster, working.read)
    commands = {Intent.SETTINGS: _opened} if working.settings else {}
    hearing = Hearing(working.talk, working.work, outsiders, gestures, working.privacy)
    desk = SlackDesk(
        working.answers,
        working.records,
        replies,
        unrefined,
        commands,
        working.rights,
        hearing,
    )
    readers = ForReaders(working.readers)
    humans = working.calling and EscalationDesk(
        working.calling, working.records, replies, hearing, readers, working.rights
    )
    homes = ChannelHomes(outgoing.client, config)
    alerts = working.alerting and AlertDesk(working.alerting, replies, homes, working.calling)
    casing = working.casing and CaseDesk(working.casing, working.records, replies, hearing, readers)
    growing = working.growing and GrowthDesk(working.growing, replies, homes)
    forget = working.calling.escalations.forget if working.calling else None
    unsaid = Unsaid(poster, working.read, working.records)
    deletion = Deletion(working.talk, working.work, poster, forget, unsaid)
    talk = TalkDesk(working.talk, working.work, working.records.rate, replies, deletion)
    return {
        **(humans.handlers if humans else {}),
        **(alerts.handlers if alerts else {}),
        **(growing.handlers if growing else {}),
        **(casing.handlers if casing else {}),
        **_beside(config, services, working.settings, replies),
        ARRIVAL: humans.bridged(desk.work) if humans else desk.work,
        MESSAGE: desk.say,
        POST: poster.work,
        CALLED_OFF: desk.call_off,
        UNFINISHED: unrefined.give_up,
        STOPPED: desk.stopped,
        TALK: talk.do,
        EDIT: talk.do,
        FORGET: hearing.forget,
        TAKE_AWAY: TakingAway(poster).work,
        TAKE_BACK: unsaid.work,
    }
