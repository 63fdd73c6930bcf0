"""What stands where a secret could stand and is none: placeholders, words of prose, ports."""

from __future__ import annotations

import re

_PLACEHOLDER = re.compile(
    rb"""(?:[*x.#?_-]{2,}|\W+|none|null|nil|true|false|undefined|nan|\d{1,5}
    |\$\{?\w+\}?.*|\{\{.*|\{\w*\}?|%\(\w*\)s|%s|<[^>]*>?|\[?(?:redacted|masked|hidden|filtered)\]?
    |(?:str|int|bytes|string|text|varchar\S*|optional\S*|dict|object|secretstr\S*))""",
    re.IGNORECASE | re.DOTALL | re.VERBOSE,
)
_CONSTANT = re.compile(rb"[A-Z]{2,}(?:_[A-Z]{2,})+")
_PROSE = frozenset(
    b"authentication authorization incorrect invalid required missing expired failed failure wrong "
    b"must was were not cannot could none empty unset set for and the this that with from has have "
    b"is are can may should will been error errors changed reset denied rejected mismatch unknown "
    b"unexpected expected found provided given specified supplied needed supported refresh revoked "
    b"malformed unauthorized unavailable verification validation provider field value name type "
    b"access login user username based using default please check your file see "
    b"fatal error warning try again".split()
)
_SUFFIXES = frozenset(
    b"name url uri type file path id arn version expires expiry expiration ttl count length len "
    b"policy endpoint env required field column header prefix lifetime mode manager backend "
    b"provider scope scopes ref status state dir location alias size format algorithm usage spec "
    b"class hook stdin interval timeout error errors index order manager_class service host "
    b"username user".split()
)
_GROUPS = frozenset((b"root", b"airflow", b"users", b"nobody", b"staff", b"docker", b"admin"))
_SCHEMES = frozenset((b"aws4-hmac-sha256", b"basic", b"bearer", b"token", b"digest", b"negotiate"))
_WORD = re.compile(rb"[a-z]+(?:[_-][a-z]+)*|(?:[A-Z][a-z]+)+|[A-Z]+")
_MIXED = re.compile(rb"[0-9].*[A-Za-z]|[A-Za-z].*[0-9]|[!#$%^&*+~]")
_PORT_AND_PATH = re.compile(rb"\d{1,5}/")
_CODE = re.compile(
    rb"(?:[a-z_]+\.)+[a-z_]+\(.*|(?:get|str|repr|dict|list|quote|env|var|Variable|Secret)\w*\(.*"
    rb"|[A-Za-z]*[._][\w.]*\("
    rb"|(?:self|os|args|kwargs|params|config|conf|cfg|settings|env|environ|conn|connection|hook)"
    rb"(?:\.\w+|\[.*)+",
    re.DOTALL,
)
# A variable or a field that is named for what it holds: password=db_password.
_NAMED_FOR = re.compile(rb"[a-z_.]*(?:secret|token|password|passwd|credentials?|_key)")
_ERROR_TYPE = re.compile(rb"[\w.]*(?:Error|Exception|Timeout|Failure)(?:\(.*)?", re.DOTALL)
_WORKING_FOLDER = re.compile(rb"(?:OLD)?PWD\W{1,4}\Z")
_ENDS = b".:?/|,;)`\"'"
_QUOTED_NAME = re.compile(rb"[\"']\s*(?::|=>?)\Z")
_TAGS = re.compile(rb"(?:\[secret:[^\]\s]{1,60}\])+")


def is_harmless(kind: str, value: bytes, whole: bytes) -> bool:
    """Whether `value`, found by a rule of this `kind` within `whole`, is no secret."""
    if (tags := _TAGS.match(value)) is not None:
        value = value[tags.end() :]
    value = value.rstrip(_ENDS) or value
    if _PLACEHOLDER.fullmatch(value) or value.lower() in _SCHEMES:
        return True
    if _CONSTANT.fullmatch(value) or _NAMED_FOR.fullmatch(value):
        return True
    if kind == "db-uri":
        # http://host:8080/path?mail=a@b looks like a password with a slash in it.
        return _PORT_AND_PATH.match(value) is not None
    if kind in ("auth-header", "url-token"):
        return _WORD.fullmatch(value) is not None
    if kind == "query-key":
        return value.isdigit()
    if kind == "spaced-value" and not _MIXED.search(value):
        return True
    if kind == "spoken-password":
        return _WORD.fullmatch(value) is not None or b"|" in value
    if kind == "cli-password" and value in _GROUPS:
        return True
    if kind != "quoted-value" and (_CODE.fullmatch(value) or _ERROR_TYPE.fullmatch(value)):
        return True
    return _is_prose(value, whole)


def is_harmless_suffix(suffix: bytes | None) -> bool:
    """Whether what follows a telling name says that its value is no secret: `token_url`."""
    return suffix is not None and suffix[1:].lower() in _SUFFIXES


def _is_prose(value: bytes, whole: bytes) -> bool:
    """`token: expected`, `password is required`: words about a secret, not the secret."""
    if value.lower() in _PROSE:
        return True
    before = whole[: whole.rfind(value)].rstrip(b" \t\"'\\")
    if value.startswith(b"/") and _WORKING_FOLDER.search(before + b"="):
        return True
    if not _WORD.fullmatch(value) or _QUOTED_NAME.search(before):
        return False
    before = before.lower()
    return before.endswith(b":") and b"pass" not in before and b"pwd" not in before
