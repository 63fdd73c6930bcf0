from __future__ import annotations

from bot.knowledge.catalogue import read_catalogue
from bot.knowledge.runbook_file import Words

WORDS = Words((), ())


def source(cause: str, title: str = "A title") -> tuple[str, str]:
    front = f"cause: {cause}\ntitle: {title}\nverdict: code\nretryable: false\nowner: dag_owner\n"
    return f"runbooks/{cause}.md", f"---\n{front}---\n"


def test_a_broken_file_leaves_the_others_in_force() -> None:
    catalogue = read_catalogue([source("disk_full"), ("bad.md", "no"), source("sql_error")], WORDS)
    assert [known.cause for known in catalogue.failures] == ["disk_full", "sql_error"]
    assert len(catalogue.faults) == 1
    assert catalogue.faults[0].startswith("bad.md:1:")


def test_the_order_of_files_does_not_matter() -> None:
    files = [source("sql_error"), source("disk_full")]
    assert read_catalogue(files, WORDS) == read_catalogue(reversed(files), WORDS)


def test_a_later_file_replaces_an_earlier_one_of_its_cause() -> None:
    own = ("team/sql_error.md", source("sql_error", "Ours")[1])
    catalogue = read_catalogue([source("sql_error"), own], WORDS)
    known = catalogue.get("sql_error")
    assert known is not None
    assert known.title == "Ours"


def test_a_broken_replacement_leaves_the_shipped_file_in_force() -> None:
    catalogue = read_catalogue([source("sql_error"), ("team/sql_error.md", "oops")], WORDS)
    assert catalogue.get("sql_error") is not None


def test_an_unknown_cause_is_none() -> None:
    assert read_catalogue([], WORDS).get("nothing") is None
