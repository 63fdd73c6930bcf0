"""The last look at texts that leave: what the first tool was taken from, the second one finds."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

import pytest

from bot.adapters.scrub.scrubber import MASKED_AGAIN, SnapshotScrubber, SnapshotScrubbers
from bot.adapters.scrub.second_tool import SecondTool
from bot.diagnosis.redaction import Redactor
from bot.diagnosis.redaction.redactor import Redacted
from bot.services.scrub_ports import Finding, Names
from tests.diagnosis.redaction.planted import TOKENS, password, private_key
from tests.diagnosis.redaction.test_planted import leaks
from tests.diagnosis.redaction.test_redactor import KEPT

SALT = b"of one snapshot"
SCRUBBERS = SnapshotScrubbers(lambda key: Redactor(key=key), SecondTool())
SCRUBBER = SCRUBBERS.of(SALT)


class Blind(Redactor):
    """A first tool that knows nothing."""

    def __init__(self) -> None:
        pass

    def scrub(self, text: str) -> Redacted:
        return Redacted(text, 0)


SECOND_ALONE = SnapshotScrubber(SALT, Blind(), SecondTool())

# Of the kinds that are planted on entry, those that the second tool knows by their form.
KNOWN_TO_BOTH = (
    "aws access key",
    "json web token",
    "slack bot token",
    "slack user token",
    "github token",
    "github app token",
    "gitlab token",
    "openai key",
    "stripe key",
    "sendgrid key",
    "telegram token",
)


@pytest.mark.parametrize("kind", KNOWN_TO_BOTH)
def test_the_second_tool_masks_a_token_that_the_first_one_let_through(kind: str) -> None:
    for seed in range(3):
        secret = TOKENS[kind](Random(seed))
        found = SECOND_ALONE.scrub([f"the server did not accept {secret} any more"])
        assert not leaks(secret, found.texts[0]), found
        assert any(name.startswith("secrets (second tool)") for name in found.replaced)
        assert found.findings == ()


@pytest.mark.parametrize(
    "text",
    [
        "https://svc:{}@api.vendor.example/v1",
        "{{'user': 'etl', 'password': '{}', 'port': 5432}}",
        'db_password = "{}" and api_key = "{}"',
        "AccountKey: 'x', secret=>'{}'",
    ],
)
def test_the_second_tool_masks_what_stands_where_secrets_do(text: str) -> None:
    for seed in range(5):
        secret = password(Random(seed)).replace("'", "").replace("~", "").replace("*", "")
        secret = secret.translate(str.maketrans("!#$^+%", "abcdef"))
        found = SECOND_ALONE.scrub([text.replace("{}", secret).replace("{{", "{")])
        assert secret not in found.texts[0], found
        assert found.findings == ()


@pytest.mark.parametrize("kind", TOKENS)
def test_no_planted_token_leaves(kind: str) -> None:
    secret = TOKENS[kind](Random(7))
    found = SCRUBBER.scrub([f"fine\nexport SOME_VAR={secret}\nfine"])
    assert not leaks(secret, found.texts[0]), found
    assert found.replaced[MASKED_AGAIN] >= 1
    assert found.findings == ()


def test_a_secret_that_cannot_be_masked_stops_the_export() -> None:
    found = SECOND_ALONE.scrub(["fine", f"loading\n{private_key(Random(1))}"])
    assert found.findings == (Finding("private key", 1, 2),)


def test_a_secret_that_a_pseudonym_brings_about_stops_the_export() -> None:
    class Late(Redactor):
        """Sees a secret only in what is already masked."""

        def __init__(self) -> None:
            self.answers: Iterator[int] = iter([0, 1])

        def scrub(self, text: str) -> Redacted:
            count = next(self.answers)
            return Redacted(text.replace("two", "[secret:own:0000]") if count else text, count)

    found = SnapshotScrubber(SALT, Late(), SecondTool()).scrub(["one\ntwo"])
    assert found.findings == (Finding("by the first tool", 0, 2),)


@pytest.mark.parametrize("text", KEPT)
def test_what_a_diagnosis_reads_is_no_secret_to_either_tool(text: str) -> None:
    found = SCRUBBER.scrub([text])
    assert found.findings == ()
    assert not any("secrets" in name for name in found.replaced), found


def test_names_and_secrets_of_one_text_go_and_are_counted_by_kind() -> None:
    token = TOKENS["github token"](Random(1))
    text = f"U04AB12CD9 pushed with {token} to git.acme.internal; tell Ada Lovelace"
    found = SCRUBBER.scrub([text, "U04AB12CD9"], Names(people=frozenset({"Ada Lovelace"})))
    assert found.replaced == {MASKED_AGAIN: 1, "user": 2, "host": 1, "person": 1}
    assert found.texts[0].startswith(f"{found.texts[1]} pushed with [secret:")


def test_the_same_salt_gives_the_same_texts_and_another_one_others() -> None:
    texts = [f"U04AB12CD9 {TOKENS['github token'](Random(1))}", "10.1.2.3"]
    first = SCRUBBERS.of(SALT).scrub(texts)
    assert SCRUBBERS.of(SALT).scrub(texts) == first
    other = SCRUBBERS.of(b"of another").scrub(texts)
    assert not set(first.texts) & set(other.texts)


def test_scrubbing_what_is_scrubbed_changes_nothing() -> None:
    texts = [f"U04AB12CD9 at https://a:{password(Random(3))}@git.acme.io and {k}" for k in KEPT[:9]]
    once = SCRUBBER.scrub(texts)
    again = SCRUBBER.scrub(once.texts)
    assert again.texts == once.texts
    assert dict(again.replaced) == {}


def test_the_first_tool_takes_no_tag_of_the_second_one_for_a_secret() -> None:
    text = '{"logger": "unusual_prefix_33ff983d312f0aded6bc88c2f04ea97767e27876_leads_generation"}'
    found = SCRUBBER.scrub([text])
    assert "33ff983d" not in found.texts[0]
    assert found.findings == ()
