"""Foreign text on its way into a prompt: a marked block of data that cannot pass for anything else.

Every line carries the id under which it may be cited, so a line of a log can neither end the block
nor speak in another's name. The block's mark is random: who wrote the log could not know it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from bot.answering.foreign import visible

_URL = re.compile(
    r"(?i)\b[a-z][a-z0-9+.-]{1,20}:/{1,2}[^\s<>\"'`|)\]}]+|\bwww\.[^\s<>\"'`|)\]}]+"
    r"|\b(?:data|javascript):[^\s<>\"'`|)\]}]+"
)
_BEFORE_HOST = re.compile(r"(?i)^[a-z0-9+.-]+:/*(?:[^/?#]*@)?")
_NOT_HOST = re.compile(r"[^\w.:-]")
_HOST_MAX = 60
_ROLE_MARKER = re.compile(
    r"(?i)<\|?/?\s*(?:system|assistant|user|human|developer|im_start|im_end|im_sep|endoftext"
    r"|eot_id|start_header_id|end_header_id|tool\w*|function\w*|think\w*|evidence)\b[^>\n]{0,80}\|?>"
    r"|\[/?INST\]|<<\s*/?SYS\s*>>"
    r"|^[ \t]*#{0,4}[ \t]*(?:system|assistant|human|user|developer)[ \t]*:",
    re.MULTILINE,
)
_FENCE_LIKE = re.compile(r"[<>]{3,}")


def for_prompt(text: str) -> str:
    """One canonical form: visible, NFKC, URLs cut to their host, imitations of markers broken."""
    text = unicodedata.normalize("NFKC", visible(text))
    text = _URL.sub(_host_only, text)
    return _FENCE_LIKE.sub("[mark]", _ROLE_MARKER.sub("[role marker]", text))


def fenced(nonce: str, lines: Iterable[tuple[str, str]]) -> str:
    """`lines` are (id, text made by `for_prompt`); an empty id stands before our own headings."""
    body = "\n".join(
        f"[{name}] {line}" if name else line
        for name, text in lines
        for line in (text.split("\n") if name else [text])
    )
    return f"<<<data {nonce}\n{body}\ndata {nonce}>>>"


def _host_only(hit: re.Match[str]) -> str:
    authority = re.split(r"[/?#]", _BEFORE_HOST.sub("", hit.group()), maxsplit=1)[0]
    # Everything before the last @ is a user name, however much it looks like a host.
    host = _NOT_HOST.sub("", authority.rsplit("@", 1)[-1])[:_HOST_MAX]
    return f"<url:{host}>"
