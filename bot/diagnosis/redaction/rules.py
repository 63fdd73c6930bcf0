"""Secrets as Airflow logs, shells and connection strings write them, as patterns for RE2.

Each rule's groups are the secret parts. Patterns run over UTF-8 bytes and have no look-around,
so the time is linear in the text. What a pattern cannot say is in `quoted`, `keyblocks` and
`harmless`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import re2

from bot.diagnosis.redaction.harmless import is_harmless
from bot.diagnosis.redaction.spans import Span

_OPTIONS = re2.Options()
_OPTIONS.encoding = re2.Options.Encoding.LATIN1
_OPTIONS.max_mem = 64 << 20

# The end of a name whose value is a secret. "tokens" and "secret_name" end otherwise.
TELLING_NAME = (
    r"(?:passw(?:or)?d|passwd|pwd|passphrase|passcode|\bpass|_pass|_pw|secret|token|api[_.-]?key"
    r"|apikey|app[_-]?key|(?:access|account|private|fernet|signing|encryption|master|shared"
    r"|sharedaccess|subscription|consumer|auth|secret|storage|client|service|ssh|pgp|hmac|license)"
    r"[_.-]?key|access[_-]?key[_-]?id|sas|credential|client[_-]?secret|security[_-]?token"
    r"|session[_-]?id|cookie|key[_-]?secret|secret[_-]?(?:string|value|id|data)"
    r"|account\.key[\w.-]*)\d{0,2}"
)
_QUERY_NAME = (
    r"(?:[\w.-]*(?:sig|signature|token|secret|password|passwd|pwd|appid|api[_-]?key|apikey"
    r"|credential|auth|access[_-]?key|subscription-key)|[\w-]*key|code|pass|session|sid)"
)


@dataclass(frozen=True, slots=True)
class Rule:
    """One shape of a secret. `strict`: found by its own form, so no second look is needed."""

    kind: str
    pattern: str
    strict: bool = False


RULES = (
    # The password runs to the last "@", for it may hold one itself.
    Rule(
        "db-uri", r"""(?i)\b[a-z][a-z0-9+.-]{1,40}://[^\s:/@"'<>]{0,200}:([^\s"'<>]+)@[\w.\[%$-]"""
    ),
    Rule("db-uri", r"(?i)%3A%2F%2F[^\s%&]{0,100}%3A([^\s&/]{1,200}?)%40"),
    Rule("url-token", r"(?i)\bhttps?://([\w-]{20,})@[\w.\[-]"),
    Rule(
        "auth-header",
        r"""(?i)\bauthorization\\*["']?\s*[:=,>]+\s*\\*["']?"""
        r"""(?:(?:basic|bearer|token|negotiate|digest|apikey|bot|splunk|genietoken)\s+"""
        r"""|snowflake\s+token=\\*"?)?([^\s"'\\,;)}\]]{6,})""",
    ),
    Rule("bearer-token", r"(?i)\bbearer[\s:=]+([\w.~+/=-]{12,})"),
    Rule("basic-auth", r"(?i)\bbasic\s+([\w+/=-]{12,})"),
    Rule("query-key", rf"""(?i)[?&;]{_QUERY_NAME}=([^&;\s"'<>\\)]{{4,}})"""),
    Rule(
        "query-key",
        rf"""(?i)(?:%3F|%26){_QUERY_NAME}%3D((?:[^%&\s"'<>]|%[013-9a-f][0-9a-f]|%2[0-57-9a-f]){{4,}})""",
    ),
    Rule(
        "key-value",
        rf"""(?i){TELLING_NAME}\\*["']?\s*(?:=>|->|:=|=)\s*([^\s"'\\,;&)}}\]<>|][^\s"'\\,;&)}}\]<>|]*)""",
    ),
    Rule("env-value", rf"""(?im)(?:^|\s|export\s)[A-Z][A-Z0-9_]*{TELLING_NAME}=([^\s"']{{3,}})"""),
    Rule(
        "key-value",
        rf"""(?i){TELLING_NAME}\\*["']?\s*:\s*([^\s"'\\,;&)}}\]<>|:][^\s"'\\,;&)}}\]<>|]{{2,}})""",
    ),
    Rule(
        "cli-password",
        rf"""(?i)\s--?[\w-]*{TELLING_NAME}(?:\s+|["'],\s*["'])["']?([^\s"'-][^\s"']{{2,}})""",
    ),
    Rule("cli-password", rf"""(?i)["']--[\w-]*{TELLING_NAME}["'],\s*["']([^"'\n]{{3,}})"""),
    Rule(
        "cli-password",
        r"""(?i)(?:^|[\s"'])(?:-u|--user|--proxy-user)[\s=]+["']?[\w.@-]+:([^\s"'/][^\s"']{2,})""",
    ),
    Rule("cli-password", r"""(?i)\bmysql\w*\b[^\n]{0,200}?\s-p([^\s"']{3,})"""),
    Rule(
        "cli-password",
        r"""(?i)\b(?:sshpass|docker\s+login|podman\s+login)\b[^\n]{0,120}?\s-p\s*["']?([^\s"']{3,})""",
    ),
    Rule("cli-password", r"""(?i)\bredis-cli\b[^\n]{0,120}?\s(?:-a|--pass)\s*["']?([^\s"']{3,})"""),
    Rule("cli-password", r"""(?i)\b(?:PWD|password)\s*/\s*([^\s"'/]{3,})@"""),
    Rule(
        "sql-password",
        r"""(?i)\b(?:identified\s+(?:with\s+\S+\s+)?(?:by|as)|(?:encrypted\s+)?password)\s*=?\s*\\*['"]([^'"\\\n]{3,})""",
    ),
    Rule(
        "password",
        r"""(?i)\bpass(?:word|wd|phrase)?\s+(?:is|was|=)?\s*\\*["']([^"'\\\n]{3,})\\*["']""",
    ),
    Rule("password", r"""(?i)\bpassword\s+(?:is|was)\s*:?\s+([^\s"',;]{4,})"""),
    Rule("xml-secret", rf"(?i)<[\w:.-]*{TELLING_NAME}[^<>]{{0,80}}>\s*([^<\s][^<\n]{{2,}})<"),
    Rule(
        "azure-key",
        r"(?i)(?:AccountKey|SharedAccessKey|account\.key[\w.-]*)\s*(?:=|->|:|,)?\s*([\w+/]{40,}={0,2})",
    ),
    Rule("azure-secret", r"\b([\w.~-]{3}8Q~[\w.~-]{31,40})", strict=True),
    Rule("jwt", r"\b(ey[\w-]{10,}\.ey[\w-]{6,}\.[\w-]{10,})", strict=True),
    Rule("jwt", r"\b(eyJ[\w-]{12,}\.[\w-]{16,}(?:\.[\w-]*){0,3})", strict=True),
    Rule(
        "gcp-token",
        r"\b(ya29\.[\w.-]{20,}|AIza[\w-]{35}|GOCSPX-[\w-]{20,}|1//0[\w-]{30,})",
        strict=True,
    ),
    Rule(
        "aws-key", r"\b((?:A3T[A-Z0-9]|AKIA|ASIA|ABIA|ACCA|AROA|AIDA)[A-Z2-7]{16})\b", strict=True
    ),
    Rule("aws-token", r"\b((?:FwoG|IQoJ|FQoG)[\w+/=%]{60,})", strict=True),
    Rule(
        "slack-token",
        r"\b(xox[a-z](?:\.xox[a-z])?-[\w-]{10,}|xapp-\d-[\w-]{10,}|xwfp-[\w-]{10,})",
        strict=True,
    ),
    Rule(
        "webhook",
        r"hooks\.slack(?:-gov)?\.com/(?:services|workflows|triggers)/([\w/-]{20,})",
        strict=True,
    ),
    Rule(
        "webhook",
        r"(?i)(?:discord(?:app)?\.com/api/webhooks|webhook\.office\.com/webhookb2|outlook\.office\.com/webhook)/([\w/@.-]{20,})",
        strict=True,
    ),
    Rule("github-token", r"\b(gh[opsur]_[A-Za-z0-9]{20,}|github_pat_\w{20,})", strict=True),
    Rule(
        "gitlab-token",
        r"\b(gl(?:pat|dt|rt|cbt|ptt|soat|ft|imt|agent|oas)-[\w.-]{20,})",
        strict=True,
    ),
    Rule(
        "databricks-token",
        r"\b(dapi[0-9a-f]{32}(?:-\d)?|dkea[0-9a-f]{32}|dose[0-9a-f]{32})",
        strict=True,
    ),
    Rule("dbt-token", r"\b(dbt[cu]_[\w-]{20,})", strict=True),
    Rule("snowflake-token", r"\b(ver:\d-hint:\d+-[\w+/=-]{20,})", strict=True),
    Rule(
        "model-key",
        r"\b(sk-(?:ant-|proj-|or-|svcacct-)?[\w-]{20,}|hf_[A-Za-z]{30,}|gsk_\w{40,}|nvapi-[\w-]{40,})",
        strict=True,
    ),
    Rule("payment-key", r"\b([sr]k_(?:live|test)_\w{16,}|whsec_[\w+/=]{20,})", strict=True),
    Rule(
        "package-token",
        r"\b(pypi-AgE[\w-]{50,}|npm_[A-Za-z0-9]{36}|dckr_pat_[\w-]{20,})",
        strict=True,
    ),
    Rule("vault-token", r"\b(hv[sbr]\.[\w-]{20,}|s\.[A-Za-z0-9]{24})\b", strict=True),
    Rule(
        "mail-key",
        r"\b(SG\.[\w-]{16,}\.[\w-]{30,}|key-[0-9a-f]{32}|xkeysib-[0-9a-f]{60,}[\w-]*)",
        strict=True,
    ),
    Rule("bot-token", r"\b(\d{8,10}:AA[\w-]{32,})", strict=True),
    Rule(
        "service-token",
        r"\b(gls[ac]_[\w+/=]{30,}|do[opr]_v1_[0-9a-f]{60,}|shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}|lin_api_\w{30,}|NRAK-[A-Z0-9]{27}|PMAK-[\w-]{50,}|sntry[su]_[\w+/=-]{40,}|fernet:[\w=-]{40,})",
        strict=True,
    ),
)

KINDS = frozenset(rule.kind for rule in RULES)

# One of these is in every text that a rule can match: the cheap look before the dear ones.
_TRIGGER = re2.compile(
    rb"(?i)://|%3A%2F|authoriz|bearer|basic|passw|pwd|passphrase|passcode|pass\b|_pw|secret|token"
    rb"|key|sig|credential|appid|auth|code=|sid=|session|cookie|\bsas|identified|-u|--user|-p|-a\b"
    rb"|8q~|ey[a-z0-9_-]{10}|ya29|gocspx|1//0|a3t|akia|asia|abia|acca|aroa|aida|fwog|iqoj|fqog|"
    rb"xox|xapp|xwfp"
    rb"|hooks\.slack|webhook|gh[opsur]_|github_pat|gl[a-z]{2,5}-|dapi|dkea|dose|dbt[cu]_|-hint:|"
    rb"sk-|hf_|gsk_"
    rb"|nvapi|[sr]k_|whsec|pypi-|npm_|dckr|hv[sbr]\.|s\.[a-z0-9]{24}|sg\.|xkeysib|\d:aa|gls[ac]_|"
    rb"_v1_|shp|lin_api"
    rb"|nrak|pmak|sntry|fernet",
    _OPTIONS,
)


def _compiled() -> tuple[tuple[Rule, Any], ...]:
    return tuple((rule, re2.compile(rule.pattern.encode(), _OPTIONS)) for rule in RULES)


_COMPILED = _compiled()


def find(text: bytes) -> Iterator[Span]:
    """What the rules find in UTF-8 text, in no particular order."""
    if _TRIGGER.search(text) is None:
        return
    for rule, pattern in _COMPILED:
        for match in pattern.finditer(text):
            for group in range(1, pattern.groups + 1):
                start, end = match.span(group)
                if start < 0 or end <= start:
                    continue
                if rule.strict or not is_harmless(rule.kind, match.group(group), match.group(0)):
                    yield Span(start, end, rule.kind)
