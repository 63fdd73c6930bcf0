"""Files that hold no settings are one fault, whatever stands in them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.domain.errors import ConfigError
from bot.settings import Settings, load_settings
from tests.settings.support import ENVIRON, Write, faults_of


def test_broken_yaml_is_named_with_line_and_column(write: Write) -> None:
    (fault,) = faults_of(write("clusters:\n  prod: [\n"))

    assert re.search(r"not valid YAML \(line 3, column 1\)", fault)


@pytest.mark.parametrize(
    "text",
    ["- a\n- b\n", "just words", "a: &x\n  b: *x\n", "a: \x00\n", "? [a]\n: 1\n", "a: *b\n"],
)
def test_a_file_that_holds_no_settings_is_one_fault(write: Write, text: str) -> None:
    (fault,) = faults_of(write(text))

    assert "airflow-bot.yaml" in fault


def test_a_file_that_does_not_exist_is_one_fault(tmp_path: Path) -> None:
    (fault,) = faults_of(tmp_path / "gone.yaml")

    assert "gone.yaml does not exist" in fault


def test_a_folder_or_another_encoding_is_one_fault(tmp_path: Path) -> None:
    latin = tmp_path / "latin.yaml"
    latin.write_bytes("a: ü".encode("latin-1"))

    assert "cannot be read" in faults_of(tmp_path)[0]
    assert "UTF-8" in faults_of(latin)[0]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200)
@given(
    tree=st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    [*Settings.model_fields, "prod", "base_url", "password", "mode", "url"]
                )
                | st.text(max_size=4),
                inner,
                max_size=5,
            )
        ),
        max_leaves=12,
    )
)
def test_no_file_breaks_the_loader(tmp_path: Path, tree: object) -> None:
    path = tmp_path / "any.yaml"
    path.write_text(yaml.safe_dump(tree, allow_unicode=True), encoding="utf-8")
    faults: tuple[str, ...] = ("none",)
    try:
        load_settings(ENVIRON, path)
    except ConfigError as error:
        faults = error.faults

    assert faults
    assert all("\n" not in line for line in faults)
