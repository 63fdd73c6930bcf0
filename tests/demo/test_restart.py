"""A demo that is killed, and the one that comes after it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.playground.airflow_server import PORTS
from bot.playground.demo.narration import Narrator
from bot.playground.demo.run import DemoPlan, running_demo
from bot.playground.demo.story import SCENES, Staging
from bot.playground.keeper import Keeper
from tests.demo.conftest import is_free

pytestmark = [pytest.mark.airflow, pytest.mark.slow, pytest.mark.timeout(400)]


def started(plan: DemoPlan, *options: str) -> subprocess.Popen[str]:
    places = {
        "--folder": plan.folder,
        "--airflow-venv": plan.airflow_venv,
        "--airflow-port": plan.airflow_port,
        "--page-port": plan.page_port,
        "--bot-port": plan.bot_port,
    }
    named = [word for name, value in places.items() for word in (name, str(value))]
    command = [sys.executable, "-m", "bot", "demo", *named, *options]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True)


def lines_until(process: subprocess.Popen[str], words: str) -> Iterator[str]:
    assert process.stdout is not None
    for line in process.stdout:
        yield line
        if words in line:
            return
    raise AssertionError(f"the demo ended before it said {words!r}")


def left_over(plan: DemoPlan) -> list[str]:
    """What still runs for the demo: processes that were told of its folder or work in there,
    and open ports."""
    shown = subprocess.run(["ps", "-Awwo", "pid=,args="], capture_output=True, text=True).stdout
    processes = [line for line in shown.splitlines() if str(plan.folder) in line]
    for link in Path("/proc").glob("[0-9]*/cwd"):  # Airflow's workers do not show their arguments
        with contextlib.suppress(OSError):
            if link.readlink().is_relative_to(plan.folder):
                processes.append(f"{link.parent.name} in {link.readlink()}")
    ports = range(plan.airflow_port, plan.airflow_port + PORTS + 2)
    return processes + [f"port {port}" for port in ports if not is_free(port)]


def soon_gone(plan: DemoPlan) -> list[str]:
    for _ in range(150):
        if not (left := left_over(plan)):
            return []
        time.sleep(0.2)
    return left


def recorded(folder: Path) -> dict[str, str]:
    return dict(json.loads((folder / "failures.json").read_text()))


def test_a_killed_demo_leaves_nothing_running(plan: DemoPlan) -> None:
    process = started(plan)
    try:
        list(lines_until(process, "Ask on here"))
        assert left_over(plan)
    finally:
        process.kill()
        process.communicate()
    assert soon_gone(plan) == []


async def test_the_next_start_keeps_the_failures_and_stages_the_present_anew(
    plan: DemoPlan, narrator: Narrator
) -> None:
    kept = recorded(plan.folder)
    with Keeper(plan.folder) as keeper:
        async with running_demo(plan, narrator, keeper) as demo:
            await demo.stage.set()
            for scene in SCENES:
                if scene.staging in (Staging.BLOCKED, Staging.PAUSED, Staging.MARKED):
                    answer = await demo.ask(scene.question)
                    assert scene.verdict.headline in answer.text
    assert kept.items() <= recorded(plan.folder).items()
    assert await asyncio.to_thread(soon_gone, plan) == []


def test_a_polite_end_leaves_nothing_running_either(plan: DemoPlan) -> None:
    process = started(plan)
    try:
        list(lines_until(process, "starting a real Airflow"))
        time.sleep(3)  # somewhere in the middle of it
        process.send_signal(signal.SIGTERM)
        rest, _ = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 0
    assert rest.endswith("stopped\n")
    assert soon_gone(plan) == []
