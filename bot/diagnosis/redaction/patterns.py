"""Compiles patterns for bytes of UTF-8 on RE2, whose time is linear in the text."""

from __future__ import annotations

from typing import Any

import re2

_OPTIONS = re2.Options()
# Bytes as they are: a group then ends between characters or the span is widened to do so.
_OPTIONS.encoding = re2.Options.Encoding.LATIN1
_OPTIONS.max_mem = 64 << 20


def compiled(pattern: str) -> Any:
    """A pattern over bytes; no look-around, no repetition above 1,000."""
    return re2.compile(pattern.encode(), _OPTIONS)
