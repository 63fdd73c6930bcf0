"""Secrets that are known by where they stand: connection strings, headers, shells, settings.

Each rule's last group is the secret. Patterns run over UTF-8 bytes on RE2 and have no
look-around, so the time is linear in the text; what a pattern cannot say is in `harmless`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bot.diagnosis.redaction.harmless import is_harmless, is_harmless_suffix
from bot.diagnosis.redaction.patterns import compiled
from bot.diagnosis.redaction.spans import Span

# A name whose value is a secret, and what may follow it: PASSWORD_PROD, token2. A suffix such as
# _url or _type makes it harmless again.
_NAME = (
    r"(?:(?:passw(?:or)?d|passwd|pwd|passphrase|passcode|secret|token|api[_.-]?key"
    r"|(?:access|account|private|fernet|signing|encryption|master|shared|subscription|consumer|auth"
    r"|secret|storage|client|service|ssh|pgp|hmac|license|app|sharedaccess)[_.-]?key|credential)"
    r"([_-][A-Za-z]\w{0,14})?|\bpassw?|_pass|\bpw|_pw|\bsas|_sas|access[_-]?key[_-]?id"
    r"|account\.key[\w.-]*)\d{0,2}"
)
_QUERY = (
    r"(?:[\w.-]*(?:sig|signature|token|secret|password|passwd|pwd|appid|api[_-]?key"
    r"|(?:access|app|auth|client|secret|subscription)[_-]?key|credential|auth)|_?key|code|pass|sid"
    r"|session)"
)
_BARE = r"""[^\s"'\\,;&)}\]<>|`(:]"""  # may begin a value without quotes
_TAGGED = r"(?:\[secret:[^\]\s]{1,60}\])*"  # what an imitated tag may stand before
_MORE = r"""[^\s"'\\,;&)}\]<>|]"""


@dataclass(frozen=True, slots=True)
class Rule:
    kind: str
    pattern: str


RULES = (
    # The password runs to the last "@", for it may hold one itself.
    Rule(
        "db-uri",
        r"""(?i)\b[a-z][a-z0-9+._-]{1,40}://[^\s:/@"'<>]{0,200}:([^\s"'<>]+)@[\w.\[%$-]""",
    ),
    Rule("db-uri", r"(?i)%3A%2F%2F[^\s%&]{0,100}%3A([^\s&/]{1,200}?)%40"),
    Rule("db-uri", r"""\b[\w.-]{2,40}:([^\s:@/"'<>]{3,80})@[\w.-]+:\d{2,5}\b"""),
    Rule(
        "db-uri",
        r"(?i)\b(?:(?:sqlplus|sqlldr|rman|expdp|impdp)\b[^\n]{0,80}\s|jdbc:oracle:\w+:)[\w$#]+/"
        r"([^\s@/]{3,})@",
    ),
    Rule("url-token", r"(?i)\bhttps?://([\w-]{20,})@[\w.\[-]"),
    Rule(
        "auth-header",
        r"""(?i)\bauthorization\\*["']?\s*[:=,>]+\s*[\[(]*\\*["']?"""
        r"""(?:(?:basic|bearer|token|negotiate|digest|apikey|bot|splunk|genietoken)\s+"""
        r"""|snowflake\s+token=\\*"?)?([^\s"'\\,;)}\]]{6,})""",
    ),
    Rule("auth-header", r"(?i)\bbearer[\s:=]+([\w.~+/=-]{12,})"),
    Rule("auth-header", r"(?i)\bbasic\s+([\w+/=-]{12,})"),
    Rule("query-key", rf"""(?i)[?&;]{_QUERY}=([^&;\s"'<>\\)]{{4,}})"""),
    Rule(
        "query-key",
        rf"""(?i)(?:%3F|%26){_QUERY}%3D"""
        r"""((?:[^%&\s"'<>]|%[013-9a-f][0-9a-f]|%2[0-57-9a-f]){4,})""",
    ),
    Rule(
        "key-value",
        rf"""(?i){_NAME}\\*["']?\]?[ \t]*(?:=>|->|:=|=)[ \t]*({_TAGGED}{_BARE}{_MORE}*)""",
    ),
    Rule("key-value", rf"""(?i){_NAME}\\*["']?[ \t]*:[ \t]*({_TAGGED}{_BARE}{_MORE}{{2,}})"""),
    Rule("env-value", rf"""(?im)(?:^|\s)[A-Z][A-Z0-9_]*{_NAME}=([^\s"']{{3,}})"""),
    Rule("cli-password", rf"""(?i)\s--?[\w-]*{_NAME}\s+["']?([^\s"'-][^\s"']{{2,}})"""),
    Rule("cli-password", rf"""(?i)["']--?[\w-]*{_NAME}["'],\s*["']([^"'\n]{{3,}})"""),
    Rule(
        "cli-password",
        r"""(?i)(?:^|[\s"'])(?:-u|--user|--proxy-user)(?:[\s=]+|["'],\s*)["']?"""
        r"""[\w.@-]+:([^\s"'/][^\s"']{2,})""",
    ),
    Rule("cli-password", r"""(?i)\bmysql\w*\b[^\n]{0,200}?\s-p([^\s"']{3,})"""),
    Rule(
        "cli-password",
        r"""(?i)\b(?:sshpass|docker\s+login|podman\s+login|az\s+login)\b[^\n]{0,160}?"""
        r"""\s-p\s*["']?([^\s"']{3,})""",
    ),
    Rule(
        "cli-password",
        r"""(?i)\b(?:beeline|sqlcmd|bcp|isql|impala-shell|mongo\w*|zip|unzip|ldap\w+|smbclient)\b"""
        r"""[^\n]{0,200}?\s-[pw]\s+["']?([^\s"'-][^\s"']{2,})""",
    ),
    Rule(
        "cli-password",
        r"""(?i)\brabbitmqctl\s+(?:add_user|change_password)\s+\S{1,80}\s+["']?([^\s"']{3,})""",
    ),
    Rule(
        "cli-password", r"""(?i)\becho\s+["']?([^\s"']{3,})["']?\s*\|[^\n|]{0,120}-password-stdin"""
    ),
    Rule("cli-password", r"""(?i)\bredis-cli\b[^\n]{0,120}?\s-a\s*["']?([^\s"']{3,})"""),
    Rule(
        "sql-password",
        r"""(?i)\b(?:identified\s+(?:with\s+\S+\s+)?(?:by|as)|(?:encrypted\s+)?password)"""
        r"""(?:\s+|\s*=\s*)\\*['"]([^'"\\\n]{3,})""",
    ),
    Rule(
        "pair",
        r"""(?i)\(["'][\w.-]*(?:passw(?:or)?d|pwd|secret|api[_-]?key|token)["'],\s*"""
        r"""["']([^"'\n]{3,})["']\)""",
    ),
    Rule(
        "password",
        r"""(?i)\bpass(?:word|wd|phrase)?\s+(?:is|was|=)?\s*\\*["']([^"'\\\n]{3,})\\*["']""",
    ),
    Rule("spoken-password", r"""(?i)\bpassword\s+(?:is|was)\s*:?\s+([^\s"',;]{4,})"""),
    Rule("xml-secret", rf"(?i)<[\w:.-]*{_NAME}[^<>]{{0,80}}>\s*([^<\s][^<\n]{{2,}})</"),
    Rule(
        "azure-key",
        r"(?i)(?:AccountKey|SharedAccessKey|account\.key[\w.-]*)\s*(?:=|->|:|,)?\s*"
        r"([\w+/]{40,}={0,2})",
    ),
    # A Kubernetes or ECS environment: the name in one field, the value in the next.
    Rule(
        "named-value",
        rf"""(?i)\bname\\*["']?\s*[:=]\s*\\*["']?[\w.-]*{_NAME}\\*["']?\s*,?\s*\\*["']?"""
        r"""value\\*["']?\s*[:=]\s*\\*["']?([^"'\n\\,}]{3,})""",
    ),
    Rule("named-value", rf"""(?i)\bkey=["'][\w.-]*{_NAME}["']\s+value=["']([^"'\n]{{3,}})"""),
    Rule("spaced-value", rf"""(?i)\b[\w-]+[._-][\w.-]*{_NAME}[\w.]*[ \t]+["']?([^\s"']{{6,}})"""),
    Rule("spaced-value", r"(?i)\blogin\s+\S{1,80}\s+password\s+(\S{3,})"),
    Rule("spoken-password", r"""(?i)\bpass(?:word|wd)?\s+for\s+[^\n:]{1,60}:\s*([^\s"']{4,})"""),
    Rule(
        "auth-header",
        r"""(?i)\bx-[\w-]*(?:key|token|secret|auth)[\w-]*\\*["']?\s*[:=]\s*\\*["']?"""
        r"""([^\s"'\\,;]{8,})""",
    ),
    Rule("vault-id", r"(?i)\bsecret_id\\*[\"']?\s*[:=]\s*\\*[\"']?([0-9a-f-]{36})"),
)

# Where a value in quotes begins; `quoted` finds where it ends.
OPENING = rf"""(?i){_NAME}\\*["']?\]?[ \t]*(?:=>|->|:=|=|:)[ \t]*[bruf]?(\\*["'])"""

KINDS = frozenset(rule.kind for rule in RULES)

# One of these is in every text that a rule can match: the cheap look before the dear ones.
_TRIGGER = compiled(
    r"(?i)://|%3A|authoriz|bearer|basic|pass|pwd|_pw|secret|token|key|sig|credential|appid|auth"
    r"|code|sid=|session|sas|identified|@[\w.-]+:\d|-u|--|sqlplus|sqlldr|rman|expdp|impdp"
    r"|mysql|redis-cli|beeline|sqlcmd|bcp|isql|impala|mongo|zip|ldap|smbclient|rabbitmqctl"
    r"|oracle|\bpw"
)
_COMPILED = tuple((rule.kind, compiled(rule.pattern)) for rule in RULES)


def find(text: bytes) -> Iterator[Span]:
    """What the rules find in UTF-8 text, in no particular order."""
    if _TRIGGER.search(text) is None:
        return
    for kind, pattern in _COMPILED:
        # A rule with a telling name has its suffix as the first of two groups.
        group = pattern.groups
        for match in pattern.finditer(text):
            if group == 2 and is_harmless_suffix(match.group(1)):
                continue
            if not is_harmless(kind, match.group(group), match.group()):
                yield Span(match.start(group), match.end(group), kind)
