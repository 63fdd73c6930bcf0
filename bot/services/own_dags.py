"""Which Dags are somebody's: by the patterns they saved, by settings, by their name or address."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from bot.domain.people import Profile
from bot.questions.names import plain
from bot.words import say


@dataclass(frozen=True, slots=True)
class Ownership:
    """`mapping` gives Airflow's owners the Slack ids, addresses or names of the people they are."""

    profile: Profile
    patterns: Sequence[str]
    mapping: Mapping[str, Sequence[str]]

    def by_pattern(self, dag_id: str) -> str:
        """Why it is theirs, in words; "" where no pattern of theirs fits."""
        low = dag_id.lower()
        hit = next((one for one in self.patterns if fnmatchcase(low, one.lower())), "")
        return say("your pattern {pattern}", pattern=hit) if hit else ""

    def by_owner(self, owners: Sequence[str]) -> str:
        """The same by what Airflow calls the Dag's owners."""
        for owner in owners:
            people = self.mapping.get(owner)
            if people is not None and self._is_among(people):
                return say("owner {owner}, yours by the settings", owner=owner)
            if owner.lower() == self.profile.email.lower() != "":
                return say("owner {owner}, your e-mail address", owner=owner)
            if plain(owner) in self._names:
                return say("owner {owner}, your name", owner=owner)
        return ""

    @property
    def known_as(self) -> tuple[str, ...]:
        """What is looked for among owners."""
        said = (self.profile.email, *self.profile.names, *self._owners)
        return tuple(dict.fromkeys(one for one in said if one))

    @property
    def _owners(self) -> list[str]:
        return [owner for owner, people in self.mapping.items() if self._is_among(people)]

    def _is_among(self, people: Sequence[str]) -> bool:
        wanted = {one.lower().lstrip("@") for one in people}
        mine = {self.profile.user_id.lower(), self.profile.email.lower()}
        mine |= {name.lower() for name in self.profile.names}
        return bool(wanted & (mine - {""}))

    @property
    def _names(self) -> frozenset[str]:
        """Names in plain words; of an address what stands before the @."""
        names = {plain(name) for name in self.profile.names}
        local = self.profile.email.partition("@")[0]
        return frozenset((names | {plain(local)}) - {""})
