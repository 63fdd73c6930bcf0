"""The redaction rules, compiled once for all workers and for the programs that tests start.

Compiling takes seconds of CPU, reading what was compiled a tenth of that.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from bot.diagnosis.redaction import load_catalog

FOLDER = "redaction-rules"
"""Within the bot's data."""

_KEPT = Path(__file__).parents[1] / ".cache" / FOLDER


def pytest_configure() -> None:
    """Before workers are started, and before a test module builds a redactor."""
    compiled_rules()


def compiled_rules() -> Path:
    """Their folder, filled; the catalog of this process is theirs."""
    _KEPT.mkdir(mode=0o700, parents=True, exist_ok=True)
    load_catalog(str(_KEPT))
    return _KEPT


def with_compiled_rules(data_folder: Path) -> Path:
    """`data_folder`, as a bot that ran there before has left it. Links are not followed."""
    shutil.copytree(compiled_rules(), data_folder / FOLDER)
    return data_folder
