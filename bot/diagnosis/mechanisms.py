"""By what mechanism a failure came about, from the words that any library uses for it.

A runbook's signatures know how certain systems put it; other systems and versions put it otherwise.
What they share is a few words close together: something is exceeded and it is a quota, something
is denied and it is a permission. What only a mechanism proves stands back behind every signature.
"""

from __future__ import annotations

import re

import re2

from bot.diagnosis.mechanism_words import GROUPS, LEXICON

_GAP = ".{0,80}"
_TEXT_MAX = 2_000
_GROUP = re.compile(r"<(\w+)>")
_JOINT = re2.compile(r"([a-z])([A-Z][a-z])")  # VcpuLimitExceeded; SPOT_TERMINATION is taken below


def _patterns() -> tuple[tuple[str, str], ...]:
    """Mechanism and pattern, in the order of the lexicon."""
    pairs = (line.split(" ", 1) for line in GROUPS.split("\n") if line)
    groups = {name.strip("<>"): f"(?:{words})" for name, words in pairs}
    found: list[tuple[str, str]] = []
    name = ""
    for line in LEXICON.split("\n"):
        if line.startswith(" "):
            pattern = _GROUP.sub(lambda group: groups[group[1]], line.strip())
            found.append((name, pattern.replace("…", _GAP)))
        else:
            name = line
    return tuple(found)


def _compiled(patterns: tuple[str, ...]) -> re2.Set:
    options = re2.Options()
    options.case_sensitive = False
    options.log_errors = False
    options.max_mem = 64 << 20
    compiled = re2.Set.SearchSet(options)
    for pattern in patterns:
        compiled.Add(pattern)
    compiled.Compile()
    return compiled


_KNOWN = _patterns()
_NAMES = tuple(name for name, _ in _KNOWN)
_SET = _compiled(tuple(pattern for _, pattern in _KNOWN))

MECHANISMS = tuple(dict.fromkeys(_NAMES))
"""Every mechanism that the lexicon knows, the most telling first."""


def mechanism_of(text: str) -> str | None:
    """The most telling mechanism that the words speak of."""
    words = _JOINT.sub(r"\1 \2", text[:_TEXT_MAX]).replace("_", " ")
    hits = _SET.Match(words)
    return _NAMES[min(hits)] if hits else None
