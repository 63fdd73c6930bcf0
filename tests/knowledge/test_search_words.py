"""Words, pieces and rankings: the parts of search that need no index."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.errors import RunbookError
from bot.domain.runbooks import KnownFailure, Section, Signature, When
from bot.domain.verdicts import RetryAdvice, VerdictKind
from bot.knowledge.chunks import CHUNK_MAX, Chunk, Document, chunks_of, digest_of, document_of
from bot.knowledge.coverage import coverage
from bot.knowledge.exact import ExactIndex
from bot.knowledge.fusion import fused
from bot.knowledge.guide_file import read_guide
from bot.knowledge.passages import passage_text
from bot.knowledge.ranking import ranked
from bot.knowledge.tokens import query_tokens, stem, tokens


def known(cause: str, *signatures: Signature, rank: int = 0) -> KnownFailure:
    return KnownFailure(
        cause=cause,
        title=f"Title of {cause}",
        verdict=VerdictKind.CODE,
        retry=RetryAdvice.UNKNOWN,
        signatures=signatures,
        when=When(),
        owner="dag_owner",
        sections=(
            Section("What happened", "It broke."),
            Section("Check", "Look."),
            Section("Fix", "Mend it."),
        ),
        path=f"runbooks/{cause}.md",
        rank=rank,
    )


def test_identifiers_are_kept_whole_and_in_parts() -> None:
    assert tokens("KubernetesPodOperator") == [
        "kubernetespodoperator",
        "kubernet",
        "pod",
        "operator",
    ]
    assert tokens("max_active_runs")[0] == "max_active_runs"
    assert "airflow_exceptions_airflowskip" in tokens("airflow.exceptions.AirflowSkip")


@pytest.mark.parametrize(
    "words",
    [
        ("retries", "retried", "retrying", "retry"),
        ("schedule", "schedules", "scheduled", "scheduling"),
        ("pool", "pools"),
        ("run", "runs", "running"),
        ("delete", "deleting", "deletes"),
    ],
)
def test_forms_of_a_word_meet_in_one_stem(words: tuple[str, ...]) -> None:
    assert len({stem(word) for word in words}) == 1


@pytest.mark.parametrize("word", ["status", "class", "pods", "is", "thing", "bed"])
def test_stems_keep_enough_to_tell_words_apart(word: str) -> None:
    assert len(stem(word)) >= min(len(word), 3) - 1


def test_a_query_gets_airflows_other_names_and_loses_what_is_volatile() -> None:
    assert {"heartbeat", "timeout"} <= set(query_tokens("zombie"))
    assert {"memori", "kill"} <= set(query_tokens("exit code 137"))
    volatile = "2026-11-22T05:54:41 10.0.0.7:5432 https://airflow.example/x a.py:12"
    assert query_tokens(volatile) == []


def test_words_of_other_scripts_are_tokens_too() -> None:
    assert tokens("タスク失敗") == ["タスク失敗"]


@given(st.text(max_size=200))
def test_tokens_hold_nothing_that_a_query_language_would_act_on(text: str) -> None:
    for token in [*tokens(text), *query_tokens(text)]:
        assert token
        assert '"' not in token
        assert " " not in token


def test_a_document_is_cut_into_its_signs_and_sections() -> None:
    document = document_of(known("disk_full", Signature("No space left"), Signature("x.*", True)))
    chunks = chunks_of(document)
    assert [chunk.heading for chunk in chunks] == ["Signs", "What happened", "Check", "Fix"]
    assert chunks[0].text == "disk_full\nNo space left"
    assert len({chunk.id for chunk in chunks}) == len(chunks)


def test_long_sections_are_cut_between_paragraphs_and_never_before_their_code() -> None:
    paragraph = "word " * 90
    text = f"{paragraph}\n\n{paragraph}\n\nRun this:\n\n```\na\n\nb\n```\n\n{paragraph}"
    document = Document("d", "D", "guide", (Section("Fix", text),))
    pieces = [chunk.text for chunk in chunks_of(document)]
    assert len(pieces) > 1
    assert all(len(piece) <= CHUNK_MAX + 500 for piece in pieces)
    assert [piece.count("```") for piece in pieces if "```" in piece] == [2]
    assert any("Run this:" in piece and "```" in piece for piece in pieces)


def test_the_digest_changes_with_any_word_of_any_document() -> None:
    one = document_of(known("a_cause"))
    other = replace(one, title="Another title")
    assert digest_of([one]) == digest_of([document_of(known("a_cause"))])
    assert digest_of([one]) != digest_of([other])
    assert chunks_of(one)[0].digest != chunks_of(other)[0].digest


def test_fusion_prefers_what_several_rankings_agree_on() -> None:
    assert fused([["a", "b"], ["b", "c"]])[0][0] == "b"
    assert fused([]) == []


@given(st.lists(st.lists(st.sampled_from("abcdef"), max_size=6), max_size=4))
def test_fusion_keeps_every_id_once_and_falls_in_score(rankings: list[list[str]]) -> None:
    result = fused(rankings)
    assert {name for name, _ in result} == {name for ranking in rankings for name in ranking}
    assert [score for _, score in result] == sorted((s for _, s in result), reverse=True)


def test_the_longest_signature_names_the_runbook() -> None:
    index = ExactIndex(
        [
            known("wide", Signature("No space left")),
            known("narrow", Signature(r"No space left on device: .{1,40}wal", is_regex=True)),
            known("other", Signature("Too many open files")),
        ]
    )
    pasted = "OSError: no  space left\non device: '/var/lib/wal'"
    assert index.causes_in(pasted) == ["narrow", "wide"]
    assert index.causes_in("all is well") == []


def test_a_match_of_a_few_characters_names_nothing() -> None:
    assert ExactIndex([known("tiny", Signature("OOM"))]).causes_in("OOM") == []


def chunk(name: str, number: int = 0, heading: str = "Fix") -> Chunk:
    return Chunk(f"{name}#{number}", name, heading, name, "text")


def test_signatures_lead_and_each_document_comes_once() -> None:
    chunks = {one.id: one for one in (chunk("a"), chunk("a", 1, "Check"), chunk("b"), chunk("c"))}
    hits = ranked(
        "boom",
        exact=["c", "only_exact"],
        by_words=["a#1", "b#0", "a#0", "gone#4"],
        by_meaning=["b#0"],
        chunks=chunks,
    )
    assert [hit.document for hit in hits] == ["c", "only_exact", "b", "a"]
    assert hits[3].heading == "Check"


def test_who_asks_how_is_served_by_a_guide() -> None:
    chunks = {one.id: one for one in (chunk("cleared"), chunk("guide:clear"))}
    words = ["cleared#0", "guide:clear#0"]
    how = ranked("how do I clear?", exact=[], by_words=words, by_meaning=[], chunks=chunks)
    why = ranked("it was cleared", exact=[], by_words=words, by_meaning=[], chunks=chunks)
    assert how[0].document == "guide:clear"
    assert why[0].document == "cleared"


def test_coverage_is_the_share_of_the_questions_rare_words() -> None:
    rarity = {"pool": 2.0, "slot": 2.0, "weather": 4.0}
    assert coverage("pool slot", ["The pool has no free slot."], rarity) == 1.0
    assert coverage("weather pool", ["The pool has no free slot."], rarity) < 0.5
    assert coverage("", ["anything"], {}) == 0.0


def test_names_of_somebodys_dag_are_no_part_of_the_question() -> None:
    query = "clear dag_7f_orders"
    rarity = dict.fromkeys(query_tokens(query), 9.0) | {"clear": 2.0}
    assert coverage(query, ["how to clear"], rarity) > coverage(query, ["how to pause"], rarity)


def test_a_guide_says_how_else_its_question_is_asked() -> None:
    guide = read_guide("clear", "# Clear it\n\nAsked as: rerun; restart.\n\n1. Click.\n2. Done.")
    assert guide.title == "Clear it"
    assert guide.signs == ("rerun", "restart")
    assert passage_text(guide, "") == "1. Click.\n2. Done."


@pytest.mark.parametrize("text", ["", "# Only a title", "# T\n\nno wordings\n\nbody", "no title"])
def test_a_broken_guide_is_refused_by_name(text: str) -> None:
    with pytest.raises(RunbookError, match="clear_it"):
        read_guide("clear_it", text)


@pytest.mark.parametrize("heading", ["Fix", "Signs", "Escalate", ""])
def test_a_passage_tells_what_happened_and_the_fix(heading: str) -> None:
    text = passage_text(document_of(known("a_cause")), heading)
    assert text == "It broke.\n\n## Fix\nMend it."


def test_a_passage_whose_check_was_hit_tells_the_check_too() -> None:
    text = passage_text(document_of(known("a_cause")), "Check")
    assert text == "It broke.\n\n## Check\nLook.\n\n## Fix\nMend it."


def test_how_well_something_is_to_be_done_is_no_part_of_what_it_is_about() -> None:
    assert query_tokens("how do I properly and quickly pause a Dag?") == query_tokens("pause a Dag")
