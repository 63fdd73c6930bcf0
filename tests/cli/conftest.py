from __future__ import annotations

from pathlib import Path

import pytest

from bot.diagnosis.redaction import load_catalog


@pytest.fixture(scope="session")
def compiled_rules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Compiled once: that takes each command seconds. Links to it are not followed."""
    folder = tmp_path_factory.mktemp("rules") / "redaction-rules"
    folder.mkdir(mode=0o700)
    load_catalog(str(folder))
    return folder
