"""What a demo started ends with it, however it ended."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bot.domain.errors import BotError
from bot.playground import keeper
from bot.playground.keeper import Keeper
from bot.playground.process_trees import _from_ps, kill_trees, listed

OWNER = """
import os, pathlib, subprocess, sys, time
from bot.playground.keeper import Keeper
with Keeper(pathlib.Path(sys.argv[1])) as keeper:
    tree = subprocess.Popen(["sh", "-c", sys.argv[2]], start_new_session=True)
    keeper.keep(tree.pid)
    print("kept", flush=True)
    time.sleep(60)
"""
# A leader, a child of it, and a grandchild that left for a session of its own.
TREE = f"""{sys.executable} -c "
import os, time
os.setsid() if os.fork() == 0 else None
time.sleep({{seconds}})
" & wait"""


def sleeping(seconds: float) -> list[str]:
    """The processes of the tree that was told to sleep so long."""
    shown = subprocess.run(["ps", "-ewwo", "args"], capture_output=True, text=True, check=True)
    return [line for line in shown.stdout.splitlines() if f"time.sleep({seconds})" in line]


def soon(look: Callable[[], bool]) -> bool:
    for _ in range(300):
        if look():
            return True
        time.sleep(0.1)
    return False


@pytest.fixture
def owner(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", OWNER, str(tmp_path), TREE.format(seconds=612.5)]
    started = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert started.stdout is not None
    assert started.stdout.readline() == "kept\n"
    yield started
    started.kill()
    started.wait()
    started.stdout.close()


def test_all_that_a_killed_owner_started_ends(owner: subprocess.Popen[str]) -> None:
    assert soon(lambda: len(sleeping(612.5)) >= 2)
    owner.kill()
    owner.wait()
    assert soon(lambda: not sleeping(612.5))


def test_a_folder_has_one_owner_at_a_time(
    owner: subprocess.Popen[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeper, "HANDOVER_SECONDS", 0.2)
    with (
        pytest.raises(BotError, match=rf"{tmp_path} is in use .*process {owner.pid}"),
        Keeper(tmp_path),
    ):
        pass
    owner.kill()
    owner.wait()
    monkeypatch.setattr(keeper, "HANDOVER_SECONDS", 10)
    with Keeper(tmp_path):
        assert not sleeping(612.5)  # handed over only once all is gone


def test_a_pid_that_was_given_away_is_spared() -> None:
    other = subprocess.Popen(["sleep", "600"], start_new_session=True)
    try:
        kept = listed()[other.pid]
        stale = type(kept)(kept.pid, kept.parent, kept.group, kept.session, "long ago")
        kill_trees([stale])
        assert other.poll() is None
    finally:
        other.kill()
        other.wait()


def test_orphans_of_an_ended_leader_end_too() -> None:
    leader = subprocess.Popen(["sh", "-c", "sleep 613.5 & sleep 1"], start_new_session=True)
    root = listed()[leader.pid]
    leader.wait()
    kill_trees([root])
    assert not any(process.session == leader.pid for process in listed().values())


def test_both_ways_of_listing_agree() -> None:
    here = {process.pid: process for process in _from_ps()}[os.getpid()]
    assert (here.parent, here.group) == (os.getppid(), os.getpgid(0))
    assert listed()[os.getpid()].parent == here.parent
