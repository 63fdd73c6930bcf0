"""The figures of the page are what programs print, and nothing else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bot.shipped import figures
from tests.benchmarks.figures import BEGIN, END, main, rows_of, write_between
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
    counts = {"n": 40, "right": 30, "also_right": 6, "confidently_wrong": 1}
    lines = {"labelled": 20, "deciding": 18, "quoted": 19}
    evaluated = json.dumps(
        {**counts, "lines": lines, "calibration_error": 0.125, "cross_validated": counts}
    )
    rows = rows_of("recorded", evaluated)
    assert rows[0][0].endswith("40 cases")
    assert [found for _, found in rows] == [
        "90 % right or also right, 2.5 % surely wrong",
        "90.0 % quoted first, 95.0 % quoted",
        "12.5 points of confidence too low or too high",
        "90 % right or also right, 2.5 % surely wrong",
    ]
    printed = (
        "written as it is       n= 75  pack       500: 100.0 % (fold 98.0)   1000:  99.0 % (f 1)\n"
        "written as it is       n= 75  grep ±5    500:   1.0 % (fold 0.0)   1000:   2.0 % (f 1)\n"
    )
    ((_, shares),) = rows_of("recall", printed)
    assert shares == "pack 100.0 % at 500, 99.0 % at 1000; grep ±5 1.0 % at 500, 2.0 % at 1000"


def test_a_cost_is_told_beside_ripgreps() -> None:
    printed = (
        "plain, 1,049 MB\n"
        "  rg -c, 300 patterns                  2.22 CPU s   1032 MB                   632694\n"
        "  scan, 300 patterns                   1.42 CPU s     45 MB   0.64 of ripgrep 9 hits\n"
        "  120 MB in one line                   0.26 CPU s    107 MB                   7 lines\n"
        "  5 MB to a verdict    5.3 CPU s    139 MB      x, 0.37 CPU s of it for the log itself\n"
    )
    assert rows_of("speed", printed) == [
        ("plain, 1,049 MB: scan, 300 patterns", "1.42 CPU s, 0.64 of ripgrep's, 45 MB at most"),
        ("120 MB in one line", "0.26 CPU s, 107 MB at most"),
        ("5 MB to a verdict", "0.37 CPU s, 139 MB at most"),
    ]


def test_what_is_not_measured_anew_may_stay(tmp_path: Path, monkeypatch: Any) -> None:
    page = tmp_path / "FIGURES.md"
    old = "| grouped | 0.99 | `python -m tests.benchmarks.incidents --corpus CORPUS` |"
    page.write_text(f"{BEGIN}\n{old}\n{END}\n")
    monkeypatch.setattr("sys.argv", ["figures", "--only", "none", "--page", str(page)])
    main()
    assert old in page.read_text()


def test_the_page_has_its_place_for_figures() -> None:
    page = figures()
    assert page.index(BEGIN) < page.index(END)


def test_v_measure_is_that_of_its_authors() -> None:
    assert v_measure("aabb", "xxyy") == (1.0, 1.0, 1.0)
    assert v_measure("aabb", "xyzw")[0] == 1.0
    homogeneity, completeness, v = v_measure("aabb", "xyzw")
    assert (completeness, v) == (pytest.approx(0.5), pytest.approx(2 / 3))
    assert v_measure("abab", "xxyy") == (pytest.approx(0), pytest.approx(0), pytest.approx(0))
    assert homogeneity == 1.0


def test_what_is_gained_by_learning_is_a_row_for_each_way_to_learn() -> None:
    head = ("", "asked again", "hit", "misled", "right", "surely wrong", "humans", "tokens", "s")
    row = ("off", "80", "0 %", "0 %", "50 %", "5 %", "55 %", "2462", "14")
    printed = "20 failures, 5 times each; the runbooks of 10 of 130 causes are withheld\n"
    for cells in (head, row):
        printed += f"{cells[0]:<12}" + "".join(f"{cell:>15}" for cell in cells[1:]) + "\n"
    ((what, found),) = rows_of("flywheel", printed)
    assert what == "20 failures that come again, learning off: 80 questions"
    assert found.startswith("fix known 0 %, misled 0 %, verdict right 50 %, surely wrong 5 %")
