"""The locked requirements: pinned, hashed, from no named index, in agreement with each other."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FILES = sorted(path.name for path in ROOT.glob("requirements*.txt"))


def pins(name: str) -> dict[str, set[str]]:
    """Versions by package; several where Python versions need different ones."""
    found: dict[str, set[str]] = {}
    for package, version in re.findall(r"(?m)^([\w.-]+)==(\S+)", (ROOT / name).read_text()):
        found.setdefault(package, set()).add(version)
    return found


def test_there_is_a_file_for_each_environment() -> None:
    assert FILES == [
        "requirements-airflow.txt",
        "requirements-build.txt",
        "requirements-dev.txt",
        "requirements.txt",
    ]


@pytest.mark.parametrize("name", FILES)
def test_every_line_is_a_pin_a_marker_or_a_hash(name: str) -> None:
    text = (ROOT / name).read_text().replace(" \\\n", " ")
    lines = [line for line in text.splitlines() if line]

    unhashed = [line for line in lines if not re.match(r"[\w.-]+==\S+ .*--hash=sha256:", line)]
    assert lines
    assert unhashed == []
    assert "://" not in text


@pytest.mark.parametrize("name", FILES)
def test_no_environment_brings_a_deep_learning_framework(name: str) -> None:
    assert not {"torch", "tensorflow", "jax", "sentence-transformers"} & pins(name).keys()


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-build.txt"])
def test_the_tests_run_with_the_versions_that_are_shipped(name: str) -> None:
    tested = pins("requirements-dev.txt")

    assert {package: tested.get(package) for package in pins(name)} == pins(name)


def test_every_dependency_is_locked() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    groups = project["dependency-groups"]
    wanted = {
        "requirements.txt": project["project"]["dependencies"],
        "requirements-dev.txt": [each for each in groups["dev"] if isinstance(each, str)],
        "requirements-build.txt": groups["build"],
        "requirements-airflow.txt": groups["airflow"],
    }
    for name, requirements in wanted.items():
        packages = {re.split(r"[\[<>=!~ ]", each)[0].lower() for each in requirements}
        assert packages <= pins(name).keys(), name
