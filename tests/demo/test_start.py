"""Starting the demo where it cannot start, and what it says when it can."""

from __future__ import annotations

import io
import socket
from pathlib import Path

import pytest
from rich.console import Console

from bot.domain.errors import BotError
from bot.playground.demo import bot_process
from bot.playground.demo.narration import Narrator
from bot.playground.demo.run import DemoPlan, run_demo
from bot.playground.demo.story import SCENES
from bot.playground.keeper import Keeper


@pytest.mark.parametrize(
    ("field", "offset", "option"),
    [
        ("airflow_port", 3, "--airflow-port"),
        ("page_port", 0, "--page-port"),
        ("bot_port", 0, "--bot-port"),
    ],
)
async def test_a_taken_port_is_named_with_the_option_that_changes_it(
    plan: DemoPlan, narrator: Narrator, said: io.StringIO, field: str, offset: int, option: str
) -> None:
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", getattr(plan, field) + offset))
        other.listen()
        with pytest.raises(BotError, match=f"port {other.getsockname()[1]} is taken.*{option}"):
            await run_demo(plan, narrator)
    assert "starting" not in said.getvalue()


async def test_a_second_demo_in_the_same_folder_is_refused_at_once(
    plan: DemoPlan, narrator: Narrator
) -> None:
    with Keeper(plan.folder), pytest.raises(BotError, match="is in use by a demo that runs"):
        await run_demo(plan, narrator)


def test_the_invitation_names_the_page_every_dag_and_the_command(
    narrator: Narrator, said: io.StringIO
) -> None:
    page = "http://127.0.0.1:28090/#token=" + "x" * 90
    narrator.invitation(page, "airflow-support", "http://127.0.0.1:28080", "airflow-bot ask")
    text = said.getvalue()
    assert page in text  # in one piece, however wide the terminal is
    assert 'airflow-bot ask "why did' in text
    assert "@airflow-support is ml_training my code or you?" in text
    assert all(scene.dag_id in text for scene in SCENES[1:])


def test_a_closed_terminal_does_not_stop_the_stopping() -> None:
    class Closed(io.StringIO):
        def write(self, text: str) -> int:
            raise OSError(5, "Input/output error")

    Narrator(Console(file=Closed())).step("stopping")


def test_the_bot_of_the_demo_hears_of_no_other_slack_cluster_or_proxy() -> None:
    inherited = {
        "PATH": "/bin",
        "SLACK_BOT_TOKEN": "xoxb-of-the-company",
        "AIRFLOW_BOT_CLUSTERS__PROD__BASE_URL": "https://airflow.example.com",
        "HTTPS_PROXY": "http://proxy.example.com",
        "AIRFLOW_BOT_MODEL__NAME": "your-model",
    }
    kept = bot_process._environment(inherited)
    assert kept == {"PATH": "/bin", "AIRFLOW_BOT_MODEL__NAME": "your-model"}


def test_secrets_are_for_the_owner_alone(tmp_path: Path) -> None:
    class Workspace:
        bot_token = "xoxb-local-1"
        app_token = "xapp-local-1"

    written = bot_process._write_secrets(tmp_path / "secrets", Workspace())  # type: ignore[arg-type]
    assert (tmp_path / "secrets").stat().st_mode & 0o077 == 0
    assert written["bot_token"].read_text() == "xoxb-local-1"
