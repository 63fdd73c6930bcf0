from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.diagnosis.redaction import Redactor

REDACTOR = Redactor(key=b"tests")
PASSWORD = "Winter" + "22blue!"

# What a diagnosis needs to read, though it looks like a secret or speaks of one.
KEPT = (
    'psycopg2.OperationalError: password authentication failed for user "etl"',
    "Login failed: password is required",
    "jwt: token is expired",
    "Invalid token: expired",
    "jinja2.exceptions.TemplateSyntaxError: unexpected token: end of print statement",
    "expected token 'name', got 'end of print statement'",
    "cryptography.fernet.InvalidToken",
    "KeyError: 'password'",
    "TypeError: connect() got an unexpected keyword argument 'password'",
    "UndefinedError: 'api_key' is undefined",
    "The conn_id `postgres_dwh` isn't defined",
    "VARIABLE_NOT_FOUND: {'message': 'Variable fx_rates_token not found'}",
    "connecting with password=*** and token=None",
    "Host: pg, Port: 5432, Schema: dwh, Login: etl, Password: ***, extra: {}",
    "    password=os.environ['PGPASSWORD'],",
    "    conn = connect(password=self.password, token=get_token(name))",
    "password: {{ conn.pg.password }}, token: ${API_TOKEN}, secret: <secret>",
    "max_tokens=4096, token_url=https://idp.example.com/oauth, secret_name=airflow-db",
    "PWD=/opt/airflow/dags OLDPWD=/opt/airflow",
    "HTTPConnectionPool(host='127.0.0.1', port=18099): Max retries exceeded with url: /x",
    "GET http://api.internal:8080/v1/items?page=2&sort_key=name&mail=a@b.example 500",
    'could not translate host name "pg-prod.internal" to address: Name or service not known',
    "s3://data-lake/raw/2026/11/22/part-00000-c000.snappy.parquet does not exist",
    "run_id=manual__2026-11-22T05:50:28.341237+00:00 try_number=1 map_index=-1",
    "<TaskInstance: orders.load scheduled__2026-11-22T00:00:00+00:00 [running]>",
    "ti_id=01a201ce-5219-79b2-90d3-a7801529a5ca",
    "01b2d862-0001-1b2f-0000-000393fae231: SQL compilation error: invalid identifier 'AMOUNT'",
    "Status Code: 403; Request ID: RB4PMVR2PHFVACJY; S3 Extended Request ID: "
    "89risH8I4Ed7A+E5gJxy4l9IssftUIUh4IjfwvMK0pii9EQcLEaS1DHaioj6n8jOVitLr1Qa6nU=",
    "image registry.example.com/app:1.2.3@sha256:"
    "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "Container 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "commit 3f785a1e9c0b4d2f8a6e7c5b4d3a2f1e0c9b8a7d checked out",
    "pod orders-load-8f7d9c6b5-x2x4z was evicted: The node was low on resource: memory",
    '  File "/opt/airflow/dags/orders/load_customers_v2.py", line 33, in load_customer_accounts',
    "org.apache.spark.sql.catalyst.analysis.NoSuchTableException: Table orders_20261122 not found",
    "SELECT customer_id, access_key_count FROM dwh.orders WHERE state = 'open' LIMIT 100",
    "bound method KubernetesPodOperator.execute of <Task(KubernetesPodOperator): load>",
    "docker run -u 1000:1000 --user airflow:root image",
    "Poking callable: <function <lambda> at 0x7f714c013ec0>",
    "email alert to owner:data-team@example.com was sent",
    "Basic authentication is not supported, use bearer authentication instead",
    "Cookie: lang=en; theme=dark",
    "Unable to obtain access token: invalid_client",
    "could not refresh token: HTTPError('401 Client Error: Unauthorized')",
    "cannot read secret: ResourceNotFoundException, check the name",
    "wrong password: FATAL: role etl does not exist",
    "if not token:\n    return conflicting",
    "credentials = client_secret, password=db_password",
)


@pytest.mark.parametrize("text", KEPT)
def test_what_a_diagnosis_reads_stays(text: str) -> None:
    assert REDACTOR.redact(text) == text


def test_a_tag_says_the_kind_and_keeps_what_stands_around() -> None:
    redacted = REDACTOR.redact(f"could not connect to postgresql://etl:{PASSWORD}@pg:5432/dwh now")

    assert re.fullmatch(
        r"could not connect to postgresql://etl:\[secret:db-uri:[0-9a-f]{4}\]@pg:5432/dwh now",
        redacted,
    )


def test_the_same_secret_has_the_same_tag() -> None:
    first, second, other = (
        REDACTOR.redact(f"password={value}").split("=")[1]
        for value in (PASSWORD, PASSWORD, PASSWORD + "x")
    )

    assert first == second != other


def test_tags_depend_on_the_key_and_by_default_on_the_process() -> None:
    texts = {Redactor(key=key).redact(f"password={PASSWORD}") for key in (b"a", b"b")}
    of_process = {Redactor().redact(f"password={PASSWORD}") for _ in range(3)}

    assert len(texts) == 2
    assert len(of_process) == 1


def test_masked_places_are_counted() -> None:
    scrubbed = REDACTOR.scrub(f"password={PASSWORD} and postgresql://u:{PASSWORD}@h/d, all fine")

    assert scrubbed.count == 2
    assert REDACTOR.scrub("all fine").count == 0


@pytest.mark.parametrize(
    "spelled",
    ["correct horse/staple", "correct%20horse%2Fstaple", "correct+horse%2Fstaple"],
)
def test_a_known_secret_is_hidden_however_it_is_spelled(spelled: str) -> None:
    redactor = Redactor(["correct horse/staple"], key=b"x")

    assert re.fullmatch(
        r"open \[secret:known:[0-9a-f]{4}\] now", redactor.redact(f"open {spelled} now")
    )


def test_a_known_secret_with_quotes_is_hidden_in_json() -> None:
    redactor = Redactor(['open "sesame" \\ now'], key=b"x")

    assert "sesame" not in redactor.redact('{"said": "open \\"sesame\\" \\\\ now"}')


def test_a_known_secret_of_a_few_letters_is_left_out() -> None:
    assert Redactor(["", "abc", " x "], key=b"x").redact("abc x abcabc") == "abc x abcabc"


@pytest.mark.parametrize(
    "text",
    [
        f"password=[secret:{PASSWORD}]",
        f"password=[secret:nonsense:{PASSWORD}]",
        f"password=[secret:known:beef]{PASSWORD}",
        f'"password": "[secret:{PASSWORD}"',
    ],
)
def test_an_imitated_tag_shields_nothing(text: str) -> None:
    assert PASSWORD not in REDACTOR.redact(text)


def test_a_suffix_of_the_name_does_not_hide_the_secret() -> None:
    for name in ("DB_PASSWORD_PROD", "password2", "api_key_live", "SECRET_KEY_BASE"):
        assert PASSWORD not in REDACTOR.redact(f"{name}={PASSWORD}")


@settings(deadline=None)
@given(st.text())
def test_any_text_keeps_its_lines(text: str) -> None:
    assert REDACTOR.redact(text).count("\n") == text.count("\n")


@settings(deadline=None)
@given(st.lists(st.sampled_from(KEPT), max_size=12))
def test_text_without_secrets_is_unchanged(lines: list[str]) -> None:
    text = "\n".join(lines)

    assert REDACTOR.scrub(text).text == text


def test_characters_of_many_bytes_stay_whole() -> None:
    redacted = REDACTOR.redact(f"päßwörd ☃ password={PASSWORD}é☃ 😀 \ud800")

    assert redacted.startswith("päßwörd ☃ password=[secret:")
    assert redacted.endswith("] 😀 \ud800")


def test_a_pattern_of_one_s_own_is_masked_beside_the_rules() -> None:
    redactor = Redactor(patterns=["ACME-[0-9]{8}", "x*"])
    masked = redactor.redact("login with ACME-12345678 to the vault")
    assert "12345678" not in masked
    assert masked.startswith("login with [secret:own:")
    assert masked.endswith(" to the vault")
