"""A settings file that a test writes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.settings.support import Write


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def written(text: str) -> Path:
        path = tmp_path / "airflow-bot.yaml"
        path.write_text(text, encoding="utf-8")
        return path

    return written
