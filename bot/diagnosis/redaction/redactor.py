"""Replaces every secret in a text by a tag that is stable for the same secret."""

from __future__ import annotations

import hmac
import re
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache

from bot.diagnosis.redaction import cookies, entropy, hidden, keyblocks, quoted, rules, tokens
from bot.diagnosis.redaction.catalog import Catalog, load_catalog
from bot.diagnosis.redaction.known import KIND as KNOWN
from bot.diagnosis.redaction.known import KnownSecrets
from bot.diagnosis.redaction.own import KIND as OWN
from bot.diagnosis.redaction.own import OwnPatterns
from bot.diagnosis.redaction.spans import Span, merge

_TAG = re.compile(rb"\[secret:([a-z0-9-]{1,40}):[0-9a-f]{4}\]")
_OWN_KINDS = (
    rules.KINDS
    | tokens.KINDS
    | {KNOWN, quoted.KIND, cookies.KIND, keyblocks.KIND, entropy.KIND, OWN}
)

# A tag can bring two other words together into something that a rule knows; then look again.
_PASSES = 6


@dataclass(frozen=True, slots=True)
class Redacted:
    """A text without secrets, and how many places were masked."""

    text: str
    count: int


class Redactor:
    """Masks secrets. Idempotent, keeps line ends, and may be used from several threads.

    `known_secrets` are exact values to hide wherever they occur; those shorter than four
    characters are left out, for they would blank ordinary words. `patterns` are further ones in
    RE2 syntax, each of which is masked whole. `key` makes the tags: with
    the same key the same secret has the same tag in every process; by default it is random and
    lives as long as the process. `catalog` is the maintained rule set, by default the one of
    this process.
    """

    def __init__(
        self,
        known_secrets: Iterable[str] = (),
        *,
        patterns: Iterable[str] = (),
        key: bytes | None = None,
        catalog: Catalog | None = None,
    ) -> None:
        self._known = KnownSecrets(known_secrets)
        self._own = OwnPatterns(patterns)
        self._key = _process_key() if key is None else key
        self._catalog = load_catalog() if catalog is None else catalog
        self._kinds = _OWN_KINDS | self._catalog.kinds

    def redact(self, text: str) -> str:
        """The text with a tag such as `[secret:db-uri:3f2a]` in place of each secret."""
        return self.scrub(text).text

    def scrub(self, text: str) -> Redacted:
        """As `redact`, with the number of places masked."""
        content = text.encode("utf-8", "surrogatepass")
        count = 0
        for _ in range(_PASSES):
            spans = self._spans(content) or self._hidden_spans(content)
            if not spans:
                break
            count += len(spans)
            content = b"".join(self._replaced(content, spans))
        if not count:
            return Redacted(text, 0)
        return Redacted(content.decode("utf-8", "surrogatepass"), count)

    def _spans(self, content: bytes) -> list[Span]:
        tags = [
            match.span()
            for match in _TAG.finditer(content)
            if match.group(1).decode() in self._kinds
        ]
        found = [*self._known.find(content), *self._own.find(content)]
        for finder in (keyblocks, tokens, quoted, cookies, rules, self._catalog, entropy):
            found += finder.find(content)
        return merge(found, tags, content)

    def _hidden_spans(self, content: bytes) -> list[Span]:
        """Secrets that show only once colours and invisible characters are out of the way."""
        shown = hidden.shown(content)
        if shown is None:
            return []
        seen = self._spans(shown.content)
        return [Span(*shown.origin(start, end), kind) for start, end, kind in seen]

    def _replaced(self, content: bytes, spans: list[Span]) -> Iterator[bytes]:
        at = 0
        for start, end, kind in spans:
            yield content[at:start]
            digest = hmac.new(self._key, content[start:end], "sha256").hexdigest()
            yield f"[secret:{kind}:{digest[:4]}]".encode()
            at = end
        yield content[at:]


@cache
def _process_key() -> bytes:
    return secrets.token_bytes(32)
