"""What the tests of the settings share: a smallest file, an environment, and faults by key."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.domain.errors import ConfigError
from bot.settings import load_settings

SECRET = "hunter2-and-more"
CLUSTER = """
clusters:
  prod:
    base_url: https://airflow.example.com
    username: bot
    password_env: PROD_PASSWORD
"""
ENVIRON = {"HOME": "/home/someone", "PROD_PASSWORD": SECRET}

Write = Callable[[str], Path]


def faults_of(path: Path | None, environ: dict[str, str] | None = None) -> tuple[str, ...]:
    with pytest.raises(ConfigError) as caught:
        load_settings(ENVIRON if environ is None else environ, path)
    return caught.value.faults


def fault_at(key: str, path: Path | None, environ: dict[str, str] | None = None) -> str:
    """What is said of the key that is written as `key`."""
    found = [line for line in faults_of(path, environ) if re.match(rf"{re.escape(key)}[ :]", line)]
    assert found, faults_of(path, environ)
    return " ".join(found)
