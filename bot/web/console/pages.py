"""Turns values into HTML: one Jinja environment, with every text escaped."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from fastapi import Request
from jinja2 import Environment, PackageLoader, StrictUndefined
from markdown_it import MarkdownIt
from markupsafe import Markup
from starlette.responses import HTMLResponse

from bot.domain.verdicts import VerdictKind
from bot.services.console_ports import Role
from bot.web.console.desk import BASE, visit_or_none

_MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")
_CAPITAL = re.compile(r"([A-Z])")
_SECTIONS: tuple[tuple[str, str, Role], ...] = (
    ("conversations", "Conversations", Role.VIEWER),
    ("review", "Review", Role.REVIEWER),
    ("cases", "Cases", Role.VIEWER),
    ("runbooks", "Runbooks", Role.VIEWER),
    ("drafts", "Drafts", Role.REVIEWER),
    ("incidents", "Incidents", Role.VIEWER),
    ("health", "Clusters", Role.VIEWER),
    ("figures", "Figures", Role.VIEWER),
    ("docs", "How right it is", Role.VIEWER),
    ("datasets", "Datasets", Role.REVIEWER),
)


def _environment() -> Environment:
    found = Environment(
        loader=PackageLoader("bot.web.console"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.filters |= {"when": when, "iso": iso, "percent": percent, "seconds": seconds}
    found.filters |= {"lower_words": lower_words, "markdown": markdown}
    found.globals |= {"base": BASE, "verdicts": tuple(VerdictKind)}
    return found


def when(at: datetime | None) -> str:
    """`20 Nov 2026, 12:04`, in UTC."""
    return f"{at.astimezone(UTC):%-d %b %Y, %H:%M}" if at else "\u2013"


def iso(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds")


def percent(share: float) -> str:
    return f"{share:.0%}".replace("%", "\u202f%")


def seconds(number: float) -> str:
    """`4.2 s`, `3 min`, `2 h`, `5 d`."""
    if number < 90:
        return f"{number:.1f}\u202fs"
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if number >= size * 1.5 or unit == "min":
            return f"{number / size:.0f}\u202f{unit}"
    return f"{number:.0f}\u202fs"


def markdown(text: str) -> Markup:
    """Markdown of files of this bot as HTML; HTML in it stays text."""
    return Markup(_MARKDOWN.render(text))  # noqa: S704 (escapes all but its own marks)


def lower_words(name: str) -> str:
    """`StatusReport` as `status report`."""
    return _CAPITAL.sub(r" \1", name).lower().strip()


_ENVIRONMENT = _environment()


def page(request: Request, template: str, status: int = 200, **values: Any) -> HTMLResponse:
    """The whole page; of one that htmx asks for the browser takes the part that it names."""
    visit = visit_or_none(request)
    sections = [
        (f"{BASE}/{path}", title)
        for path, title, role in _SECTIONS
        if visit is not None and visit.person.role.covers(role)
    ]
    text = _ENVIRONMENT.get_template(template).render(
        visit=visit,
        csrf=visit.session.csrf if visit else "",
        sections=sections,
        path=request.url.path,
        **values,
    )
    return HTMLResponse(text, status)
