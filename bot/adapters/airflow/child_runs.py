"""Runs that a task set off, out of its operator's extra links."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import unquote, urlsplit

from bot.domain.evidence import NamedText

CHILDREN_MAX = 3

_RUN_PAGE = re.compile(r"/dags/(?P<dag>[^/]+)/runs/(?P<run>[^/]+)/?$")


def runs_linked(links: Iterable[NamedText]) -> list[tuple[str, str]]:
    """Dag and run ids of links that lead to Airflow's own page of a run.

    Only the path is looked at: the bot asks its own cluster, whatever host a link names.
    """
    found: list[tuple[str, str]] = []
    for link in links:
        try:
            page = _RUN_PAGE.search(urlsplit(link.text).path)
        except ValueError:
            continue
        if page:
            found.append((unquote(page["dag"]), unquote(page["run"])))
    return list(dict.fromkeys(found))[:CHILDREN_MAX]
