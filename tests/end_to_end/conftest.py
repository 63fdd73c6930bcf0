"""The whole bot, wired as in production, between a recorded Airflow and a local workspace."""

from __future__ import annotations

import base64
import json
import sqlite3
import zlib
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, closing, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bot.bootstrap import Parts
from bot.playground.workspace import InstalledApp, LocalWorkspace, Message, World
from bot.serving import serving
from bot.settings import load_settings
from bot.slack.manifest import app_manifest
from tests.fakes.airflow_server import RecordedAirflow
from tests.ports import free_port
from tests.rules import FOLDER, with_compiled_rules

ADDING = "is adding its words"
"""On a card that a model is to refine."""

RECORDINGS = Path(__file__).parent.parent / "payloads" / "airflow"

COMPRESSED = "z:"


@dataclass(frozen=True)
class Stage:
    """What a test sees: the workspace, the Airflow behind the bot, and the bot's parts."""

    ws: LocalWorkspace
    airflow: RecordedAirflow
    parts: Parts
    channel: str
    asker: str

    async def ask(self, text: str, thread_ts: str | None = None) -> Message:
        """Mentions the bot as a person would, and returns the asker's own message."""
        said = f"{self.ws.mention} {text}"
        return await self.ws.say(self.channel, self.asker, said, thread_ts, raw=True)

    async def answer(self, asked: Message, seconds: float = 30) -> Message:
        """The bot's reply to this question, once nothing is to be added to it any more."""

        def look() -> Message | None:
            replies = (m for m in self.answers(asked) if m.ts > asked.ts)
            done = (m for m in replies if "Ref" in shown(m) and ADDING not in shown(m))
            return next(done, None)

        return await self.ws.wait_for(look, seconds)

    async def card(self, asked: Message, holding: str, seconds: float = 30) -> Message:
        """The bot's message in the thread that holds some words, once it is there."""

        def look() -> Message | None:
            replies = (m for m in self.ws.replies(asked) if m.bot_id and m.ts > asked.ts)
            return next((m for m in replies if holding in shown(m)), None)

        return await self.ws.wait_for(look, seconds)

    def answers(self, asked: Message) -> list[Message]:
        return [m for m in self.ws.replies(asked) if m.bot_id and m.ephemeral_to is None]

    def sent(self) -> str:
        """Everything that left for Slack: calls, files, and what response_urls brought."""
        posted = [
            message
            for channel in self.ws.state.messages.values()
            for message in channel.values()
            if message.user == self.ws.bot_user_id
        ]
        everything = [
            *(call.arguments for call in self.ws.calls()),
            *(file.content.decode(errors="replace") for file in self.ws.files()),
            *(part for message in posted for part in (message.text, *message.blocks)),
        ]
        return "\n".join(json.dumps(part, ensure_ascii=False) for part in everything)


def shown(message: Message) -> str:
    """Everything that a message says, as text."""
    return message.text + "\n" + json.dumps(message.blocks, ensure_ascii=False)


@asynccontextmanager
async def bot_between(
    folder: Path,
    recordings: Sequence[str | Mapping[str, Any]],
    *,
    mode: str = "socket",
    more: Mapping[str, Any] | None = None,
    environ: Mapping[str, str] | None = None,
    scopes: frozenset[str] | None = None,
    unfurled: Sequence[str] = (),
) -> AsyncIterator[Stage]:
    """Runs the service over loopback for the length of the block.

    `recordings` are names of recorded situations, or situations that a test made of one. `scopes`
    are what the workspace granted, by default all that the manifest asks for. `unfurled` are the
    hosts whose links the app hears of.
    """
    app = InstalledApp.from_manifest(app_manifest(unfurl_domains=unfurled))
    world = World(app=app if scopes is None else replace(app, scopes=scopes))
    with_compiled_rules(folder / "data")
    recorded = [recording(one) if isinstance(one, str) else one for one in recordings]
    with RecordedAirflow(recorded) as airflow:
        async with LocalWorkspace.started(world) as ws:
            port = free_port()
            config = folder / "airflow-bot.yaml"
            config.write_text(json.dumps(_settings(folder, airflow, mode, port, more or {})))
            secrets = {**_secrets(ws), **(environ or {})}
            async with serving(load_settings(secrets, config)) as service:
                if mode == "http":
                    await ws.use_http(f"http://127.0.0.1:{port}/slack/events")
                else:
                    await ws.wait_for_app()
                channel = next(
                    c.id for c in ws.state.channels.values() if c.name.endswith("support")
                )
                yield Stage(ws, airflow, service.parts, channel, world.people[0].id)


def recording(name: str) -> dict[str, Any]:
    """A copy of one recorded situation, to be changed at will."""
    found: dict[str, Any] = json.loads((RECORDINGS / f"{name}.json").read_text())
    return found


def _settings(
    folder: Path, airflow: RecordedAirflow, mode: str, port: int, more: Mapping[str, Any]
) -> dict[str, Any]:
    return {
        "data_dir": str(folder / "data"),
        "clusters": {"lab": {"base_url": airflow.url, "username": airflow.username}},
        "slack": {"mode": mode, "local_workspace": True},
        "web": {"port": port},
        **more,
    }


def _secrets(ws: LocalWorkspace) -> dict[str, str]:
    return {
        "SLACK_API_URL": ws.base_url,
        "AIRFLOW_BOT_SLACK__BOT_TOKEN": ws.bot_token,
        "AIRFLOW_BOT_SLACK__APP_TOKEN": ws.app_token,
        "AIRFLOW_BOT_SLACK__SIGNING_SECRET": ws.signing_secret,
        "AIRFLOW_BOT_CLUSTERS__lab__PASSWORD": RecordedAirflow.password,
    }


def stored_in(folder: Path) -> Sequence[str]:
    """Every byte of every file that a bot wrote; packed columns of databases unpacked as well."""
    for _ in range(100):
        # SQLite moves its log into the file behind our back, and removes it.
        with suppress(FileNotFoundError):
            return list(_stored_in(folder))
    raise AssertionError(f"the files in {folder} never stay while they are read")


def rows_in(folder: Path) -> Iterator[str]:
    """Every value of every row that a bot has in its databases."""
    for path in folder.rglob("*.db"):
        yield from _rows(path)


def _stored_in(folder: Path) -> Iterator[str]:
    for path in folder.rglob("*"):
        if path.is_file() and path.parent.name != FOLDER:
            yield path.read_bytes().decode("utf-8", "replace")
        if path.suffix in (".db", ".sqlite", ".sqlite3"):
            yield from _rows(path)


def _rows(path: Path) -> Iterator[str]:
    with closing(sqlite3.connect(path)) as database:
        tables = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        for (table,) in tables:
            for row in database.execute(f'SELECT * FROM "{table}"'):
                yield from (_unpacked(value) for value in row)


def _unpacked(value: object) -> str:
    if isinstance(value, str) and value.startswith(COMPRESSED):
        # As the engine keeps what steps hand on.
        value = base64.b64decode(value.removeprefix(COMPRESSED))
    if not isinstance(value, bytes):
        return str(value)
    with suppress(zlib.error):
        value = zlib.decompress(value)
    return value.decode("utf-8", "replace")
