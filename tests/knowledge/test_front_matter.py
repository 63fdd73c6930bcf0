from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.diagnosis.judgements import JUDGEMENTS
from bot.diagnosis.vocabulary import VOCABULARY
from bot.domain.errors import RunbookError
from bot.knowledge.runbook_file import KEYS, Words, read_runbook

WORDS = Words(VOCABULARY, JUDGEMENTS)
PIECES = st.one_of(
    st.sampled_from(
        [
            *(f"{key}: " for key in KEYS),
            *("---\n", "\n", "  - ", "[", "]", "{", "}", "&a ", "*a ", "? ", "| ", "!!python/x "),
            *(
                "'",
                '"',
                "#",
                "true",
                "0x1_f",
                "1e999",
                ".inf",
                "2026-13-40",
                "~",
                "\t",
                "<<: ",
                "\x07",
            ),
            *(
                "/a(b/",
                "/\\d+/",
                "any: ",
                ">=3",
                "code",
                "platform",
                "exception: KeyError",
                "## Fix\n",
            ),
        ]
    ),
    st.text(max_size=8),
)


def refusal(text: str) -> str | None:
    """What the reader says of a file that it refuses."""
    try:
        read_runbook(text, "some_cause.md", WORDS)
    except RunbookError as error:
        return str(error)
    return None


@settings(deadline=None, max_examples=150)
@given(st.lists(PIECES, max_size=25))
def test_any_text_is_a_runbook_or_is_refused_by_name(pieces: list[str]) -> None:
    said = refusal("---\n" + "".join(pieces) + "\n---\n## What happened\nx\n")

    assert said is None or said.startswith("some_cause.md:")


@pytest.mark.parametrize("deep", ["[" * 3_000, "a: " + "[" * 3_000 + "]" * 3_000, "{a: " * 2_000])
def test_what_is_nested_too_deep_is_refused(deep: str) -> None:
    assert "some_cause.md" in (refusal(f"---\n{deep}\n---\n") or "")


def test_a_value_that_refers_to_itself_over_and_over_is_not_written_out() -> None:
    tens = [f"&a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]
    laughs = f"[&a0 [x, x, x, x, x, x, x, x, x, x], {', '.join(tens)}]"

    said = refusal(f"---\nwhen: {laughs}\ncause: some_cause\ntitle: x\nverdict: *a9\n---\n")

    assert said is not None
    assert said.startswith('some_cause.md:5: "verdict" is [[[')
    assert len(said) < 2_000
