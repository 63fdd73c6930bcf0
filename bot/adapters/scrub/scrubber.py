"""The port `Scrubber`: both tools for secrets, then pseudonyms, then both tools once more."""

from __future__ import annotations

import hmac
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache

from bot.adapters.scrub.second_tool import SecondTool, Secret
from bot.diagnosis.redaction import Redactor
from bot.diagnosis.redaction.own import KIND
from bot.learning.pseudonyms import Pseudonyms
from bot.services.scrub_ports import Finding, Names, Scrubbed

MASKED_AGAIN = "secrets (first tool)"
"""Under which it is counted what the tool of entry masks only now: its rules grow."""
_SECOND = "secrets (second tool)"
_NOBODY = Names()
# One detector reports one secret a line at a time.
_PASSES = 8
_NAMINGS = 16
# One line stands in several texts of a row, and is looked at before and after.
_LINES = 8_192
_LINE_MAX = 1_000  # characters of one that is remembered


class SnapshotScrubbers:
    """The port `Scrubbers`. `redactor_of` gives the first tool with tags made by a key; `tool` is
    the second one."""

    def __init__(self, redactor_of: Callable[[bytes], Redactor], tool: SecondTool) -> None:
        self._redactor_of = redactor_of
        self._tool = tool

    def of(self, salt: bytes) -> SnapshotScrubber:
        return SnapshotScrubber(salt, self._redactor_of(salt), self._tool)


class SnapshotScrubber:
    """The scrubber of one snapshot."""

    def __init__(self, salt: bytes, redactor: Redactor, tool: SecondTool) -> None:
        self._salt = salt
        self._redactor = redactor
        self._tool = tool
        self._pseudonyms = lru_cache(_NAMINGS)(self._made)
        self._found_again = lru_cache(_LINES)(lambda line: tuple(tool.find(line)))

    def scrub(self, texts: Sequence[str], names: Names = _NOBODY) -> Scrubbed:
        """What is found is masked and counted. Left over is what cannot be masked, or shows only
        after that; then nothing may leave."""
        counts: Counter[str] = Counter()
        pseudonyms = self._pseudonyms(names)
        clean = []
        for text in texts:
            redacted = self._redactor.scrub(text)
            counts[MASKED_AGAIN] += redacted.count
            lines = [self._masked(line, counts) for line in redacted.text.split("\n")]
            replaced = pseudonyms.replace("\n".join(lines))
            counts.update(replaced.counts)
            clean.append(replaced.text)
        findings = [one for at, text in enumerate(clean) for one in self._left(at, text)]
        return Scrubbed(tuple(clean), tuple(findings), {k: n for k, n in counts.items() if n})

    def _made(self, names: Names) -> Pseudonyms:
        return Pseudonyms(self._salt, people=names.people, hosts=names.hosts, dags=names.dags)

    def _masked(self, line: str, counts: Counter[str]) -> str:
        for _ in range(_PASSES):
            whole = [secret for secret in self._find(line) if secret.is_whole]
            if not whole:
                break
            for secret in sorted(whole, key=lambda one: -len(one.value)):
                if secret.value in line:
                    counts[f"{_SECOND}: {secret.kind}"] += line.count(secret.value)
                    line = line.replace(secret.value, self._tag(secret.value))
        return line

    def _find(self, line: str) -> Iterable[Secret]:
        return self._found_again(line) if len(line) <= _LINE_MAX else self._tool.find(line)

    def _tag(self, value: str) -> str:
        """Of a kind that the first tool knows, or it would take the tag itself for a secret."""
        digest = hmac.new(self._salt, value.encode("utf-8", "surrogatepass"), "sha256").hexdigest()
        return f"[secret:{KIND}:{digest[:4]}]"

    def _left(self, at: int, text: str) -> Iterator[Finding]:
        for number, line in enumerate(text.split("\n"), 1):
            for secret in self._find(line):
                yield Finding(secret.kind, at, number)
        redacted = self._redactor.scrub(text)
        if redacted.count:
            yield Finding("by the first tool", at, _first_difference(text, redacted.text))


def _first_difference(before: str, after: str) -> int:
    pairs = enumerate(zip(before.split("\n"), after.split("\n"), strict=False), 1)
    return next((number for number, (one, other) in pairs if one != other), 1)
