"""What of this package goes through the database in jobs and results."""

from __future__ import annotations

from bot.services.talk import (
    AnswerPlace,
    Belongings,
    CalledOff,
    Heard,
    MessageKey,
    PageOfPost,
    Stands,
)
from bot.slack.posts import Deed
from bot.slack.presses import Press
from bot.slack.talk.arrivals import (
    ChannelGone,
    Deleted,
    Edited,
    KeepOut,
    Reaction,
    Sign,
    Solved,
    Stop,
    TellMore,
)
from bot.slack.talk.hearing import Forget

KEPT: tuple[type, ...] = (
    AnswerPlace,
    Belongings,
    CalledOff,
    ChannelGone,
    Deed,
    Deleted,
    Edited,
    Forget,
    Heard,
    KeepOut,
    MessageKey,
    PageOfPost,
    Press,
    Reaction,
    Sign,
    Solved,
    Stands,
    Stop,
    TellMore,
)
