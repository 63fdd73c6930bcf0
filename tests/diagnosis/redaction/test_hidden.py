"""Secrets broken by colours and invisible characters are found, and nothing else changes."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.diagnosis.redaction import Redactor
from bot.diagnosis.redaction.hidden import shown

VALUE = "Abc123defGHI456"
TOKEN = "ghp_" + "Zz23456789" * 3 + "Zz2345"
REDACTOR = Redactor(["our-own-word"], key=b"k")


@pytest.mark.parametrize(
    "text",
    [
        f"\x1b[36mpassword\x1b[0m=\x1b[33m{VALUE}\x1b[0m",
        f"\\u001b[36mpassword\\u001b[0m=\\u001b[33m{VALUE}\\u001b[0m",
        f"pass\u200bword={VALUE}",
        f"{TOKEN[:9]}\u2060{TOKEN[9:]}",
        f"{TOKEN[:9]}\x1b[1m{TOKEN[9:]}",
        f"{TOKEN[:9]}\x00{TOKEN[9:]}",
        f"{TOKEN[:9]}\U000e0041{TOKEN[9:]}",
        "it is our-\u00adown-\x1b[4mword",
    ],
)
def test_a_secret_with_hidden_characters_in_it_is_masked(text: str) -> None:
    masked = REDACTOR.redact(text)
    bare = re.sub(r"\x1b\[[\d;]*m|[^ -~]", "", masked)
    assert "[secret:" in masked
    assert not any(secret in bare for secret in (VALUE[4:], TOKEN[12:], "own-word"))
    assert REDACTOR.redact(masked) == masked


@pytest.mark.parametrize(
    "text", ["\x1b[32mdone\x1b[0m in 3 s", "na\u00efve \u200bwords", "C:\\e[0m"]
)
def test_text_without_secrets_keeps_its_colours_and_characters(text: str) -> None:
    assert REDACTOR.redact(text) == text


pieces = st.lists(
    st.sampled_from(["plain", " ", "\x1b[31m", "\u200b", "ü", "\n", "\\u200b", "\x1b"])
)


@given(pieces)
def test_what_is_seen_leads_back_to_where_it_stood(words: list[str]) -> None:
    content = "".join(words).encode()
    seen = shown(content)
    if seen is None:
        return
    assert seen.content.count(b"\n") == content.count(b"\n")
    for at in range(len(seen.content)):
        start, end = seen.origin(at, at + 1)
        assert content[start:end] == seen.content[at : at + 1]
