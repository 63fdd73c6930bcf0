"""The part of a document that a reader needs, given where the search hit it."""

from __future__ import annotations

from bot.knowledge.chunks import Document

_LEAD, _LOOK, _REMEDY = "What happened", "Check", "Fix"


def passage_text(document: Document, heading: str) -> str:
    """A guide whole; of a runbook what happened and the fix, and the check where that was hit."""
    sections = {section.heading: section.text for section in document.sections}
    if document.source == "guide" or not sections:
        return "\n\n".join(sections.values())
    looked = _headed(_LOOK, sections.get(_LOOK, "")) if heading == _LOOK else ""
    parts = (sections.get(_LEAD, ""), looked, _headed(_REMEDY, sections.get(_REMEDY, "")))
    return "\n\n".join(part for part in parts if part)


def _headed(heading: str, text: str) -> str:
    return f"## {heading}\n{text}" if text else ""
