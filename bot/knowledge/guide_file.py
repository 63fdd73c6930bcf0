"""One guide file: a title, other wordings of the question, and what to do."""

from __future__ import annotations

from bot.domain.errors import RunbookError
from bot.domain.runbooks import Section
from bot.knowledge.chunks import Document
from bot.knowledge.ranking import GUIDE_PREFIX

_ASKED_AS = "Asked as:"


def read_guide(name: str, text: str) -> Document:
    """`# Title`, a paragraph that begins with "Asked as:", then Markdown.

    Raises `RunbookError` naming the file where one of the three is missing.
    """
    title, _, rest = text.strip().partition("\n")
    asked, _, body = rest.strip().partition("\n\n")
    if not title.startswith("# ") or not asked.startswith(_ASKED_AS) or not body.strip():
        raise RunbookError(f'{name}: a guide needs "# Title", "{_ASKED_AS} …;  …" and a body')
    wordings = asked.removeprefix(_ASKED_AS).strip().rstrip(".").split(";")
    heading = title.removeprefix("# ").strip()
    return Document(
        id=f"{GUIDE_PREFIX}{name}",
        title=heading,
        source="guide",
        sections=(Section(heading, body.strip()),),
        signs=tuple(wording.strip() for wording in wordings),
    )
