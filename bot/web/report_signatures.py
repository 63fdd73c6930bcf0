"""Tells whether a report was signed by somebody who knows the word, and lately.

A signature does not give the word away to whoever reads the request, nor does it fit another body.
Sent again within its five minutes, a report comes to the same failures, which are kept once.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime

SIGNATURE = "X-Airflow-Bot-Signature"
"""`v0=` and the HMAC-SHA256, in hex, of `v0:<timestamp>:<body>`, keyed by the word."""
TIMESTAMP = "X-Airflow-Bot-Timestamp"
"""When it was signed, in whole seconds since 1970."""
FRESH = 300.0
"""Seconds for which a signature holds; as much the sender's clock may be ahead."""


def is_signed_lately(headers: Mapping[str, str], now: datetime) -> bool:
    """Whether it is worth looking at the body for. `headers` take names in any case."""
    timestamp = headers.get(TIMESTAMP, "")
    is_number = timestamp.isascii() and timestamp.isdecimal() and len(timestamp) < 16
    is_fresh = is_number and abs(now.timestamp() - int(timestamp)) <= FRESH
    return is_fresh and bool(headers.get(SIGNATURE))


def is_right(headers: Mapping[str, str], body: bytes, word: str) -> bool:
    """Whether the signature fits the timestamp and `body`."""
    signed = b"v0:" + headers.get(TIMESTAMP, "").encode() + b":" + body
    expected = f"v0={hmac.new(word.encode(), signed, hashlib.sha256).hexdigest()}"
    # Of bytes: texts with other than ASCII in them cannot be compared in constant time.
    return hmac.compare_digest(headers.get(SIGNATURE, "").encode(), expected.encode())
