"""The part of a document that a reader needs, given where the search hit it."""

from __future__ import annotations

from bot.knowledge.chunks import Document

_LEAD, _REMEDY = "What happened", "Fix"


def passage_text(document: Document, heading: str) -> str:
    """A guide whole; of a runbook the section that was hit, else what happened and the fix."""
    sections = {section.heading: section.text for section in document.sections}
    if document.source == "guide" or not sections:
        return "\n\n".join(sections.values())
    fix = _headed(_REMEDY, sections.get(_REMEDY, ""))
    if heading in sections and heading not in (_LEAD, _REMEDY):
        return f"{_headed(heading, sections[heading])}\n\n{fix}".strip()
    return f"{sections.get(_LEAD, '')}\n\n{fix}".strip()


def _headed(heading: str, text: str) -> str:
    return f"## {heading}\n{text}" if text else ""
