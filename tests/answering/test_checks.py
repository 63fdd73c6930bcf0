"""What doctor found, as lines: nothing is cut, whatever the width."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.answering.terminal.checks import checks_in_words
from bot.domain.checks import Check, CheckStatus

PATH = "/var/lib/airflow-support-bot/production/eu-central-1/conversations/and-more/bot.db"
CHECKS = (
    Check("slack", "bot token", CheckStatus.SKIPPED),
    Check("database", "writable", CheckStatus.FAILED, f"cannot write to {PATH}", "Make it so."),
    Check("airflow:prod-eu", "may read task log", CheckStatus.OK, "granted"),
)


def test_what_is_piped_is_one_line_for_each_thing_said() -> None:
    assert checks_in_words(CHECKS, None).splitlines() == [
        "Part             Check              Result   Detail and remedy",
        "slack            bot token          skipped",
        f"database         writable           FAILED   cannot write to {PATH}",
        "                                             Make it so.",
        "airflow:prod-eu  may read task log  ok       granted",
    ]


def test_at_a_terminal_words_are_wrapped_and_long_ones_stay_whole() -> None:
    lines = checks_in_words(CHECKS, 80).splitlines()
    assert any(line.strip() == PATH for line in lines)
    assert all(len(line) <= 80 for line in lines if PATH not in line)


def test_a_narrow_terminal_has_the_words_below_the_row() -> None:
    lines = checks_in_words(CHECKS, 60).splitlines()
    assert lines[0].split() == ["Part", "Check", "Result"]
    assert lines[2].split() == ["database", "writable", "FAILED"]
    assert lines[3:6] == ["  cannot write to", f"  {PATH}", "  Make it so."]


def test_words_of_a_server_cannot_act_on_the_terminal() -> None:
    hostile = Check("slack", "x", CheckStatus.FAILED, "red \x1b[31m\u202eword")
    assert "\x1b" not in checks_in_words([hostile], None)
    assert "\u202e" not in checks_in_words([hostile], None)


def test_nothing_checked_is_the_head_alone() -> None:
    assert checks_in_words((), 80).startswith("Part")


@given(st.lists(st.text("ab-/. ", max_size=60), max_size=4), st.integers(1, 200) | st.none())
def test_every_word_is_found_again(details: list[str], width: int | None) -> None:
    checks = [Check("p", "c", CheckStatus.OK, detail, detail) for detail in details]
    words = [word for detail in details for word in (detail + " " + detail).split()]
    lines = checks_in_words(checks, width).splitlines()[1:]
    assert [w for w in " ".join(lines).split() if w not in ("p", "c", "ok")] == words
