from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from bot.domain.errors import StoreError
from bot.workflows.single import only_one

_HOLDER = """
import sys, time
from pathlib import Path
from bot.workflows.single import only_one
held = only_one(Path(sys.argv[1]), "The index", "Stop it.")
print("held", flush=True)
time.sleep(60)
"""


def test_a_second_process_is_refused_until_the_first_is_killed(tmp_path: Path) -> None:
    path = tmp_path / "chroma"
    with subprocess.Popen(
        [sys.executable, "-c", _HOLDER, path], stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        said = re.escape(f"The index {path} is in use by process {holder.pid}. Stop it.")
        with pytest.raises(StoreError, match=said):
            only_one(path, "The index", "Stop it.")
        holder.send_signal(signal.SIGKILL)
        holder.wait()
    only_one(path, "The index", "Stop it.").close()


def test_what_was_given_up_may_be_claimed_again(tmp_path: Path) -> None:
    path = tmp_path / "new folder" / "bot.db"
    first = only_one(path, "The database", "Stop it.")
    with pytest.raises(StoreError, match=f"process {os.getpid()}"):
        only_one(path, "The database", "Stop it.")
    first.close()
    first.close()
    only_one(path, "The database", "Stop it.").close()


def test_a_lock_that_cannot_be_opened_is_named(tmp_path: Path) -> None:
    (tmp_path / "bot.db.lock").mkdir()
    with pytest.raises(StoreError, match=r"bot\.db\.lock cannot be opened"):
        only_one(tmp_path / "bot.db", "The database", "Stop it.")


def test_another_name_of_the_same_file_is_no_way_round(tmp_path: Path) -> None:
    (tmp_path / "bot.db").touch()
    (tmp_path / "link.db").symlink_to(tmp_path / "bot.db")
    held = only_one(tmp_path / "bot.db", "The database", "Stop it.")
    with pytest.raises(StoreError, match=r"link\.db is in use"):
        only_one(tmp_path / "link.db", "The database", "Stop it.")
    held.close()
