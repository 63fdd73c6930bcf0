"""Two processes over one PostgreSQL hear the same: each cause is one alert, and recovers once."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

from tests.adapters.sql.alert_program import CAUSES, DAGS
from tests.postgres import PostgresDatabase

ROOT = Path(__file__).parents[3]
PROGRAM = "tests.adapters.sql.alert_program"


def test_two_processes_that_hear_the_same_tell_it_once(postgres: PostgresDatabase) -> None:
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", PROGRAM, postgres.url],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    for word in ("ready", "settled"):
        for process in processes:
            assert process.stdout is not None
            assert process.stdout.readline().strip() == word
        for process in processes:
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
    together: Counter[str] = Counter()
    for process in processes:
        said, _ = process.communicate(timeout=60)
        assert process.returncode == 0
        together.update(json.loads(said))
    assert together == {"Opened": CAUSES, "Joined": DAGS - CAUSES, "recovered": CAUSES}
