"""Logs: one form for all libraries, the reference on every line, no secret and no payload."""

from __future__ import annotations

import asyncio
import gc
import io
import json
import logging
import subprocess
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import structlog
import uvicorn
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.domain.references import reference_of
from bot.logging_setup import set_up_logging
from bot.services.at_work import working_on
from bot.settings import LogFormat, LoggingSettings
from bot.settings.model import LogLevel

SECRET = "xoxb-planted-secret"

Lines = Callable[[], list[dict[str, Any]]]


def mask(text: str) -> str:
    return text.replace(SECRET, "[masked]")


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    hooks = sys.excepthook, threading.excepthook
    yield
    sys.excepthook, threading.excepthook = hooks
    root.handlers[:], root.level = handlers, level
    logging.captureWarnings(capture=False)
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


@pytest.fixture
def lines() -> Lines:
    """Logging set up at debug level in JSON, and what was written so far."""
    stream = io.StringIO()
    set_up_logging(
        LoggingSettings(level=LogLevel.DEBUG, format=LogFormat.JSON), mask, stream=stream
    )
    return lambda: [json.loads(line) for line in stream.getvalue().splitlines()]


def test_an_event_has_its_name_level_logger_and_fields(lines: Lines) -> None:
    structlog.get_logger("bot.services.ask").info("question_understood", intent="diagnose")

    (line,) = lines()
    assert line["event"] == "question_understood"
    assert line["intent"] == "diagnose"
    assert (line["level"], line["logger"]) == ("info", "bot.services.ask")
    assert line["timestamp"].endswith("Z")


def test_what_is_bound_to_the_context_is_on_every_line(lines: Lines) -> None:
    with structlog.contextvars.bound_contextvars(reference="K7QX2M"):
        structlog.get_logger("bot.a").info("ours")
        logging.getLogger("urllib3").warning("theirs")
    structlog.get_logger("bot.a").info("afterwards")

    assert [line.get("reference") for line in lines()] == ["K7QX2M", "K7QX2M", None]


def test_secrets_are_masked_wherever_they_stand(lines: Lines) -> None:
    log = structlog.get_logger("bot.a")
    log.info(f"event {SECRET}", field=SECRET, deep={"list": [{"inner": SECRET}]}, thing=object())
    log.info("object", error=ValueError(SECRET))
    logging.getLogger("openai").error("key %s refused", SECRET, extra={"header": SECRET})
    try:
        raise RuntimeError(f"refused {SECRET}")
    except RuntimeError:
        log.exception("failed")
        logging.getLogger("uvicorn.error").exception("failed too")

    text = json.dumps(lines())
    assert SECRET not in text
    assert text.count("[masked]") == 8
    assert text.count("RuntimeError") >= 2


def test_a_traceback_shows_no_local_variables(lines: Lines) -> None:
    secret_number = 987_654_321
    try:
        raise ValueError("refused")
    except ValueError:
        structlog.get_logger("bot.a").exception("failed")

    assert str(secret_number) not in json.dumps(lines())


@pytest.mark.parametrize(
    "name", ["slack_bolt.AsyncApp", "slack_sdk.web", "openai._base_client", "urllib3", "httpx", "x"]
)
def test_libraries_are_heard_from_warnings_up_even_where_they_set_their_own_level(
    lines: Lines, name: str
) -> None:
    logger = logging.getLogger(name)
    logger.setLevel(logging.DEBUG)
    logger.debug("payload %s", {"text": "what someone wrote"})
    logger.info("POST /x")
    logger.warning("slow")
    logger.setLevel(logging.NOTSET)

    assert [line["event"] for line in lines()] == ["slow"]


def test_slacks_client_at_debug_level_writes_no_request(lines: Lines) -> None:
    logging.getLogger("slack_sdk.web.base_client").setLevel(logging.DEBUG)
    client = WebClient(token=SECRET, base_url="http://127.0.0.1:9/", retry_handlers=[])

    with pytest.raises((OSError, SlackApiError)):
        client.chat_postMessage(channel="C1", text="what someone wrote")

    assert "what someone wrote" not in json.dumps(lines())


def test_uvicorn_writes_through_the_same_handler(lines: Lines) -> None:
    uvicorn.Config(lambda: None, log_config=None).configure_logging()
    logging.getLogger("uvicorn.error").error("could not bind")

    (line,) = lines()
    assert line["logger"] == "uvicorn.error"


def test_handlers_that_libraries_had_before_are_taken_over() -> None:
    uvicorn.Config(lambda: None).configure_logging()
    stream = io.StringIO()
    set_up_logging(LoggingSettings(format=LogFormat.JSON), mask, stream=stream)

    logging.getLogger("uvicorn.error").error("once")

    assert len(stream.getvalue().splitlines()) == 1


def test_python_warnings_are_events_too(lines: Lines) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn(f"deprecated {SECRET}", DeprecationWarning, stacklevel=1)

    text = json.dumps(lines())
    assert "deprecated [masked]" in text


def test_the_level_is_kept() -> None:
    stream = io.StringIO()
    set_up_logging(LoggingSettings(level=LogLevel.ERROR), mask, stream=stream)

    structlog.get_logger("bot.a").warning("unheard")
    structlog.get_logger("bot.a").error("heard")

    assert "unheard" not in stream.getvalue()
    assert "heard" in stream.getvalue()


def test_quiet_leaves_warnings_only() -> None:
    stream = io.StringIO()
    set_up_logging(LoggingSettings(level=LogLevel.DEBUG), mask, quiet=True, stream=stream)

    structlog.get_logger("bot.a").info("unheard")
    structlog.get_logger("bot.a").warning("heard")

    assert "unheard" not in stream.getvalue()
    assert "heard" in stream.getvalue()


def test_the_console_form_is_plain_where_it_is_no_terminal() -> None:
    stream = io.StringIO()
    set_up_logging(LoggingSettings(), mask, stream=stream)
    try:
        raise RuntimeError(SECRET)
    except RuntimeError:
        structlog.get_logger("bot.a").exception("failed", reference="K7QX2M")

    text = stream.getvalue()
    assert "\x1b" not in text
    assert "K7QX2M" in text
    assert "RuntimeError: [masked]" in text


def test_it_can_be_set_up_twice_without_writing_twice() -> None:
    stream = io.StringIO()
    for _ in range(2):
        set_up_logging(LoggingSettings(format=LogFormat.JSON), mask, stream=stream)

    structlog.get_logger("bot.a").info("once")

    assert len(stream.getvalue().splitlines()) == 1


def test_it_writes_to_stderr_by_default(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logging(LoggingSettings(format=LogFormat.JSON), mask, stream=sys.stderr)
    structlog.get_logger("bot.a").info("there")

    assert "there" in capsys.readouterr().err


async def test_work_and_reference_follow_into_tasks_and_threads(lines: Lines) -> None:
    log = structlog.get_logger("bot.a")

    async def elsewhere() -> None:
        log.info("in a task")
        logging.getLogger("sqlalchemy.pool").warning("theirs")

    with working_on("T1:C1:17.5"):
        await asyncio.create_task(elsewhere())
        await asyncio.to_thread(log.info, "in a thread")
    log.info("afterwards")

    *inside, after = lines()
    assert [line["work"] for line in inside] == ["T1:C1:17.5"] * 3
    assert {line["reference"] for line in inside} == {reference_of("T1:C1:17.5")}
    assert "work" not in after


async def test_works_that_run_side_by_side_are_told_apart(lines: Lines) -> None:
    async def one(key: str) -> None:
        with working_on(key):
            await asyncio.sleep(0)
            structlog.get_logger("bot.a").info("done", key=key)

    await asyncio.gather(*(one(f"T1:C1:{number}") for number in range(20)))

    assert all(line["work"] == line["key"] for line in lines())


def test_a_part_of_some_work_is_found_with_it(lines: Lines) -> None:
    with working_on("T1:C1:17.5/post", part_of="T1:C1:17.5"):
        structlog.get_logger("bot.a").info("posted")

    (line,) = lines()
    assert (line["work"], line["job"]) == ("T1:C1:17.5", "T1:C1:17.5/post")
    assert line["reference"] == reference_of("T1:C1:17.5")


@pytest.mark.parametrize("name", ["dbos", "sqlalchemy.engine", "uvicorn.error", "slack_bolt.App"])
def test_libraries_say_which_work_it_was_and_no_secret(lines: Lines, name: str) -> None:
    with working_on("T1:C1:17.5"):
        logging.getLogger(name).error("failed with %s", SECRET)

    (line,) = lines()
    assert line["work"] == "T1:C1:17.5"
    assert line["event"] == "failed with [masked]"


def test_the_engine_of_the_work_finds_no_way_past(lines: Lines) -> None:
    from dbos._logger import init_logger

    init_logger()
    # Words of its own: the same complaint is said once a minute.
    logging.getLogger("dbos").error("went down with %s", SECRET)

    assert [line["event"] for line in lines()] == ["went down with [masked]"]
    assert logging.getLogger("dbos").propagate


async def test_a_task_that_nobody_waits_for_fails_into_the_log(lines: Lines) -> None:
    async def fail() -> None:
        raise RuntimeError(f"lost {SECRET}")

    task = asyncio.create_task(fail())
    await asyncio.wait({task})
    del task
    gc.collect()

    (line,) = lines()
    assert line["level"] == "error"
    assert "lost [masked]" in line["exception"]


def test_a_thread_that_fails_says_so_in_the_log(lines: Lines) -> None:
    def fail() -> None:
        raise RuntimeError(f"lost {SECRET}")

    thread = threading.Thread(target=fail, name="reader")
    thread.start()
    thread.join()

    (line,) = lines()
    assert (line["event"], line["thread"]) == ("thread_failed", "reader")
    assert "lost [masked]" in line["exception"]


def test_the_last_words_of_a_process_are_an_event_without_secrets() -> None:
    program = """
from bot.logging_setup import set_up_logging
from bot.settings import LogFormat, LoggingSettings
set_up_logging(LoggingSettings(format=LogFormat.JSON), lambda text: text.replace("hunter2", "*"))
raise RuntimeError("hunter2")
"""
    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=60
    )
    assert ended.returncode == 1
    (line,) = [json.loads(line) for line in ended.stderr.splitlines()]
    assert line["event"] == "process_failed"
    assert "RuntimeError: *" in line["exception"]
    assert "hunter2" not in ended.stderr
