"""The demo's bot: a process of its own as in production, set up by a file and secrets beside it."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from bot.domain.errors import BotError
from bot.playground.workspace import LocalWorkspace
from bot.playground.workspace.world import ONCALL, ONCALL_CHANNEL, PLATFORM

_CONNECT_SECONDS = 180.0
_STOP_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class BotProcess:
    """The running bot, the file that it writes its log to, and that of its settings."""

    process: asyncio.subprocess.Process
    log: Path
    config: Path

    async def connected(self, workspace: LocalWorkspace) -> None:
        """Returns once the bot listens to the workspace; raises `BotError` where it ends before."""
        connected = asyncio.ensure_future(workspace.wait_for_app(seconds=_CONNECT_SECONDS))
        ended = asyncio.ensure_future(self.process.wait())
        try:
            await asyncio.wait({connected, ended}, return_when=asyncio.FIRST_COMPLETED)
            if ended.done():
                raise self.failure()
            await connected
        except TimeoutError:
            raise BotError(f"the bot did not connect; see {self.log}") from None
        finally:
            connected.cancel()
            ended.cancel()

    async def console_link(self) -> str:
        """The address that signs one in to the console; "" where none could be made."""
        making = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bot", "console", "token", "--config", str(self.config)),
            env=_environment(os.environ),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
        said, _ = await making.communicate()
        return said.decode().strip() if making.returncode == 0 else ""

    def failure(self) -> BotError:
        tail = self.log.read_text(errors="replace")[-1500:].strip()
        return BotError(f"the bot ended by itself; the end of {self.log}:\n{tail}")


@asynccontextmanager
async def bot_running(
    folder: Path,
    airflow_url: str,
    port: int,
    workspace: LocalWorkspace,
    launched: Callable[[int], None],
) -> AsyncIterator[BotProcess]:
    """The bot while the block runs. `launched` hears its pid; `folder` keeps its files.

    The folder's `airflow-bot.yaml` serves other commands as well while the demo runs.
    """
    config = folder / "airflow-bot.yaml"
    secrets = _write_secrets(folder / "secrets", workspace)
    settings = _settings(folder, airflow_url, port, workspace, secrets)
    config.write_text(json.dumps(settings, indent=2), encoding="utf-8")  # JSON is YAML too
    log = folder / "bot.log"
    with log.open("wb") as written:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bot", "serve", "--config", str(config)),
            env=_environment(os.environ),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=written,
            stderr=written,
            start_new_session=True,  # Ctrl-C reaches the demo alone, which then ends the bot
        )
    launched(process.pid)
    try:
        yield BotProcess(process, log, config)
    finally:
        await _end(process)


def _settings(
    folder: Path,
    airflow_url: str,
    port: int,
    workspace: LocalWorkspace,
    secrets: Mapping[str, Path],
) -> dict[str, object]:
    return {
        "data_dir": str(folder / "bot"),
        "clusters": {
            "demo": {
                "base_url": airflow_url,
                "username": "bot",
                "password_file": str(secrets["airflow_password"]),
                "description": "the demo's Airflow",
                "dag_list_seconds": 5,
            }
        },
        "slack": {
            "mode": "socket",
            "local_workspace": True,
            "api_url": workspace.base_url,
            "bot_token_file": str(secrets["bot_token"]),
            "app_token_file": str(secrets["app_token"]),
        },
        "web": {"host": "127.0.0.1", "port": port},
        "console": {"enabled": True},
        # Short enough to see the next level called.
        "escalation": {"channel": ONCALL_CHANNEL, "acknowledge_within": 2},
        "on_call": {"rota": str(_write_rota(folder / "rota.yaml"))},
    }


def _write_rota(path: Path) -> Path:
    """One person a level, for ever; kept where somebody has changed it."""
    if not path.exists():
        layers = [
            {"people": [person.name], "handover": "monday 09:00", "start": "2026-01-05"}
            for person in (ONCALL, PLATFORM)
        ]
        rota = {
            "timezone": "UTC",
            "people": {
                person.name: {"slack": person.id, "name": person.real_name, "email": person.email}
                for person in (ONCALL, PLATFORM)
            },
            "levels": [{"layers": [layer]} for layer in layers],
        }
        path.write_text(json.dumps(rota, indent=2), encoding="utf-8")
    return path


def _write_secrets(folder: Path, workspace: LocalWorkspace) -> dict[str, Path]:
    folder.mkdir(mode=0o700, exist_ok=True)
    secrets = {
        "airflow_password": "bot",
        "bot_token": workspace.bot_token,
        "app_token": workspace.app_token,
    }
    for name, secret in secrets.items():
        (folder / name).write_text(secret, encoding="utf-8")
    return {name: folder / name for name in secrets}


def _environment(inherited: Mapping[str, str]) -> dict[str, str]:
    """Without what would turn this bot to other clusters, another Slack, or a proxy.

    A language model may be named in the environment: the demo's answers are then explained by it.
    """
    return {
        name: value
        for name, value in inherited.items()
        if name.startswith("AIRFLOW_BOT_MODEL__")
        or not (name.startswith(("AIRFLOW_BOT_", "SLACK_")) or name.lower().endswith("_proxy"))
    }


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is not None:
        return
    with suppress(ProcessLookupError):
        process.terminate()
    try:
        async with asyncio.timeout(_STOP_SECONDS):
            await process.wait()
    except TimeoutError:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
