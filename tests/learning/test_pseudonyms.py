"""Names in texts and what stands in their place."""

from __future__ import annotations

import ipaddress
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.learning.pseudonyms import Pseudonyms
from tests.diagnosis.redaction.test_redactor import KEPT

SALT = b"of one snapshot"
NAMES = Pseudonyms(SALT, people=["Ada Lovelace", "Bo", "Jürgen Groß"], dags=["orders_daily"])

# What names somebody or something, and which words of it have to go.
NAMED = {
    "Slack id": ("asked by <@U04AB12CD9>", "U04AB12CD9"),
    "Slack channel": ("in <#C0123ABCD45|etl>", "C0123ABCD45"),
    "Slack workspace": ("https://app.slack.com/client/T024BE7LDX", "T024BE7LDX"),
    "mail": ("email alert to ada.l+etl@corp.example.org was sent", "ada.l"),
    "mail in capitals": ("FROM ADA@CORP.ORG", "ADA@CORP"),
    "whole name": ("thanks ada  lovelace!", "lovelace"),
    "first name": ("Ada fixed it", "Ada"),
    "short name": ("Bo fixed it", "Bo"),
    "name with letters of its own": ("von JÜRGEN GROSS an uns", "GROSS"),
    "address": ("connection to 10.20.30.40:5432 refused", "10.20.30.40"),
    "address in a URL": ("http://10.20.30.40:8080/x", "10.20.30.40"),
    "address of version 6": ("bind [fd00:12::34]:80", "fd00:12"),
    "host in a URL": ("GET https://jenkins.acme.io/job/1 500", "jenkins"),
    "host behind a login": ("postgresql://etl:[secret:db-uri:12ab]@pg-prod:5432/dwh", "pg-prod"),
    "inner host": ('could not translate host name "pg-prod.internal" to address', "pg-prod"),
    "host in Kubernetes": ("dial warehouse.data.svc.cluster.local failed", "warehouse"),
    "host of a cloud": ("acme-dwh.abc123.eu-west-1.rds.amazonaws.com:5439", "acme-dwh"),
    "host of an instance": ("on host ip-10-0-3-17", "ip-10-0-3-17"),
    "host as an argument": ("connect(host=warehouse1 user=etl)", "warehouse1"),
    "computer on a desk": ("on macbook-of-ada.local today", "macbook"),
    "Dag on request": ("orders_daily failed", "orders_daily"),
}
STAYS = (
    *(text for text in KEPT if "@" not in text and "://" not in text and "internal" not in text),
    "127.0.0.1:8080 and ::1 and 0.0.0.0 and localhost",
    "at 12:34:56 in 3.3.2 and 2.10.4.1rc1",
    "raise AirflowException in threading.local, std::string, DEPRECATED CONNECTION",
    "https://airflow.apache.org/docs/ and https://docs.python.org/3/",
    "the metadata server at 169.254.169.254",
    "do as the boat does",
)


@pytest.mark.parametrize("kind", NAMED)
def test_what_names_somebody_is_replaced(kind: str) -> None:
    text, name = NAMED[kind]
    replaced = NAMES.replace(text)
    assert name not in replaced.text
    assert sum(replaced.counts.values()) >= 1


@pytest.mark.parametrize("text", STAYS)
def test_what_names_no_one_stays(text: str) -> None:
    found = NAMES.replace(text)
    if "Host: pg" in text:
        assert found.counts == {"host": 1}
    else:
        assert (found.text, found.counts) == (text, {})


def test_a_name_has_one_pseudonym_however_it_is_written() -> None:
    found = NAMES.replace("U04AB12CD9 Ada Lovelace and ADA LOVELACE and <@U04AB12CD9>").text
    first, second = found.split(" and ", 1)
    user, person = first.split(" ")
    assert second == f"{person} and <@{user}>"
    assert re.fullmatch(r"user-[a-z2-7]{8}", user)


def test_another_salt_makes_other_pseudonyms() -> None:
    text = "U04AB12CD9 on 10.20.30.40"
    assert Pseudonyms(b"other").replace(text).text != NAMES.replace(text).text
    assert Pseudonyms(SALT).replace(text).text == NAMES.replace(text).text
    with pytest.raises(ValueError, match="need a salt"):
        Pseudonyms(b"")


def test_an_address_becomes_one_that_no_host_has() -> None:
    four = NAMES.replace("8.8.8.8").text
    six = NAMES.replace("2a00:1450:4001:82b::200e").text
    assert ipaddress.ip_address(four) in ipaddress.ip_network("240.0.0.0/4")
    assert ipaddress.ip_address(six) in ipaddress.ip_network("2001:db8::/32")


def test_what_stands_beside_a_host_stays() -> None:
    found = NAMES.replace("postgresql://etl:[secret:db-uri:12ab]@pg-prod.internal:5432/dwh").text
    pattern = r"postgresql://etl:\[secret:db-uri:12ab\]@host-[a-z2-7]{8}\.example:5432/dwh"
    assert re.fullmatch(pattern, found)


def test_a_dag_is_named_unless_it_is_not_to_be() -> None:
    assert Pseudonyms(SALT).replace("orders_daily failed").text == "orders_daily failed"
    assert NAMES.replace("orders_daily_2 failed").text == "orders_daily_2 failed"


WORDS = st.sampled_from(
    [*(text for text, _ in NAMED.values()), *STAYS, "://", "@", ".", ":", " ", "-", "host="]
)


@given(st.lists(WORDS | st.text(max_size=5), max_size=8).map("".join))
def test_doing_it_twice_changes_nothing_more(text: str) -> None:
    once = NAMES.replace(text)
    twice = NAMES.replace(once.text)
    assert (twice.text, twice.counts) == (once.text, {})


@given(st.text(max_size=200))
def test_any_text_can_be_looked_through(text: str) -> None:
    assert NAMES.replace(text).text.count("\n") == text.count("\n")
