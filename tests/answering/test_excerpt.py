"""A traceback on a page: the user's own frames in full, those of packages counted."""

from __future__ import annotations

from bot.answering.excerpt import without_packaged_frames

PACKAGED = (
    '  File "/opt/venv/lib/python3.11/site-packages/airflow/sdk/runner.py", line 197, in wrapper'
)
OWN = '  File "/opt/airflow/dags/orders.py", line 33, in load'


def test_rows_of_packaged_frames_become_one_line_each() -> None:
    text = "\n".join(
        [
            "Traceback (most recent call last):",
            PACKAGED,
            "    return func(*args)",
            PACKAGED,
            OWN,
            '    row["country"]',
            PACKAGED,
            "KeyError: 'country'",
        ]
    )
    assert list(without_packaged_frames(text)) == [
        "Traceback (most recent call last):",
        "  … 2 frames of Airflow and packages …",
        OWN,
        '    row["country"]',
        "  … 1 frame of Airflow and packages …",
        "KeyError: 'country'",
    ]


def test_text_that_is_no_traceback_stays_as_it_is() -> None:
    text = "read 12 rows\n    indented\n  File missing"
    assert list(without_packaged_frames(text)) == text.splitlines()


def test_a_text_that_ends_in_packaged_frames_says_so() -> None:
    assert list(without_packaged_frames(PACKAGED)) == ["  … 1 frame of Airflow and packages …"]
