"""Free ports for what is about to start, on loopback."""

from __future__ import annotations

import itertools
import os
import socket

_FIRST, _LAST = 21_000, 32_000  # below what systems give to outgoing connections
# Tests run in several processes at once: each looks from a place of its own.
_next = itertools.count(os.getpid() * 1_009)


def free_port() -> int:
    """Another one at each call."""
    return free_ports(1)


def free_ports(count: int) -> int:
    """The first of so many free neighbours; others at each call."""
    for _ in range(_LAST - _FIRST):
        first, *_ = (_FIRST + next(_next) % (_LAST - _FIRST) for _ in range(count))
        if all(_is_free(first + step) for step in range(count)):
            return first
    raise RuntimeError(f"no {count} free ports in a row between {_FIRST} and {_LAST}")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
