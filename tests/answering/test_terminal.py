"""Every reply reads well on a terminal of any width, and nothing foreign can steer it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.answering.model_note import model_note
from bot.answering.terminal import render_text
from bot.domain.answers import (
    Apology,
    Choice,
    Claim,
    ClusterReport,
    Explanation,
    HealthReport,
    Help,
    HowTo,
    LogReport,
    ModelOutcome,
    NotFound,
    Reply,
    StatusReport,
    Unsupported,
)
from bot.domain.evidence import ComponentHealth, DagRun, Gap, GapReason, Pool
from bot.domain.logs import LogLine
from bot.domain.runbooks import Passage
from bot.domain.targets import Ambiguous, Nowhere, Option
from bot.domain.verdicts import Quote, RuledOut, VerdictKind
from tests.answering.cases import BEGAN, LINK, LOG, TARGET, TASK_INSTANCE, VERDICT, diagnosed

GAP = Gap("event log", GapReason.FORBIDDEN, "403", "Grant Audit Log read.")


def replies(words: str) -> list[Reply]:
    """One of each kind, with `words` wherever foreign text may stand."""
    verdict = replace(
        VERDICT,
        title=words,
        why=words,
        quotes=(Quote("L57", words, words, 2, 57, "2026-11-22T05:54:41+00:00"),),
        ruled_out=(RuledOut(words, words),),
        also_possible=(words,),
        gaps=(Gap(words, GapReason.TIMEOUT, words, words),),
    )
    claim = Claim(words, ("L57",), disputed=True)
    explained = Explanation(ModelOutcome.USED, (claim,), (claim,), words, 2, "m")
    target = replace(TARGET, dag_id=words)
    option = Option(words, target)
    run = DagRun(words, words, state=words, logical_date=BEGAN, duration=4.0)
    cluster = ClusterReport(
        words,
        reachable=True,
        airflow_version=words,
        components=(ComponentHealth(words, words, BEGAN),),
        pools=(Pool(words, 8, 3),),
        import_errors=2,
        failed_last_hour=1,
        gaps=(GAP,),
    )
    return [
        replace(diagnosed(verdict), explanation=explained, steps=(words,), what_happened=words),
        StatusReport("A1", target, (run,), (replace(TASK_INSTANCE, task_id=words),), (LINK,)),
        HealthReport("A1", (cluster, ClusterReport(words, reachable=False))),
        LogReport("A1", target, (LogLine(1, words, BEGAN, "error"),), 9, 8, (LINK,), (GAP,)),
        HowTo("A1", words, (Passage("R1", words, words, "runbook"),)),
        Choice("A1", Ambiguous(words, (option,))),
        NotFound("A1", Nowhere(words, (words,), (option,), words)),
        Help("A1", (words,), words),
        Unsupported("A1", words, words),
        Apology("A1", words),
    ]


def test_a_diagnosis_leads_with_the_verdict_and_proves_it() -> None:
    text = render_text(diagnosed(), 90)
    assert text.splitlines()[0] == "Your code  (90 % sure)"
    assert "L57  task log of try 2, line 57\n  | KeyError: 'country'" in text
    assert "What to do: next is the Dag's owner (orders-team)" in text
    assert "       airflow dags test orders" in text
    assert text.endswith("Reference A1B2, cause python_exception, 61 log lines read\n")


def test_a_quote_is_not_shown_twice() -> None:
    once = Quote("L57", "KeyError: 'country'\ndetail", "task log", 2, 57)
    again = Quote("L57.2", "KeyError: 'country'", "task log", 2, 57)
    text = render_text(diagnosed(replace(VERDICT, quotes=(once, again))), 90)
    assert "L57.2" not in text


def test_nobody_is_told_how_sure_we_are_of_not_knowing() -> None:
    text = render_text(diagnosed(replace(VERDICT, kind=VerdictKind.UNKNOWN)), 90)
    assert text.splitlines()[0] == "I can't tell yet"


def test_claims_of_the_model_show_what_they_cite_and_what_is_disputed() -> None:
    claims = (Claim("It read rows.", ("L40",)), Claim("Out of memory.", ("L40",), disputed=True))
    explained = Explanation(ModelOutcome.USED, claims, model="m-1", dropped=1)
    text = render_text(replace(diagnosed(), explanation=explained), 100)
    assert "- It read rows. [L40]" in text
    assert "- Out of memory. [L40] (disputed: the verdict says otherwise)" in text
    assert "Explained by m-1 from the evidence cited; 1 statement without support was left" in text


@pytest.mark.parametrize("outcome", list(ModelOutcome))
def test_what_became_of_the_model_is_said_in_one_line(outcome: ModelOutcome) -> None:
    note = model_note(Explanation(outcome, model="m-1", detail="HTTP 500"))
    assert "\n" not in note
    assert "500" not in note
    assert bool(note) is (outcome is not ModelOutcome.NOT_CONFIGURED)


def test_an_address_stays_on_one_line() -> None:
    narrow = render_text(diagnosed(), 30)
    assert f"Task log: {LINK.url}" in narrow


def test_nothing_found_says_what_to_ask_instead() -> None:
    assert "nothing on that" in render_text(HowTo("A1", "bake bread", ()))


def test_a_log_line_shows_number_time_and_level() -> None:
    report = LogReport("A1", TARGET, (LogLine(9, "boom", BEGAN, "error", repeated=3),), 9, 0, ())
    assert "9 05:54:00 UTC error boom (3 lines like this)" in render_text(report)


def test_colour_is_only_there_when_asked_for() -> None:
    assert "\x1b[" not in render_text(diagnosed())
    assert "\x1b[1;31mYour code" in render_text(diagnosed(), colour=True)


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=60), st.integers(min_value=1, max_value=140))
def test_no_reply_passes_control_characters_on_at_any_width(words: str, width: int) -> None:
    for reply in replies(f"{words}\x1b]0;title\x07\x1b[2J\u202e[bold]x[/bold]"):
        text = render_text(reply, width)
        assert not any(ord(character) < 32 and character != "\n" for character in text)
        assert "\u202e" not in text
        assert "\x7f" not in text


def test_words_in_brackets_are_no_markup() -> None:
    for reply in replies("[bold]x[/bold] [link=https://evil.example]y[/link]"):
        assert "[bold]x[/bold]" in render_text(reply, 100)


def test_no_line_is_wider_than_the_page_but_addresses() -> None:
    for reply in replies("a long sentence of many words that has to be wrapped somewhere " * 4):
        for line in render_text(reply, 60).splitlines():
            assert len(line) <= 60 or "https://" in line


def test_wide_characters_are_measured_as_they_are_shown() -> None:
    lines = render_text(Apology("A1", "失敗しました" * 20), 40).splitlines()
    assert max(len(line) for line in lines) <= 31


def test_the_log_of_the_case_is_the_excerpt_of_its_diagnosis() -> None:
    assert diagnosed().log_lines == LOG.lines
