"""No secret that stands in a log, a note, a Dag's docs or a question leaves by any way out."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
import pytest_asyncio
import structlog

from bot.diagnosis.redaction import Redactor
from bot.domain.answers import Diagnosis
from bot.logging_setup import set_up_logging
from bot.playground.workspace.changes import MessagePosted
from bot.playground.workspace.values import Message
from bot.settings import LogFormat, LoggingSettings
from bot.settings.model import LogLevel
from bot.slack.presses import Press
from tests.end_to_end.conftest import Stage, bot_between, recording, shown, stored_in
from tests.end_to_end.planted import PLACES, Planted, import_error, planted
from tests.fakes import model_server
from tests.fakes.airflow_server import RecordedAirflow
from tests.fakes.model_server import ModelServer

FAILED = "pipeline_62808"
UNREGISTERED = "pipeline_92942"  # its file does not import
WAYS_OUT = ("Slack", "the prompt", "the database", "the log output")
_WINDOW = 12  # characters in a row: so much of a secret is a leak

pytestmark = pytest.mark.asyncio(loop_scope="module")


@dataclass
class Left:
    """What left the bot by each way, and what should have stayed."""

    ways: Mapping[str, str]
    secrets: Sequence[Planted]

    def leaks(self, way: str) -> list[str]:
        """Names of kinds and places; never the secrets themselves."""
        text = _pieces(self.ways[way])
        return [one.name for one in self.secrets if not text.isdisjoint(_pieces(*one.secrets))]


def _pieces(*texts: str) -> set[str]:
    """All that they hold of that many characters in a row; they may not be shorter."""
    assert all(len(text) >= _WINDOW for text in texts)
    return {text[at : at + _WINDOW] for text in texts for at in range(len(text) - _WINDOW + 1)}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def left(tmp_path_factory: pytest.TempPathFactory) -> Left:
    """Two situations asked about in every way there is, secrets wherever people write."""
    folder = tmp_path_factory.mktemp("secrets")
    failed, unregistered = recording(FAILED), recording(UNREGISTERED)
    secrets = [one for place in PLACES for one in _fresh(place)]
    for place, put in PLACES.items():
        put(failed, _words(one for one in secrets if one.place == place))
    import_errors, typed = _fresh("an import error"), _fresh("a question")
    import_error(unregistered, _words(import_errors))
    sent = []
    with captured_log() as log:
        async with ModelServer() as model:
            more = {"model": {"name": "test-model", "timeout": 10, "base_url": model.base_url}}
            environ = {"AIRFLOW_BOT_MODEL__API_KEY": model_server.API_KEY}
            # The first tells of the cluster, and so of the files that do not import.
            async with bot_between(
                folder, [unregistered, failed], more=more, environ=environ
            ) as stage:
                await ask_in_every_way(stage, typed)
                await fail_to_answer(stage, typed)
                sent.append(stage.sent())
            prompts = json.dumps(model.requests, ensure_ascii=False)
    ways = {
        "Slack": "\n".join(sent),
        "the prompt": prompts,
        "the database": "\n".join(stored_in(folder / "data")),
        "the log output": log.getvalue(),
    }
    return Left(ways, [*secrets, *import_errors, *typed])


def _fresh(place: str) -> list[Planted]:
    return planted(place, RecordedAirflow.password)


def _words(secrets: Iterator[Planted] | Sequence[Planted]) -> str:
    return "\n".join(one.words for one in secrets)


@contextmanager
def captured_log() -> Iterator[io.StringIO]:
    """The bot's log at its most talkative, set up as in production."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    stream = io.StringIO()
    settings = LoggingSettings(level=LogLevel.DEBUG, format=LogFormat.JSON)
    redact = Redactor([RecordedAirflow.password]).redact
    set_up_logging(settings, redact, stream=stream)
    try:
        yield stream
    finally:
        root.handlers[:], root.level = handlers, level
        logging.captureWarnings(capture=False)
        structlog.reset_defaults()


async def ask_in_every_way(stage: Stage, typed: Sequence[Planted]) -> None:
    words = _words(typed)
    token = next(one.secrets[0] for one in typed if one.kind == "GitHub token")
    for question in (
        f"why did {FAILED} fail? I saw this:\n{words}",
        "why did nightly_load fail?",
        f"why did {token} fail?",
        f"logs of {FAILED}",
        f"status of {FAILED}",
        f"how do I use {words[:1500]}",
    ):
        await stage.answer(await stage.ask(question))
    await press_everything(stage, words)
    await ask_under_an_alert(stage, words)
    await stage.ws.command("/airflow", f"why {FAILED} {words}", stage.channel, stage.asker)
    await stage.ws.wait_for(lambda: _command_answered(stage))
    asked = await stage.ws.say_directly(stage.asker, f"why did {FAILED} fail? {words}")
    await stage.answer(asked)


def _command_answered(stage: Stage) -> bool:
    posted = [m for m in stage.ws.messages(stage.channel) if not m.is_reply]
    return any("asked" in shown(m) and "Ref" in shown(m) for m in posted if m.bot_id)


async def press_everything(stage: Stage, words: str) -> None:
    """Evidence, the log excerpt, and a thumb down with a reason."""
    asked = await stage.ask(f"why did {FAILED} fail?")
    card = await stage.answer(asked)
    await stage.ws.press(card, Press.EVIDENCE, stage.asker)
    await stage.ws.wait_for(lambda: stage.ws.ephemerals(stage.asker))
    files = len(stage.ws.files())
    await stage.ws.press(card, Press.LOG_EXCERPT, stage.asker)
    await stage.ws.wait_for(lambda: len(stage.ws.files()) > files)
    thumbs = next(b for b in card.blocks if b["type"] == "context_actions")["elements"][0]
    down = thumbs["negative_button"]["value"]
    await stage.ws.press(card, Press.RATE, stage.asker, chosen=down)
    (form,) = await stage.ws.wait_for(lambda: stage.ws.modals(stage.asker))
    await stage.ws.submit(form, {"why": {"why": "other"}, "comment": {"comment": words[:2000]}})


async def ask_under_an_alert(stage: Stage, words: str) -> None:
    ws = stage.ws
    text = f"*Dag*: {FAILED}\n*Task*: use_var\n{words}"
    attached: tuple[dict[str, Any], ...] = ({"id": 1, "text": words, "fallback": words},)
    alert = Message(
        stage.channel, ws.hub.new_ts(), "U0ALERTBOT", text, attachments=attached, bot_id="B0ALERTS"
    )
    ws.hub.commit(MessagePosted(alert))
    await ws.say(stage.channel, stage.asker, words, alert.ts)
    await stage.answer(await stage.ask("why?", alert.ts))


class Stumbling:
    """A diagnoser that fails with a message that holds secrets."""

    def __init__(self, words: str) -> None:
        self._words = words

    def diagnose(self, *_: object) -> Diagnosis:
        raise RuntimeError(self._words)


async def fail_to_answer(stage: Stage, typed: Sequence[Planted]) -> None:
    words = _words(typed)
    stage.parts.asking._diagnoser = Stumbling(words)  # type: ignore[assignment]
    asked = await stage.ask(f"why did {FAILED} fail? {words}")
    await stage.card(asked, "Reference")


@pytest.mark.parametrize("way", WAYS_OUT)
async def test_no_planted_secret_leaves(left: Left, way: str) -> None:
    assert left.leaks(way) == []


@pytest.mark.parametrize("way", ["Slack", "the prompt", "the database"])
async def test_what_stood_around_the_secrets_was_read_and_sent_on(left: Left, way: str) -> None:
    assert "[secret:" in left.ways[way]


async def test_the_failure_in_the_log_output_carries_its_reference(left: Left) -> None:
    lines = [json.loads(line) for line in left.ways["the log output"].splitlines()]
    failed = [line for line in lines if line["event"] == "slack.failed"]
    assert failed
    assert all(line["reference"] in left.ways["Slack"] for line in failed)
    assert "RuntimeError" in failed[0]["exception"]
