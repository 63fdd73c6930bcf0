"""What of Slack's side goes through the database.

It loads none of Slack's libraries: whoever only reads it back needs none of them.
"""

from __future__ import annotations

from bot.domain.alerts import (
    Alert,
    AlertCheck,
    AlertList,
    AlertReminder,
    AlertTold,
    AlertWatch,
    Diverted,
    Look,
    Radius,
)
from bot.domain.capacity import CapacityLook, CapacityTold, Warned
from bot.domain.cases import Shown
from bot.domain.casework import CaseWanted, Upkeep, WordsGone
from bot.domain.failures import Collected
from bot.domain.gap_reports import GapReport, ReportLook, ReportWanted
from bot.domain.privacy import OwnPosts
from bot.domain.resolved_cases import ResolvedCase
from bot.domain.runbook_drafts import DraftOffered, Growth, RunbookDraft
from bot.services.alert_ports import Joined, NothingLeft, Opened
from bot.slack.alert_values import AlertCard
from bot.slack.arrivals import (
    Asked,
    Button,
    ButtonPress,
    Command,
    Overheard,
    Pick,
    Place,
    PolicyChange,
    RatingPress,
    Way,
    WorkspaceGone,
)
from bot.slack.case_values import CasePressed
from bot.slack.escalation_types import ESCALATION_TYPES
from bot.slack.growth_values import DraftPressed
from bot.slack.home_arrivals import HomeOpened, KeepingSet, LinksShared, MessagesOpened, PatternsSet
from bot.slack.posts import Face, Later, Notice, Post, Sent
from bot.slack.presses import Words
from bot.slack.talk.kept import KEPT
from bot.slack.work_plan import Stage, StageState, WorkPlan

TYPES: tuple[type, ...] = (
    *ESCALATION_TYPES,
    Alert,
    AlertCard,
    AlertCheck,
    AlertList,
    AlertReminder,
    AlertTold,
    AlertWatch,
    Asked,
    Button,
    ButtonPress,
    CapacityLook,
    CasePressed,
    CaseWanted,
    CapacityTold,
    Collected,
    Command,
    Diverted,
    DraftOffered,
    DraftPressed,
    Face,
    GapReport,
    Growth,
    HomeOpened,
    Joined,
    KeepingSet,
    Later,
    LinksShared,
    Look,
    MessagesOpened,
    NothingLeft,
    Notice,
    Opened,
    Overheard,
    OwnPosts,
    PatternsSet,
    Pick,
    Place,
    PolicyChange,
    Post,
    Radius,
    RatingPress,
    ReportLook,
    ReportWanted,
    RunbookDraft,
    ResolvedCase,
    Sent,
    Shown,
    Stage,
    StageState,
    Upkeep,
    Warned,
    Way,
    Words,
    WordsGone,
    WorkspaceGone,
    WorkPlan,
    *KEPT,
)
"""What of ours goes through the database in jobs and results, besides values of the domain."""
