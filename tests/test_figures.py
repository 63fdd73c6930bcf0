"""The figures of the page are what programs print, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.benchmarks.figures import BEGIN, END, rows_of, write_between
from tests.benchmarks.incidents import v_measure


def test_what_stood_between_the_marks_is_replaced_and_nothing_beside_it(tmp_path: Path) -> None:
    page = tmp_path / "FIGURES.md"
    page.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    write_between(page, "| new |")
    assert page.read_text() == f"before\n{BEGIN}\n| new |\n{END}\nafter\n"


def test_a_page_without_marks_is_refused(tmp_path: Path) -> None:
    page = tmp_path / "FIGURES.md"
    page.write_text("before\n")
    with pytest.raises(ValueError, match="to write between"):
        write_between(page, "| new |")


def test_printed_lines_become_rows() -> None:
    evaluated = '{"n": 40, "right": 30, "also_right": 6, "confidently_wrong": 1}'
    ((what, found),) = rows_of("recorded", evaluated)
    assert what.endswith("40 cases")
    assert found == "90 % right or also right, 2.5 % surely wrong"
    printed = (
        "written as it is       n= 75  pack       500: 100.0 % (fold 98.0)   1000:  99.0 % (f 1)\n"
        "written as it is       n= 75  grep ±5    500:   1.0 % (fold 0.0)   1000:   2.0 % (f 1)\n"
    )
    ((_, shares),) = rows_of("recall", printed)
    assert shares == "pack 100.0 % at 500, 99.0 % at 1000; grep ±5 1.0 % at 500, 2.0 % at 1000"


def test_the_page_has_its_place_for_figures() -> None:
    page = (Path(__file__).parent / "benchmarks" / "FIGURES.md").read_text()
    assert page.index(BEGIN) < page.index(END)


def test_v_measure_is_that_of_its_authors() -> None:
    assert v_measure("aabb", "xxyy") == (1.0, 1.0, 1.0)
    assert v_measure("aabb", "xyzw")[0] == 1.0
    homogeneity, completeness, v = v_measure("aabb", "xyzw")
    assert (completeness, v) == (pytest.approx(0.5), pytest.approx(2 / 3))
    assert v_measure("abab", "xxyy") == (pytest.approx(0), pytest.approx(0), pytest.approx(0))
    assert homogeneity == 1.0
