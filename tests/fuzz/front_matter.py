"""Any text is a runbook, or is refused with a sentence that names the file."""

from __future__ import annotations

from pathlib import Path

from bot.diagnosis.judgements import JUDGEMENTS
from bot.diagnosis.vocabulary import VOCABULARY
from bot.domain.errors import RunbookError
from bot.knowledge.runbook_file import Words, read_runbook

_RUNBOOKS = Path(__file__).parents[2] / "runbooks"
_PATH = "some_cause.md"
_WORDS = Words(VOCABULARY, JUDGEMENTS)


def seeds() -> list[bytes]:
    return [path.read_bytes() for path in sorted(_RUNBOOKS.glob("*.md"))]


def take(content: bytes) -> None:
    """One input. Raises where the reader does with anything but its own error."""
    said = _refusal(content.decode("utf-8", "replace"))
    assert said is None or (said.startswith(_PATH) and len(said) < 10_000), said


def _refusal(text: str) -> str | None:
    try:
        read_runbook(text, _PATH, _WORDS)
    except RunbookError as error:
        return str(error)
    return None
