"""Everything that a rule can ask about has words that people know, in each language."""

from __future__ import annotations

import re

import pytest

from bot.diagnosis.mechanisms import MECHANISMS
from bot.diagnosis.reason_words import THINGS, VALUES, seen_words, thing, wanted_words
from bot.diagnosis.vocabulary import VOCABULARY
from bot.domain.channel_policies import LANGUAGES
from bot.words import ENGLISH, speaking

# These are names, the same in any language; a state of Airflow is one, too.
NAMES = {"run_state", "state", "triggerer_assigned"}


def closed_values() -> list[tuple[str, str]]:
    """Each word that a signal can take where the vocabulary lists them all."""
    found = []
    for term in VOCABULARY.values():
        listed = [one.strip() for one in re.sub(r"\(.*?\)", "", term.values).split(",")]
        words = [one for one in listed if one and one != "…"]
        if len(words) > 1 and all(re.fullmatch(r"[a-z_]+", one) for one in words):
            found += [(term.name, one) for one in words]
    found += [("mechanism", one) for one in MECHANISMS]
    return [one for one in found if one[0] not in NAMES]


def test_every_signal_is_something_in_every_language() -> None:
    assert set(THINGS) == set(VOCABULARY)
    for language in LANGUAGES:
        with speaking(language):
            assert not [name for name in THINGS if "_" in thing(name)]
            said = [thing(name) for name in THINGS]
            assert len(set(said)) == len(said)
    with speaking("de"):
        german = {name: thing(name) for name in THINGS}
    with speaking(ENGLISH):
        assert [name for name in THINGS if thing(name) == german[name]] == []


def test_every_word_of_the_vocabulary_is_said_as_people_say_it() -> None:
    bare = {"spark", "docker", "ssh", "dbt", "databricks", "glue", "emr"}  # names of products
    missing = [one for one in closed_values() if one[1] not in VALUES.get(one[0], {})]
    assert [one for one in missing if one[1] not in bare] == []
    assert set(VALUES["mechanism"]) == set(MECHANISMS)


@pytest.mark.parametrize(
    ("name", "wanted", "english", "german"),
    [
        ("dag_paused", "true", "a paused Dag", "ein pausierter Dag"),
        ("dag_paused", "*", "a paused Dag", "ein pausierter Dag"),
        (
            "triggerer_assigned",
            "false",
            "a triggerer that holds its trigger (no)",
            "ein Triggerer, der seinen Trigger hält (nein)",
        ),
        ("exit_code", ">=1", "the exit code (1 or more)", "der Exit-Code (1 oder mehr)"),
        (
            "ended_by",
            "/^(?:user|queued_timeout)$/",
            "who ended it (a person or too long a wait in the queue)",
            "wer es beendet hat (ein Mensch oder zu langes Warten in der Warteschlange)",
        ),
        (
            "event",
            r"/^(?:a\ \|\ b|c)$/",
            "an entry of the event log (a | b or c)",
            "ein Eintrag im Ereignisprotokoll (a | b oder c)",
        ),
        (
            "unmet_reason",
            "/open slots/",
            "what Airflow says it waits for (words like “open slots”)",
            "worauf Airflow nach eigenen Worten wartet (Worte wie „open slots“)",
        ),
        ("exception", "KeyError", "the exception that ended it (KeyError)", ""),
    ],
)
def test_what_a_condition_wants_is_said(name: str, wanted: str, english: str, german: str) -> None:
    assert wanted_words(name, wanted) == english
    with speaking("de"):
        assert not german or wanted_words(name, wanted) == german


def test_what_was_seen_is_said_with_its_value() -> None:
    assert seen_words("ended_by", "user") == "who ended it (a person)"
    assert seen_words("dag_missing", "true") == "a Dag that Airflow does not know"
    assert seen_words("message", "no_such_thing") == "the message of the exception (no_such_thing)"
