from __future__ import annotations

import os
from pathlib import Path

import pytest

from bot.adapters.runbook_folder import RunbookFolder
from bot.domain.errors import RunbookError
from bot.knowledge.runbook_file import Words

WORDS = Words((), ())


def write(folder: Path, cause: str, title: str = "A title") -> Path:
    path = folder / f"{cause}.md"
    front = f"cause: {cause}\ntitle: {title}\nverdict: code\nretryable: false\nowner: dag_owner\n"
    path.write_text(f"---\n{front}---\n", encoding="utf-8")
    return path


def test_a_new_file_is_in_force_without_a_restart(tmp_path: Path) -> None:
    write(tmp_path, "disk_full")
    folder = RunbookFolder([tmp_path], WORDS)
    assert len(folder.catalogue().failures) == 1
    write(tmp_path, "sql_error")
    assert [known.cause for known in folder.catalogue().failures] == ["disk_full", "sql_error"]


def test_a_corrected_file_comes_into_force(tmp_path: Path) -> None:
    path = tmp_path / "disk_full.md"
    path.write_text("broken", encoding="utf-8")
    folder = RunbookFolder([tmp_path], WORDS)
    assert folder.catalogue().faults[0].startswith(f"{path}:1:")
    write(tmp_path, "disk_full")
    assert folder.catalogue().faults == ()
    assert len(folder.catalogue().failures) == 1


def test_an_unchanged_folder_is_not_read_again(tmp_path: Path) -> None:
    write(tmp_path, "disk_full")
    folder = RunbookFolder([tmp_path], WORDS)
    assert folder.catalogue() is folder.catalogue()


def test_a_change_of_equal_size_is_seen_by_its_time(tmp_path: Path) -> None:
    path = write(tmp_path, "disk_full", "One title")
    folder = RunbookFolder([tmp_path], WORDS)
    folder.catalogue()
    write(tmp_path, "disk_full", "Two title")
    os.utime(path, ns=(path.stat().st_atime_ns, path.stat().st_mtime_ns + 1_000_000))
    known = folder.catalogue().get("disk_full")
    assert known is not None
    assert known.title == "Two title"


def test_files_of_a_later_folder_replace_earlier_ones(tmp_path: Path) -> None:
    shipped, own = tmp_path / "shipped", tmp_path / "own"
    shipped.mkdir()
    own.mkdir()
    write(shipped, "disk_full", "Shipped")
    write(own, "disk_full", "Own")
    known = RunbookFolder([shipped, own], WORDS).catalogue().get("disk_full")
    assert known is not None
    assert known.title == "Own"


def test_a_file_that_is_no_text_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "disk_full.md"
    path.write_bytes(b"\xff\xfe\x00")
    catalogue = RunbookFolder([tmp_path], WORDS).catalogue()
    assert catalogue.faults[0].startswith(f"{path}:1: cannot be read")


def test_a_missing_folder_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(RunbookError, match="no such folder"):
        RunbookFolder([tmp_path / "gone"], WORDS).catalogue()


def test_a_readme_in_the_folder_is_no_runbook(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("# How to write one\n", encoding="utf-8")
    assert RunbookFolder([tmp_path], WORDS).catalogue().failures == ()
