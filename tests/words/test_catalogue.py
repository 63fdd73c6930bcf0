"""Every sentence of the bot's own has words in each language that a channel can choose."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from string import Formatter

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po

from bot.domain.channel_policies import LANGUAGES
from bot.words import ENGLISH
from tests.words.gathering import sentences_of_code, sentences_of_runbooks

ROOT = Path(__file__).parents[2]
FILES = {"bot.po": sentences_of_code, "runbooks.po": sentences_of_runbooks}
OTHERS = [language for language in LANGUAGES if language != ENGLISH]


@pytest.fixture(scope="module", params=list(FILES))
def file(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def said(file: str) -> Catalog:
    """What is said in English, in the code or in the runbooks."""
    return FILES[file](ROOT)


@pytest.fixture(scope="module", params=OTHERS)
def translated(file: str, request: pytest.FixtureRequest) -> Catalog:
    path = ROOT / "bot" / "words" / request.param / file
    return read_po(BytesIO(path.read_bytes()), locale=request.param)


def pairs(said: Catalog, translated: Catalog) -> list[tuple[str, str]]:
    """Each English sentence with each that stands for it, forms for one and for many alike."""
    found = []
    for message in said:
        other = translated.get(message.id) if message.id else None
        if other is not None:
            one, *many = ids(message)
            found += [(one, forms(other)[0])]
            found += [(each, form) for each in many for form in forms(other)[1:]]
    return found


def ids(message: Message) -> tuple[str, ...]:
    return (message.id,) if isinstance(message.id, str) else tuple(message.id)


def forms(message: Message) -> tuple[str, ...]:
    said = message.string or ""
    return (said,) if isinstance(said, str) else tuple(one or "" for one in said)


def names(sentence: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(sentence) if name is not None}


def edges(sentence: str) -> tuple[int, int]:
    """How many blanks it begins and ends with: it is put together with others."""
    return len(sentence) - len(sentence.lstrip()), len(sentence) - len(sentence.rstrip())


def test_no_sentence_is_without_words_in_another_language(
    said: Catalog, translated: Catalog
) -> None:
    missing = [
        message.id
        for message in said
        if message.id and not ((other := translated.get(message.id)) and all(forms(other)))
    ]
    assert missing == []


def test_no_translation_is_of_a_sentence_that_nobody_says(
    said: Catalog, translated: Catalog
) -> None:
    assert [one.id for one in translated if one.id and said.get(one.id) is None] == []


def test_a_translation_has_the_same_values_and_the_same_blanks_at_its_ends(
    said: Catalog, translated: Catalog
) -> None:
    wrong = [
        (one, other)
        for one, other in pairs(said, translated)
        if names(one) != names(other) or edges(one) != edges(other)
    ]
    assert wrong == []


def test_what_counts_things_has_a_form_for_each_number(translated: Catalog) -> None:
    counting = [one for one in translated if isinstance(one.id, tuple)]
    assert all(len(forms(one)) == translated.num_plurals for one in counting)
