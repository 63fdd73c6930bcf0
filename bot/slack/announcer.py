"""Brings what nobody asked for before people: failures that Airflow reported, in one channel."""

from __future__ import annotations

from dataclasses import dataclass

from bot.domain.questions import Question
from bot.domain.work import Job, Priority, Queue
from bot.slack.arrivals import Place
from bot.slack.jobs import ANNOUNCEMENT
from bot.slack.posts import ANSWER, Notice, Post, message_job


@dataclass(frozen=True, slots=True)
class Announcement:
    """The body of a job of kind "announcement": `question` is answered in a thread that opens at
    `place`."""

    question: Question
    place: Place


@dataclass(frozen=True, slots=True)
class SlackAnnouncer:
    """The port `Announcer` for the channel of this id."""

    channel: str

    def diagnosis(self, question: Question, lead: str) -> Job:
        """`lead` opens the thread, and stays above the answer that takes its place."""
        return Job(
            key=question.id,
            kind=ANNOUNCEMENT,
            body=Announcement(question, Place(self.channel, user="", lead=lead)),
            queue=Queue.FAILURES,
            share=question.id,
            priority=Priority.REPORTED,
        )

    def message(self, key: str, text: str) -> Job:
        return message_job(Post(key, ANSWER, Place(self.channel, user=""), Notice(text)), key)
