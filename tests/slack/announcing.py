"""Announcements as an earlier version handed them in."""

from __future__ import annotations

from bot.domain.questions import Question
from bot.domain.work import Job, Priority, Queue
from bot.slack.announcer import Announcement
from bot.slack.arrivals import Place
from bot.slack.jobs import ANNOUNCEMENT


def announced(channel: str, question: Question, lead: str) -> Job:
    body = Announcement(question, Place(channel, user="", lead=lead))
    return Job(question.id, ANNOUNCEMENT, body, Queue.FAILURES, question.id, Priority.REPORTED)
