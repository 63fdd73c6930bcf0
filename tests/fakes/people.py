"""People and what they set, in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from bot.domain.conversations import Turn
from bot.domain.errors import StoreError
from bot.domain.people import Preferences, Profile


@dataclass
class FakeProfiles:
    known: Mapping[str, Profile] = field(default_factory=dict)

    async def profile(self, user_id: str) -> Profile:
        return self.known.get(user_id, Profile(user_id))


@dataclass
class MemoryPreferences:
    """`down` makes every call fail as a database without connection would."""

    kept: dict[tuple[str, str], Preferences] = field(default_factory=dict)
    down: bool = False

    async def preferences(self, workspace: str, user_id: str) -> Preferences:
        if self.down:
            raise StoreError("The database does not answer.")
        return self.kept.get((workspace, user_id), Preferences())

    async def keeps(self, workspace: str, user_id: str) -> bool:
        return (await self.preferences(workspace, user_id)).keeps_conversations

    async def set_patterns(self, workspace: str, user_id: str, patterns: Sequence[str]) -> None:
        known = await self.preferences(workspace, user_id)
        self.kept[workspace, user_id] = replace(known, patterns=tuple(patterns))

    async def set_keeping(self, workspace: str, user_id: str, keeps: bool) -> None:
        known = await self.preferences(workspace, user_id)
        self.kept[workspace, user_id] = replace(known, keeps_conversations=keeps)


@dataclass
class MemoryThreads:
    turns: Mapping[str, Turn] = field(default_factory=dict)

    async def recent(self, workspace: str, user_id: str, limit: int) -> Sequence[Turn]:
        return [turn for turn in self.turns.values() if turn.question.asker.user_id == user_id][
            :limit
        ]
