"""Tells the platform's channel where room ends, in one message for each trouble, and that it is
over."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from bot.answering.capacity import over_words, warning_words
from bot.domain.capacity import CAPACITY_TOLD, CapacityTold
from bot.domain.work import FOR_A_DAY
from bot.services.capacity_ports import CapacityStore
from bot.services.languages import Languages
from bot.services.ports import DurableSteps
from bot.slack.arrivals import Place
from bot.slack.posts import ANSWER, Notice, Post
from bot.slack.saying import Saying
from bot.words import speaking

Handler = Callable[[Any, DurableSteps], Awaitable[Any]]


@dataclass(frozen=True, slots=True)
class Warnings:
    """What warnings are made of, beside Slack."""

    store: CapacityStore
    channel: str
    redact: Callable[[str], str] = str


@dataclass(frozen=True, slots=True)
class CapacityDesk:
    """Does jobs of kind `CAPACITY_TOLD`. `workspace` gives the id of a channel's."""

    warnings: Warnings
    workspace: Callable[[str], Awaitable[str]]
    languages: Languages = field(default_factory=Languages)

    @property
    def handlers(self) -> Mapping[str, Handler]:
        return {CAPACITY_TOLD: self.tell}

    async def tell(self, body: CapacityTold, steps: DurableSteps) -> None:
        """Shows the warning as it is by now. Raises `SlackRefused` where that cannot be."""
        store, channel = self.warnings.store, self.warnings.channel
        warned = await steps.run("look up", partial(store.warned, body.id), FOR_A_DAY)
        if warned is None:
            return
        workspace = await steps.run("workspace", partial(self.workspace, channel), FOR_A_DAY)
        key = f"capacity:{warned.id}"
        saying = Saying(steps, workspace, key)
        with speaking(await self.languages.of(workspace, channel)):
            words = self.warnings.redact(warning_words(warned))
            over = self.warnings.redact(over_words(warned))
        # Its page may be forgotten by then: what changes after weeks is said below the first words.
        place = Place(channel, "", warned.thread or None)
        sent = await saying.say(Post(key, ANSWER + warned.version, place, Notice(words)))
        thread = warned.thread or sent.ts or ""
        if thread and not warned.thread:
            keep = partial(store.put_thread, warned.id, thread)
            await steps.run("keep thread", keep, FOR_A_DAY)
        is_said_below = sent.is_new and bool(warned.thread)
        if warned.is_over and thread and not is_said_below:
            place = Place(channel, "", thread)
            await saying.say(Post(f"{key}:over", ANSWER, place, Notice(over)))
