"""What stands where a secret could stand and is none: placeholders, words of prose, ports."""

from __future__ import annotations

import re

_PLACEHOLDER = re.compile(
    rb"(?:[*x.#?_-]{2,}|\W+|none|null|nil|true|false|undefined|nan|\d{1,5}"
    rb"|\$\{?\w+\}?.*|\{\{.*|\{\w*\}?|%\(?\w*\)?s?|<[^>]*>?|\[?redacted\]?|\[?masked\]?|"
    rb"\[?hidden\]?"
    rb"|(?:str|int|bytes|string|text|varchar\S*|optional\S*|dict|object|class|type|secretstr\S*)"
    rb"|\[secret:[^\]]*\]?)",
    re.IGNORECASE | re.DOTALL,
)
_PROSE = frozenset(
    b"authentication authorization incorrect invalid required missing expired failed failure wrong "
    b"must was were not cannot could none empty unset set for and the this that with from has have "
    b"is are can may should will been error errors changed reset denied rejected mismatch unknown "
    b"unexpected expected found provided given specified supplied needed supported refresh "
    b"revoked malformed unauthorized unavailable verification validation provider field value "
    b"name type access login user username based using default please check your file see".split()
)
_WORD = re.compile(rb"[a-z]+|[A-Z][a-z]+|[A-Z]+")
_PORT = re.compile(rb"\d{1,5}(?:/|$)")
_CALL = re.compile(rb"[A-Za-z_][\w.]*\(.*|[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+", re.DOTALL)
_SCHEMES = frozenset((b"aws4-hmac-sha256", b"basic", b"bearer", b"token", b"digest", b"negotiate"))


def is_harmless(kind: str, value: bytes, whole: bytes) -> bool:
    """Whether `value`, found by a rule of this `kind` within `whole`, is no secret."""
    if _PLACEHOLDER.fullmatch(value) or value.lower() in _SCHEMES:
        return True
    if kind == "db-uri":
        # http://host:8080/path?mail=a@b looks like a password with a slash in it.
        return whole[:4].lower() == b"http" and _PORT.match(value) is not None
    if kind in ("bearer-token", "basic-auth", "url-token"):
        return _WORD.fullmatch(value) is not None
    if kind == "query-key":
        return value.isdigit()
    return _is_prose(value, whole)


def _is_prose(value: bytes, whole: bytes) -> bool:
    """`token: expected`, `password is required`: words about a secret, not the secret."""
    if value.lower().rstrip(b".:!?") in _PROSE or _CALL.fullmatch(value):
        return True
    if not _WORD.fullmatch(value):
        return False
    before = whole[: len(whole) - len(value)].rstrip(b" \t\"'\\").lower()
    return before.endswith(b":") and b"pass" not in before and b"pwd" not in before
