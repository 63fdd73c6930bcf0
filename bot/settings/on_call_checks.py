"""What no key of the section `on_call` can say alone."""

from __future__ import annotations

from collections.abc import Iterator

from bot.settings.faults import Fault
from bot.settings.keys import Tree
from bot.settings.on_call import LEVEL, NEEDED, SOURCES

_PATH = ("on_call",)


def on_call_faults(on_call: Tree, slack: Tree) -> Iterator[Fault]:
    """Faults of a section whose single values may still be wrong."""
    pagerduty = on_call.get("pagerduty")
    pagerduty = pagerduty if isinstance(pagerduty, dict) else {}
    if pagerduty:
        for key, remedy in NEEDED.items():
            if key not in pagerduty:
                yield Fault((*_PATH, "pagerduty", key), f"is missing. {remedy}")
    if "user_group" in on_call and slack.get("mode") == "off":
        problem = "cannot be looked at while Slack is off. Set the Slack tokens, or take it out"
        yield Fault((*_PATH, "user_group"), problem)
    given = {
        "rota": "rota" in on_call,
        "pagerduty": pagerduty,
        "user_group": "user_group" in on_call,
    }
    yield from _level_faults(on_call.get("levels"), {name for name in SOURCES if given[name]})


def _level_faults(levels: object, given: set[str]) -> Iterator[Fault]:
    words = levels.split(",") if isinstance(levels, str) else levels
    seen: set[tuple[str, int]] = set()
    for position, word in enumerate(words if isinstance(words, list) else []):
        found = LEVEL.fullmatch(" ".join(str(word).split()))
        if found is None:
            continue
        path, source = (*_PATH, "levels", str(position)), found["source"]
        level = (source, int(found["level"] or 1))
        if source not in given:
            yield Fault(path, f"names {source}, which is not set up. Give on_call.{source} as well")
        elif level in seen:
            problem = f"is a level already. Take it out, or write {source} {level[1] + 1}"
            yield Fault(path, problem)
        elif source == "user_group" and level[1] > 1:
            yield Fault(path, "is more than a user group has: one level. Write user_group")
        seen.add(level)
