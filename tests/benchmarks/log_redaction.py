"""Prints what redaction catches, what it spares and how fast it is.

    python -m tests.benchmarks.log_redaction logs.jsonl dev.jsonl

The files hold real failures without secrets, each with its deciding line: a change there is a
false alarm. Secrets are planted into lines of their own. Hostile text is read at two sizes: in
linear time the double takes twice as long.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random

from bot.diagnosis.redaction import Redactor
from tests.diagnosis.redaction.planted import (
    PASSWORD_CONTEXTS,
    TOKEN_CONTEXTS,
    TOKENS,
    password,
)

HOSTILE = {
    "names": "password=",
    "quotes": 'password="',
    "escapes": 'pwd=\\"\\\\\\"',
    "uris": "a://b:c@",
    "ports": "host:80/",
    "random": "Ab1Cd2Ef3Gh4Ij5Kl6Mn7/",
    "keys": "-----BEGIN PRIVATE" + " KEY-----",
    "headers": "authorization: ",
    "cookies": "cookie: a=bbbbbbbb; ",
    "tags": "[secret:known:beef]",
    "spaces": " ",
    "letters": "a",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("paths", nargs="*", type=Path)
    options = parser.parse_args()
    redactor = timed("building the rules", Redactor)
    plant(redactor)
    for path in options.paths:
        spare(redactor, path)
    for name, piece in HOSTILE.items():
        stress(redactor, name, piece)


def timed(label: str, build: type[Redactor]) -> Redactor:
    started = time.process_time()
    redactor = build()
    print(f"{label}: {time.process_time() - started:.2f} CPU s")
    return redactor


def plant(redactor: Redactor) -> None:
    tokens = [
        (secret, place(secret))
        for seed in range(5)
        for make in TOKENS.values()
        for place in TOKEN_CONTEXTS.values()
        for secret in (make(Random(seed)),)
    ]
    passwords = [
        (secret, place(secret))
        for seed in range(20)
        for place in PASSWORD_CONTEXTS.values()
        for secret in (password(Random(seed)),)
    ]
    for label, planted in (("tokens", tokens), ("passwords", passwords)):
        hidden = sum(secret not in redactor.redact(text) for secret, text in planted)
        print(f"planted {label:10} {hidden} of {len(planted)} hidden")


def spare(redactor: Redactor, path: Path) -> None:
    size = masked = 0
    started = time.process_time()
    for log in logs_of(path):
        size += len(log)
        masked += redactor.scrub(log).count
    seconds = time.process_time() - started
    lines = list(deciding_lines(path))
    same = sum(redactor.redact(line) == line for line in lines)
    print(
        f"{path.name}: {same} of {len(lines)} deciding lines unchanged, {masked} places masked in "
        f"{size / 1e6:.2f} MB, {size / 1e6 / seconds:.1f} MB/s"
    )


def logs_of(path: Path) -> Iterator[str]:
    for line in path.read_text().splitlines():
        entry = json.loads(line)
        if "file" in entry:
            yield (path.parent / "logs" / entry["file"]).read_bytes().decode("utf-8", "replace")
        else:
            yield entry["log"]


def deciding_lines(path: Path) -> Iterator[str]:
    for line in path.read_text().splitlines():
        entry = json.loads(line)
        text = entry.get("root_text") or entry.get("expected", {}).get("root_line")
        if text:
            yield text


def stress(redactor: Redactor, name: str, piece: str) -> None:
    seconds = []
    for size in (250_000, 500_000):
        text = (piece * (size // len(piece) + 1))[:size]
        started = time.process_time()
        redactor.redact(text)
        seconds.append(time.process_time() - started)
    ratio = seconds[1] / seconds[0]
    print(f"hostile {name:10} 0.5 MB in {seconds[1]:6.2f} CPU s, {ratio:.1f}-fold for the double")


if __name__ == "__main__":
    main()
