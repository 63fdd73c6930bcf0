"""Which lines of a child system or of user code complain, and which only look as if they did."""

from __future__ import annotations

import re

import re2

_STRONG = re2.compile(
    r"(?i)\b(?:exception in thread|caused by:|fatal(?: error)?:|panic:|segmentation fault"
    r"|command not found|no such file or directory|permission denied|access denied|out of memory"
    r"|no space left|connection refused|connection reset|timed out|name or service not known"
    r"|could not (?:translate|resolve|connect|find)|cannot (?:open|find|create|access|connect)"
    r"|unable to |not authorized|unauthorized|forbidden|authentication failed|does not exist"
    r"|not found|killed|oomkilled|syntax error|compilation error|database error|runtime error"
    r"|failure in |undefined |is not set|unrecognized |unknown option|usage:|traceback"
    r"|[a-z_.]*(?:error|exception): )"
)
_WEAK = re2.compile(
    r"(?i)error|exception|fail(?:ed|ure)|abort|denied|invalid|missing|refused|fatal"
)
_DECOY = re2.compile(
    r"(?i)errors?['\"]?\s*[:=]\s*(?:\[\]|0\b|none|null|false|\{\})|\b(?:0|no|zero) errors?\b"
    r"|\b0 fail|on_?error|error_?(?:handler|rate|count|log)s?\b|fail ?open|failover|fail_?fast"
    r"|ignor(?:e|ed|ing) (?:errors?|failures?)|without errors?|if .{0,20}fails|errors? ?= ?0"
    r"|ERROR=0|NativeCodeLoader|deprecat|will be retried|retrying"
)
_LAST_RETRY = "total=0"  # with which urllib3 announces the last of its retries, and its reason
_LEVEL = re.compile(r"\b(?:ERROR|FATAL|CRITICAL|SEVERE|PANIC)\b")


def weight(text: str, level: str | None = None) -> int:
    """2 for a plain complaint, 1 for a possible one, 0 for none, -1 for a decoy."""
    if _DECOY.search(text) and _LAST_RETRY not in text:
        return -1
    if level in ("error", "critical", "fatal") or _STRONG.search(text):
        return 2
    if _LEVEL.search(text) or _WEAK.search(text):
        return 1
    return 0
