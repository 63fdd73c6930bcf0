"""What of a failure reaches a model: this bot beside HolmesGPT, over one recorded Airflow.

    python -m tests.benchmarks.peers [--holmes VENV] [--json FILE]

VENV is an environment of its own with `pip install holmesgpt astro-airflow-mcp`; without it this
bot is measured alone. Each program is a process with its own home folder, asks the same recorded
cluster over HTTP, and speaks to the same scripted model on loopback. Nothing leaves the machine.

HolmesGPT is measured three ways: with its HTTP toolset and a model that reads whole logs, with one
that narrows them by jq, and with the tools of astro-airflow-mcp. What a tool puts into a file for
its size is searched for errors with grep, as its own text advises.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.request import Request, urlopen

import yaml

from tests.benchmarks.peer_scripts import Situation, by_http, by_mcp, scripted
from tests.fakes.airflow_server import RecordedAirflow
from tests.fakes.model_server import API_KEY, MODEL, ModelServer

_PAYLOADS = Path(__file__).parents[1] / "payloads" / "airflow"
_SITUATIONS = (
    ("an error behind two others", "pipeline_85077", "parse_amounts", "'12,5'", 0),
    ("no log, told by an event alone", "pipeline_34444", "run_job", "ErrImagePull", 0),
    ("5 MB of log, the error at 62 %", "pipeline_70373", "enrich", "'country'", 5),
)
_NOISE = "part {n} of the export was read in {n} ms, nothing unusual so far on this shard"


@dataclass(frozen=True)
class Measured:
    """`found_after` counts calls of the model until what decides was in a prompt, 0: never."""

    situation: str
    arm: str
    found_after: int
    model_calls: int
    airflow_calls: int
    prompts_kb: float
    largest_kb: float
    wall: float
    cpu: float
    rss_mb: float


@dataclass(frozen=True)
class Arm:
    name: str
    command: Sequence[str]
    env: Mapping[str, str]
    files: Mapping[str, str]
    asks: Any


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--holmes", type=Path)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--only", default="", help="words in the name of a situation")
    parser.add_argument("--patience", type=float, default=420.0, help="seconds for one program")
    options = parser.parse_args()
    found = []
    for situation in map(_situation, _SITUATIONS):
        if options.only in situation.name:
            for measured in asyncio.run(_measured(situation, options.holmes, options.patience)):
                found.append(measured)
                _print(measured)
    if options.json is not None:
        options.json.write_text(json.dumps([asdict(one) for one in found], indent=1))


def _situation(row: tuple[str, str, str, str, int]) -> Situation:
    name, recording, task_id, needle, megabytes = row
    run_id = json.loads((_PAYLOADS / f"{recording}.json").read_text())["run_id"]
    return Situation(name, recording, run_id, task_id, needle, megabytes)


async def _measured(one: Situation, holmes: Path | None, patience: float) -> list[Measured]:
    found = []
    with RecordedAirflow.from_file(_PAYLOADS / f"{one.recording}.json") as airflow:
        if one.megabytes:
            airflow.log_source = lambda: _large_log(one)
        async with ModelServer() as model:
            for arm in _arms(one, airflow, model, holmes):
                found.append(await _run(arm, one, airflow, model, patience))
    return found


def _arms(
    one: Situation, airflow: RecordedAirflow, model: ModelServer, holmes: Path | None
) -> Iterator[Arm]:
    yield _ours(one, airflow, model)
    if holmes is None:
        return
    token = _token(airflow)
    http = _holmes_http(airflow, token)
    for name, narrows in (("Holmes, HTTP, whole logs", False), ("Holmes, HTTP, jq", True)):
        asks = by_http(airflow.url, one, narrows=narrows)
        yield _holmes(name, one, model, holmes, http, asks)
    mcp = _holmes_mcp(airflow, holmes)
    yield _holmes("Holmes, astro-airflow-mcp", one, model, holmes, mcp, by_mcp(one))


def _ours(one: Situation, airflow: RecordedAirflow, model: ModelServer) -> Arm:
    clusters = {"lab": {"base_url": airflow.url, "username": airflow.username}}
    settings = {
        "data_dir": "data",
        "clusters": clusters,
        "model": {"base_url": model.base_url, "name": MODEL},
    }
    env = {
        "AIRFLOW_BOT_CLUSTERS__LAB__PASSWORD": airflow.password,
        "AIRFLOW_BOT_MODEL__API_KEY": API_KEY,
        "PYTHONPATH": str(Path(__file__).parents[2]),
    }
    command = [sys.executable, "-m", "bot", "ask", "--config", "bot.yaml", one.question]
    return Arm("this bot", command, env, {"bot.yaml": yaml.safe_dump(settings)}, ())


def _holmes(
    name: str,
    one: Situation,
    model: ModelServer,
    holmes: Path,
    config: Mapping[str, Any],
    asks: Sequence[Any],
) -> Arm:
    env = {
        "OPENAI_API_BASE": model.base_url,
        "OPENAI_API_KEY": API_KEY,
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        "DO_NOT_TRACK": "1",
    }
    command = [str(holmes / "bin" / "holmes"), "ask", one.question, "--model", "openai/gpt-4o"]
    command += ["--config", "holmes.yaml", "--no-interactive"]
    return Arm(name, command, env, {"holmes.yaml": yaml.safe_dump(dict(config))}, asks)


_BASH = {"enabled": True, "config": {"builtin_allowlist": "extended"}}


def _holmes_http(airflow: RecordedAirflow, token: str) -> dict[str, Any]:
    endpoint = {
        "hosts": [airflow.url],
        "paths": ["*"],
        "methods": ["GET"],
        "auth": {"type": "bearer", "token": token},
    }
    http = {"type": "http", "enabled": True, "config": {"endpoints": [endpoint]}}
    return {"toolsets": {"airflow-api": http, "bash": _BASH}}


def _holmes_mcp(airflow: RecordedAirflow, holmes: Path) -> dict[str, Any]:
    env = {
        "AIRFLOW_API_URL": airflow.url,
        "AIRFLOW_USERNAME": airflow.username,
        "AIRFLOW_PASSWORD": airflow.password,
        "AF_READ_ONLY": "true",
        "AF_TELEMETRY_DISABLED": "1",
    }
    command = {"mode": "stdio", "command": str(holmes / "bin" / "astro-airflow-mcp")}
    server = {**command, "args": ["--transport", "stdio"], "env": env}
    servers = {"airflow": {"description": "Airflow", "config": server}}
    return {"mcp_servers": servers, "toolsets": {"bash": _BASH}}


def _token(airflow: RecordedAirflow) -> str:
    body = json.dumps({"username": airflow.username, "password": airflow.password})
    head = {"Content-Type": "application/json"}
    with urlopen(Request(f"{airflow.url}/auth/token", body.encode(), head)) as reply:
        return str(json.load(reply)["access_token"])


async def _run(
    arm: Arm, one: Situation, airflow: RecordedAirflow, model: ModelServer, patience: float
) -> Measured:
    airflow.seen.clear()
    model.requests.clear()
    model.behaviour = scripted(arm.asks)
    with TemporaryDirectory() as folder:
        for name, text in arm.files.items():
            (Path(folder) / name).write_text(text)
        wall, cpu, rss = await asyncio.to_thread(_spent, arm, folder, patience)
    prompts = [_said(body) for body in model.requests]
    sizes = [len(json.dumps(body)) / 1_000 for body in model.requests]
    found = next((n for n, said in enumerate(prompts, 1) if one.needle in said), 0)
    return Measured(
        one.name,
        arm.name,
        found,
        len(prompts),
        sum(seen.method == "GET" for seen in airflow.seen),
        sum(sizes),
        max(sizes, default=0.0),
        wall,
        cpu,
        rss,
    )


def _spent(arm: Arm, folder: str, patience: float) -> tuple[float, float, float]:
    """Wall and CPU seconds, and megabytes at the peak, of the process with its children."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    env = {**kept, "HOME": folder, **arm.env}
    began = time.perf_counter()
    with open(Path(folder) / "output", "wb") as output:
        process = subprocess.Popen(
            arm.command, cwd=folder, env=env, stdout=output, stderr=subprocess.STDOUT
        )
        while True:
            pid, _, spent = os.wait4(process.pid, os.WNOHANG)
            if pid:
                break
            if time.perf_counter() - began > patience:
                process.kill()
                _, _, spent = os.wait4(process.pid, 0)
                break
            time.sleep(0.05)
    process.returncode = 0  # waited for already
    return time.perf_counter() - began, spent.ru_utime + spent.ru_stime, spent.ru_maxrss / 1_024


def _said(body: Mapping[str, Any]) -> str:
    """All that the model is shown, in one text; quotes within JSON are quotes."""
    text = "\n".join(str(one.get("content")) for one in body["messages"])
    return text.replace('\\"', '"').replace("\\'", "'")


def _large_log(one: Situation) -> Iterator[bytes]:
    """The recorded lines amid chatter: the failure stands at 62 hundredths."""
    recording = json.loads((_PAYLOADS / f"{one.recording}.json").read_text())
    records = recording["evidence"][f"log:{one.task_id}[-1]:try1"]["content"]
    at = next(place for place, row in enumerate(records) if row.get("error_detail"))
    size = one.megabytes * 1_000_000
    yield from _rows(records[:at])
    yield from _chatter(records[at]["timestamp"], 0.62 * size)
    yield from _rows(records[at : at + 1])
    yield from _chatter(records[at]["timestamp"], 0.38 * size)
    yield from _rows(records[at + 1 :])


def _rows(records: Sequence[Mapping[str, Any]]) -> Iterator[bytes]:
    return (json.dumps(row).encode() + b"\n" for row in records)


def _chatter(timestamp: str, size: float) -> Iterator[bytes]:
    sent = number = 0
    while sent < size:
        row = {"timestamp": timestamp, "event": _NOISE.format(n=number), "level": "info"}
        line = json.dumps({**row, "logger": "task.stdout"}).encode() + b"\n"
        sent, number = sent + len(line), number + 1
        yield line


def _print(one: Measured) -> None:
    after = f"after {one.found_after}" if one.found_after else "never"
    print(
        f"{one.situation:32} {one.arm:26} decides: {after:8} model {one.model_calls:2} calls,"
        f" {one.prompts_kb:8.1f} kB in all, {one.largest_kb:7.1f} at once; Airflow"
        f" {one.airflow_calls:3} calls; wall {one.wall:5.1f} s, CPU {one.cpu:5.1f} s,"
        f" {one.rss_mb:5.0f} MB",
        flush=True,
    )


if __name__ == "__main__":
    main()
