from __future__ import annotations

from random import Random
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.diagnosis.redaction import Redactor
from tests.diagnosis.redaction.planted import (
    PASSWORD_CONTEXTS,
    TOKEN_CONTEXTS,
    TOKENS,
    password,
    private_key,
)

REDACTOR = Redactor(key=b"tests")
LEAD = "[2026-11-22T03:00:00.000+0000] {logging_mixin.py:190} INFO - "

# So many characters in a row of a secret are a leak. What a token begins with says its kind only.
LEAK = 10
KIND_PREFIX = 6


def leaks(secret: str, text: str) -> bool:
    return any(
        secret[start : start + LEAK] in text for start in range(KIND_PREFIX, len(secret) - LEAK + 1)
    )


@pytest.mark.parametrize("context", TOKEN_CONTEXTS)
@pytest.mark.parametrize("kind", TOKENS)
def test_a_token_is_hidden_wherever_it_stands(kind: str, context: str) -> None:
    for seed in range(3):
        secret = TOKENS[kind](Random(seed))
        redacted = REDACTOR.redact(LEAD + TOKEN_CONTEXTS[context](secret))
        assert not leaks(secret, redacted), redacted


@pytest.mark.parametrize("context", PASSWORD_CONTEXTS)
def test_a_password_is_hidden_where_logs_leak_it(context: str) -> None:
    for seed in range(10):
        secret = password(Random(seed))
        leaked = LEAD + PASSWORD_CONTEXTS[context](secret)
        redacted = REDACTOR.redact(leaked)
        assert redacted != leaked
        for shape in (secret, quote(secret, safe=""), secret[:-1], secret[2:]):
            assert shape not in redacted, redacted


@pytest.mark.parametrize("joint", ["\n", "\\n", f"\n{LEAD}[base] "])
def test_a_private_key_is_hidden_line_by_line(joint: str) -> None:
    key = private_key(Random(1))
    text = f"loading {joint.join(key.splitlines())} done"

    redacted = REDACTOR.redact(text)

    assert not any(line in redacted for line in key.splitlines()[1:-1])
    assert redacted.count("\n") == text.count("\n")
    assert redacted.count(LEAD) == text.count(LEAD)


def test_lines_of_a_private_key_are_hidden_without_its_ends() -> None:
    body = private_key(Random(1)).splitlines()[1:5]

    redacted = REDACTOR.redact("\n".join(LEAD + line for line in body))

    assert not any(line in redacted for line in body)


AROUND = st.text(st.characters(codec="utf-8", exclude_characters="\n\r"), max_size=30)


@settings(deadline=None, max_examples=150)
@given(st.sampled_from(sorted(TOKENS)), AROUND, AROUND, st.sampled_from(" '\"(=,;\n"), st.randoms())
def test_no_surrounding_uncovers_a_token(
    kind: str, before: str, after: str, edge: str, chance: Random
) -> None:
    secret = TOKENS[kind](chance)

    redacted = REDACTOR.redact(f"{before}{edge}{secret}{edge}{after}")

    assert not leaks(secret, redacted), redacted


@settings(deadline=None, max_examples=150)
@given(st.sampled_from(sorted(PASSWORD_CONTEXTS)), AROUND, AROUND, st.randoms())
def test_no_neighbour_line_uncovers_a_password(
    context: str, before: str, after: str, chance: Random
) -> None:
    secret = password(chance)

    redacted = REDACTOR.redact(f"{before}\n{PASSWORD_CONTEXTS[context](secret)}\n{after}")

    assert secret not in redacted, redacted


@settings(deadline=None, max_examples=200)
@given(
    st.lists(
        st.one_of(
            st.sampled_from(sorted(PASSWORD_CONTEXTS)).map(
                lambda name: PASSWORD_CONTEXTS[name](password(Random(len(name))))
            ),
            st.sampled_from(sorted(TOKENS)).map(lambda name: TOKENS[name](Random(5))),
            st.sampled_from(["password=", "://u:", "@h", '"', "'", "\\", "token: ", "[secret:x"]),
            AROUND,
        ),
        max_size=8,
    ),
    st.sampled_from(["", " ", "\n", ","]),
)
def test_redacting_again_changes_nothing(parts: list[str], joint: str) -> None:
    once = REDACTOR.redact(joint.join(parts))

    assert REDACTOR.redact(once) == once
