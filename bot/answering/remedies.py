"""What a model may advise: commands only out of runbooks, other steps as marked suggestions."""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import StrEnum

from bot.answering.prompts.pack import Item
from bot.answering.support import supports, telling_words

_CODE_SPAN = re.compile(r"`+([^`]{1,300})`+")
_COMMAND = re.compile(
    r"(?i)(?:^|[\s\"'`(;&|])("
    r"(?:pip3?|pipx|uv|conda|apt|apt-get|yum|dnf|apk|npm|brew|gem|cargo) +(?:pip +)?"
    r"(?:install|uninstall|add|remove)\b[^,;.`\"']*"
    r"|airflow +(?:dags|tasks|db|users|connections|variables|pools|config|backfill|jobs|scheduler"
    r"|webserver|standalone|providers)\b(?: +[\w-]+)?"
    r"|(?:kubectl|helm|curl|wget|chmod|chown|sudo|systemctl|psql|mysql|redis-cli|gcloud|aws|az"
    r"|terraform|ansible|ssh|scp|nc|base64|eval|xargs|crontab) +[-\w./:]+"
    r"|docker +(?:run|exec|pull|rm|rmi|kill|stop|system|compose)\b(?: +[-\w./:]+)?"
    r"|rm +-[rf]+ *[-\w./~*]*|kill +-\d+ *\w*|git +(?:push|reset|clone|pull) *[-\w./:]*"
    r"|python3? +-[cm] +\S+|bash +-c\b|sh +-c\b"
    r"|(?:drop|truncate|alter) +(?:table|database|schema|user|role)\b(?: +\w+)?"
    r"|delete +from +\w+|grant +\w+ +(?:on|to)\b|update +\w+ +set\b)"
)
# Advice that weakens the place; no log line and no model may lend it authority.
_RISKY = re.compile(
    r"(?i)chmod +[0-7]*7{2}|--privileged|--no-check|--insecure|\bverify *= *false|rm +-rf|mkfs"
    r"|\|\s*(?:ba|z)?sh\b|\b(?:disable|turn(?:ing)? off|switch(?:ing)? off|bypass|remove|skip)\b"
    r".{0,30}\b(?:auth\w*|login|tls|ssl|cert\w+|verification|security|firewall|rbac"
    r"|permissions?|redaction|mask\w*|audit\w*|checks?)\b"
    r"|\b(?:grant|give|assign)\b.{0,30}\b(?:admin|root|superuser|cluster-admin|public)\b"
    r"|\b(?:post|paste|send|share|e-?mail|reveal|print|upload)\b.{0,40}"
    r"\b(?:password|secret|token|credential|key|connection string|env(?:ironment)? variables?)s?\b"
    r"|\b(?:drop|delete|truncate|wipe)\b.{0,20}\b(?:database|metadata|schema|bucket|table|volume)\b"
)
_IN_RUNBOOK = 0.5  # share of a step's telling words that its runbook must hold


class Remedy(StrEnum):
    FROM_RUNBOOK = "from_runbook"
    SUGGESTION = "suggestion"
    REFUSED = "refused"


def judge_remedy(text: str, cited: Sequence[Item], reviewed: Sequence[Item]) -> Remedy:
    """`cited` are the runbooks that the step cites, `reviewed` all that the prompt showed."""
    library = " ".join(item.text for item in reviewed)
    if any(not supports(library, risk.group()) for risk in _RISKY.finditer(text)):
        return Remedy.REFUSED
    if any(not supports(library, command) for command in _commands(text)):
        return Remedy.REFUSED
    words = telling_words(text)
    taken = words & telling_words(" ".join(item.text for item in cited))
    if words and len(taken) >= _IN_RUNBOOK * len(words):
        return Remedy.FROM_RUNBOOK
    return Remedy.SUGGESTION


def _commands(text: str) -> list[str]:
    """Whatever somebody could paste into a shell or a SQL prompt."""
    spans = [span.strip() for span in _CODE_SPAN.findall(text)]
    quoted = [span for span in spans if " " in span or span.startswith(("-", "$", "/", "."))]
    return [*quoted, *(" ".join(hit.split()) for hit in _COMMAND.findall(text))]
