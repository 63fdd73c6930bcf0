"""The maintained rule set: token formats of several hundred providers, from Kingfisher.

Kingfisher scans in-process and offline; validation of what it finds is never asked for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from kingfisher_sdk import Rules, Scanner

from bot.diagnosis.redaction.spans import Span

_LEFT_OUT = re.compile(
    # Names of things, not secrets: hiding them would hide which account or host is meant.
    r".*-(?:id|url|host|domain|name|address)"
    # Found more closely by the project's own rules: the host and the log prefixes within stay.
    r"|private-key|.*-connection-string"
)
_KIND_MAX = 40


class Catalog:
    """Compiled rules. Building costs about 3 s of CPU, 0.3 s with a warm cache: build one.

    `cache_dir` is a private folder where compiled rules are kept; None keeps nothing on disk.
    Safe for use from several threads.
    """

    def __init__(self, cache_dir: str | None = None) -> None:
        rules = Rules(cache=cache_dir is not None, cache_dir=cache_dir)
        self._scanner = Scanner(rules, base64=False)
        names = {rule["id"]: _name(rule["id"]) for rule in rules.metadata() if rule["visible"]}
        self._kinds = {
            rule_id: name[:_KIND_MAX]
            for rule_id, name in names.items()
            if not _LEFT_OUT.fullmatch(name)
        }

    @property
    def kinds(self) -> frozenset[str]:
        """All kinds that `find` may report."""
        return frozenset(self._kinds.values())

    def find(self, text: bytes) -> Iterator[Span]:
        """Secrets in valid UTF-8 text, in no particular order."""
        for finding in self._scanner.scan(text):
            kind = self._kinds.get(finding.rule_id)
            if kind is not None:
                place = finding.location
                yield Span(place["start_offset"], place["end_offset"], kind)


_of_process: Catalog | None = None


def load_catalog(cache_dir: str | None = None) -> Catalog:
    """The catalog of this process, built at the first call.

    The rules are the same in every folder, so later calls leave theirs alone.
    """
    global _of_process
    if _of_process is None:
        _of_process = Catalog(cache_dir)
    return _of_process


def _name(rule_id: str) -> str:
    """`betterleaks.github-pat` and `veles.secrets/x.1` without catalog and version."""
    name = rule_id.split(".", 1)[-1].split("/", 1)[-1].removesuffix(".1")
    return "".join(c if c.isascii() and c.isalnum() else "-" for c in name.lower())
