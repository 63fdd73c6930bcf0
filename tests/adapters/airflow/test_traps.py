"""Each oddity of a real Airflow, its login and the proxies before it, as one call meets it."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from bot.adapters.airflow.api import Api
from bot.adapters.airflow.config import ClusterConfig
from bot.adapters.airflow.outcome import Outcome, Refusal, Reply
from bot.domain.evidence import GapReason
from tests.adapters.airflow import support
from tests.fakes.airflow_server import RecordedAirflow

NOW = datetime(2026, 11, 22, 6, tzinfo=UTC)


def api_of(airflow: RecordedAirflow, **more: object) -> Api:
    login = {"username": airflow.username, "password": airflow.password, **more}
    return Api(ClusterConfig("lab", airflow.url, **login))  # type: ignore[arg-type]


def refused(outcome: Outcome) -> Refusal:
    assert isinstance(outcome, Refusal)
    return outcome


def test_many_calls_at_once_log_in_once() -> None:
    with support.serve(support.EXIT_CODE) as airflow, ThreadPoolExecutor(8) as threads:
        api = api_of(airflow)
        outcomes = [future.result() for future in [threads.submit(api.pools) for _ in range(16)]]
        assert all(isinstance(outcome, Reply) for outcome in outcomes)
        assert airflow.logins == 1


def test_an_expired_token_is_renewed_and_the_call_made_once_more() -> None:
    now = [0.0]
    with support.serve(support.EXIT_CODE) as airflow:
        config = ClusterConfig("lab", airflow.url, airflow.username, airflow.password)
        api = Api(config, clock=lambda: now[0])
        api.pools()
        airflow.expire_tokens()
        now[0] += 3600
        assert isinstance(api.pools(), Reply)
        assert airflow.logins == 2


def test_many_calls_that_find_the_token_expired_log_in_once_more() -> None:
    now = [0.0]
    with support.serve(support.EXIT_CODE) as airflow, ThreadPoolExecutor(8) as threads:
        config = ClusterConfig("lab", airflow.url, airflow.username, airflow.password)
        api = Api(config, clock=lambda: now[0])
        api.pools()
        airflow.expire_tokens()
        now[0] += 3600
        outcomes = [future.result() for future in [threads.submit(api.pools) for _ in range(16)]]
        assert all(isinstance(outcome, Reply) for outcome in outcomes)
        assert airflow.logins == 2


def test_a_403_that_means_a_token_of_another_secret_leads_to_a_new_login() -> None:
    now = [0.0]
    with support.serve(support.EXIT_CODE) as airflow:
        config = ClusterConfig("lab", airflow.url, airflow.username, airflow.password)
        api = Api(config, clock=lambda: now[0])
        api.pools()
        airflow.faults.invalid_tokens = True
        airflow.expire_tokens()
        now[0] += 3600
        assert isinstance(api.pools(), Reply)


def test_a_server_that_takes_none_of_its_own_tokens_is_not_stormed_with_logins() -> None:
    with support.serve(support.EXIT_CODE) as airflow:
        api = api_of(airflow)
        for _ in range(5):
            airflow.expire_tokens()
            api.pools()
        assert airflow.logins <= 2


def test_refused_credentials_are_named_and_not_tried_again_at_once() -> None:
    with support.serve(support.EXIT_CODE) as airflow:
        api = api_of(airflow, password="wrong-password")
        for _ in range(4):
            said = refused(api.pools())
            assert said.status == 401
            assert "'bot'" in said.detail
        assert airflow.logins == 1


def test_a_fixed_token_that_expired_says_so() -> None:
    with support.serve(support.EXIT_CODE) as airflow:
        said = refused(api_of(airflow, username="", password="", token="old-token").pools())
        assert said.status == 401
        assert "new token" in said.remedy
        assert airflow.logins == 0


def test_no_password_or_token_shows_in_any_representation() -> None:
    config = ClusterConfig("lab", "http://127.0.0.1:1", "bot", "pass-word", "to-ken")
    shown = f"{config!r} {Api(config)!r}"
    assert "pass-word" not in shown
    assert "to-ken" not in shown


@pytest.mark.parametrize("fault", ["html", "redirect"])
def test_a_sign_on_page_in_front_is_recognised_and_named(fault: str) -> None:
    with support.serve(support.EXIT_CODE) as airflow:
        getattr(airflow.faults, fault).add("pools")
        said = refused(api_of(airflow).pools())
        assert said.reason is GapReason.MALFORMED
        assert "sign-on" in said.remedy
        assert not airflow.asked("unknown")  # the redirect was not followed


def test_a_sign_on_page_instead_of_the_login_is_named_too() -> None:
    with support.serve(support.EXIT_CODE) as airflow:
        airflow.faults.html.add("login")
        assert "sign-on" in refused(api_of(airflow).pools()).remedy


def test_a_bad_gateway_is_one_call_and_no_retry() -> None:
    with support.serve(support.EXIT_CODE) as airflow:
        airflow.faults.status["pools"] = 502
        said = refused(api_of(airflow).pools())
        assert (said.reason, said.status) == (GapReason.UNAVAILABLE, 502)
        assert len(airflow.asked("pools")) == 1


def test_a_dropped_connection_is_one_call_and_no_retry() -> None:
    with support.serve(support.EXIT_CODE) as airflow:
        airflow.faults.drop.add("pools")
        assert refused(api_of(airflow).pools()).reason is GapReason.UNAVAILABLE
        assert len(airflow.asked("pools")) == 1


def test_a_body_that_ends_too_early_is_a_refusal() -> None:
    with support.serve(support.EXIT_CODE) as airflow:
        airflow.faults.cut.add("pools")
        assert isinstance(api_of(airflow).pools(), Refusal)


def test_a_body_that_is_no_json_is_a_refusal() -> None:
    with support.serve(support.EXIT_CODE) as airflow:
        airflow.faults.rubbish.add("pools")
        assert refused(api_of(airflow).pools()).reason is GapReason.MALFORMED


def test_a_server_that_does_not_answer_is_left_after_the_read_limit() -> None:
    with support.serve(support.EXIT_CODE) as airflow:
        airflow.faults.hold["pools"] = threading.Event()
        said = refused(api_of(airflow, reply_seconds=0.2).pools())
        assert said.reason is GapReason.TIMEOUT
        assert len(airflow.asked("pools")) == 1


def test_an_address_where_nothing_listens_is_named() -> None:
    said = refused(Api(ClusterConfig("lab", "http://127.0.0.1:9", "bot", "x")).pools())
    assert said.reason is GapReason.UNAVAILABLE
    assert "http://127.0.0.1:9" in said.detail


def test_an_address_that_speaks_no_tls_is_named() -> None:
    with support.serve(support.EXIT_CODE) as airflow:
        address = airflow.url.replace("http:", "https:")
        said = refused(Api(ClusterConfig("lab", address, "bot", "x")).pools())
        assert "TLS" in said.detail
        assert "ca_file" in said.remedy


def test_packed_replies_are_unpacked() -> None:
    with support.serve(support.EXIT_CODE) as airflow:
        airflow.faults.gzip = True
        outcome = api_of(airflow).pools()
        assert isinstance(outcome, Reply)
        assert isinstance(outcome.body, dict)


def test_a_naive_time_is_refused_before_it_makes_the_server_fail() -> None:
    with support.serve(support.EXIT_CODE) as airflow:
        with pytest.raises(ValueError, match="aware"):
            api_of(airflow).event_logs(after=NOW.replace(tzinfo=None))
        assert not airflow.asked("event_logs")


def test_an_aware_time_reaches_the_server_with_its_offset() -> None:
    with support.serve(support.EXIT_CODE) as airflow:
        assert isinstance(api_of(airflow).event_logs(after=NOW), Reply)
        (seen,) = airflow.asked("event_logs")
        assert datetime.fromisoformat(seen.query["after"][0]) == NOW


def test_a_plus_in_a_run_id_arrives_as_a_plus() -> None:
    with support.serve(support.EXIT_CODE) as airflow:
        run_id = support.recording(support.EXIT_CODE)["run_id"]
        api = api_of(airflow)
        assert isinstance(api.dag_run(support.EXIT_CODE, run_id), Reply)
        api.event_logs(run_id=run_id)
        assert airflow.asked("event_logs")[0].query["run_id"] == [run_id]


def test_a_mapped_task_instance_is_asked_for_with_its_map_index() -> None:
    with support.serve(support.MAPPED) as airflow:
        place = (support.MAPPED, support.recording(support.MAPPED)["run_id"], "score", 37)
        api = api_of(airflow)
        assert isinstance(api.tries(*place), Reply)
        assert isinstance(api.dependencies(*place), Reply)
        assert isinstance(api.extra_links(*place), Reply)


def test_a_log_is_asked_for_as_ndjson_once_though_a_token_invites_to_go_on() -> None:
    with support.serve(support.EXIT_CODE) as airflow:
        run_id = support.recording(support.EXIT_CODE)["run_id"]
        raw = bytearray()
        outcome = api_of(airflow).log(support.EXIT_CODE, run_id, "bye", -1, 1, raw.extend)
        assert isinstance(outcome, Reply)
        assert raw.count(b"\n") > 5
        (seen,) = airflow.asked("log")
        assert seen.headers["accept"] == "application/x-ndjson"
        assert seen.headers["authorization"].startswith("Bearer token-")


def test_a_log_that_breaks_off_keeps_what_came_and_says_so() -> None:
    with support.serve(support.EXIT_CODE) as airflow:
        airflow.faults.cut.add("log")
        run_id = support.recording(support.EXIT_CODE)["run_id"]
        raw = bytearray()
        outcome = api_of(airflow).log(support.EXIT_CODE, run_id, "bye", -1, 1, raw.extend)
        assert isinstance(outcome, Refusal)
        assert raw


def test_a_log_that_takes_too_long_is_left_with_what_came() -> None:
    now = [0.0]

    def feed(chunk: bytes) -> None:
        now[0] += 181

    with support.serve(support.EXIT_CODE) as airflow:
        config = ClusterConfig("lab", airflow.url, airflow.username, airflow.password)
        run_id = support.recording(support.EXIT_CODE)["run_id"]
        api = Api(config, clock=lambda: now[0])
        said = refused(api.log(support.EXIT_CODE, run_id, "bye", -1, 1, feed))
        assert said.reason is GapReason.TOO_LARGE
