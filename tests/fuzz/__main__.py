"""Feeds damaged input to the readers of foreign text until one stumbles, under atheris.

    pip install atheris
    python -m tests.fuzz log_reader -max_total_time=600
    python -m tests.fuzz front_matter -max_total_time=600

It begins with good input: written logs in every form in which they are served, and the shipped
runbooks. What follows the name goes to libFuzzer. It ends with a finding, written to a file, or
with the time. A single input that takes longer than ten seconds is a finding too.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import atheris  # type: ignore[import-not-found, unused-ignore]

with atheris.instrument_imports(include=["bot", "yaml"]):
    from tests.fuzz import front_matter, log_reader

TARGETS = {"log_reader": log_reader, "front_matter": front_matter}


def main() -> None:
    if len(sys.argv) < 2 or sys.argv[1] not in TARGETS:
        raise SystemExit(f"usage: python -m tests.fuzz {'|'.join(TARGETS)} [libFuzzer options]")
    target = TARGETS[sys.argv[1]]
    options = ["-timeout=10", "-rss_limit_mb=2048", "-max_len=65536", *sys.argv[2:]]
    with tempfile.TemporaryDirectory() as folder:
        for number, seed in enumerate(target.seeds()):
            (Path(folder) / str(number)).write_bytes(seed)
        atheris.Setup([sys.argv[0], *options, folder], target.take)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
