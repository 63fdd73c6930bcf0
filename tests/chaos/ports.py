"""Free ports that no outgoing connection takes while a process restarts."""

from __future__ import annotations

import itertools
import os
import socket

_FIRST, _LAST = 21_000, 32_000  # below what systems give to outgoing connections
_next = itertools.count(_FIRST + os.getpid() * 37 % (_LAST - _FIRST))


def free_port() -> int:
    """Another one at each call."""
    for _ in range(_LAST - _FIRST):
        port = _FIRST + next(_next) % (_LAST - _FIRST)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port
    raise RuntimeError(f"no free port between {_FIRST} and {_LAST}")
