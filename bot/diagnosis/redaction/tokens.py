"""Secrets that are known by their own form, wherever they stand: one pass over the text.

The catalog knows hundreds more of these, and tests checksums that some carry. What is here must
be hidden even where a checksum fails, because a cut or mistyped token is still most of a secret.
"""

from __future__ import annotations

from collections.abc import Iterator

from bot.diagnosis.redaction.patterns import compiled
from bot.diagnosis.redaction.spans import Span

_FORMS = {
    "aws-key": r"(?:A3T[A-Z0-9]|AKIA|ASIA|ABIA|ACCA|AROA|AIDA)[A-Z2-7]{16}\b",
    "aws-token": r"(?:FwoG|IQoJ|FQoG)[\w+/=%]{60,}",
    "gcp-token": r"ya29\.[\w.-]{20,}|AIza[\w-]{35}|GOCSPX-[\w-]{20,}|1//0[\w-]{30,}",
    "azure-secret": r"[\w.~-]{3}8Q~[\w.~-]{31,40}",
    "jwt": r"ey[\w-]{10,}\.ey[\w-]{6,}\.[\w-]{10,}|eyJ[\w-]{12,}\.[\w-]{16,}(?:\.[\w-]*){0,3}",
    "slack-token": r"xox[a-z](?:\.xox[a-z])?-[\w-]{10,}|xapp-\d-[\w-]{10,}|xwfp-[\w-]{10,}",
    "github-token": r"gh[opsur]_[A-Za-z0-9]{20,}|github_pat_\w{20,}",
    "gitlab-token": r"gl(?:pat|dt|rt|cbt|ptt|soat|ft|imt|agent|oas)-[\w.-]{20,}",
    "databricks-token": r"(?:dapi|dkea|dose)[0-9a-f]{32}(?:-\d)?",
    "dbt-token": r"dbt[cu]_[\w-]{20,}",
    "snowflake-token": r"ver:\d-hint:\d+-[\w+/=-]{20,}",
    "model-key": r"sk-(?:ant-|proj-|or-|svcacct-)?[\w-]{20,}|hf_[A-Za-z]{30,}|gsk_\w{40,}"
    r"|nvapi-[\w-]{40,}",
    "payment-key": r"[sr]k_(?:live|test)_\w{16,}|whsec_[\w+/=]{20,}",
    "package-token": r"pypi-AgE[\w-]{50,}|npm_[A-Za-z0-9]{36}|dckr_pat_[\w-]{20,}",
    "vault-token": r"hv[sbr]\.[\w-]{20,}|s\.[A-Za-z0-9]{24}\b",
    "mail-key": r"SG\.[\w-]{16,}\.[\w-]{30,}|key-[0-9a-f]{32}|xkeysib-[0-9a-f]{60,}[\w-]*",
    "bot-token": r"(?:bot)?\d{8,10}:AA[\w-]{32,}",
    "service-token": r"gls[ac]_[\w+/=]{30,}|do[opr]_v1_[0-9a-f]{60,}"
    r"|shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}|lin_api_\w{30,}|NRAK-[A-Z0-9]{27}|PMAK-[\w-]{50,}"
    r"|sntry[su]_[\w+/=-]{40,}",
}
_HOOKS = (
    r"hooks\.slack(?:-gov)?\.com/(?:services|workflows|triggers)/([\w/-]{20,})",
    r"(?i:discord(?:app)?\.com/api/webhooks|webhook\.office\.com/webhookb2"
    r"|outlook\.office\.com/webhook)/([\w/@.-]{20,})",
)
_BY_GROUP = (*_FORMS, *("webhook" for _ in _HOOKS))

KINDS = frozenset(_BY_GROUP)

_ANY = compiled(rf"\b(?:{'|'.join((*(f'({form})' for form in _FORMS.values()), *_HOOKS))})")


def find(text: bytes) -> Iterator[Span]:
    """Tokens in UTF-8 text, in order."""
    for match in _ANY.finditer(text):
        group = match.lastindex
        yield Span(match.start(group), match.end(group), _BY_GROUP[group - 1])
