"""The export and snapshots commands, on what the local workspace kept."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.adapters.sql.engine import create_engine
from bot.adapters.sql.store import SqlConversationStore
from bot.cli import app
from bot.domain.conversations import Rating, Score, Turn
from bot.domain.errors import ExportRefused
from tests.diagnosis.redaction.planted import TOKENS
from tests.fakes.lessons import MONDAY, WORKSPACE, lesson

COUNT = 8


@pytest.fixture(scope="module")
def home(migrated_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a database of judged conversations, and settings that name it."""
    folder = tmp_path_factory.mktemp("home")
    file = folder / "bot.db"
    file.write_bytes(migrated_file.read_bytes())
    turns = [lesson(n, said=PLANTED if n == 2 else "") for n in range(COUNT)]
    asyncio.run(_keep(f"sqlite+aiosqlite:///{file}", turns))
    (folder / "airflow-bot.yaml").write_text(
        f"data_dir: {folder}\n"
        "clusters: {prod: {base_url: 'https://a.example.com', username: bot, "
        "password_env: SOME_PASSWORD}}\n"
        "slack: {mode: off}\n"
    )
    return folder


async def _keep(url: str, turns: list[Turn]) -> None:
    engine = create_engine(url)
    store = SqlConversationStore(engine)  # nothing masks on entry here: the export has to
    for turn in turns:
        await store.add_turn(turn)
        await store.rate(Rating(turn.id, "U0ASKER1", Score.UP, MONDAY))
    await engine.dispose()


@pytest.fixture(autouse=True)
def password(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("SOME_PASSWORD", "hunter2-and-more")
    return


def run(home: Path, *words: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, [*words, "--config", str(home / "airflow-bot.yaml")])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.output


def secret() -> str:
    from random import Random

    return TOKENS["github token"](Random(7))


PLANTED = f"pushed with {secret()} by deploy@acme-corp.com from db1.acme.internal"


@pytest.fixture(scope="module")
def exported(home: Path) -> Path:
    """After the two commands of the README."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOME_PASSWORD", "hunter2-and-more")
        with pytest.raises(ExportRefused, match="airflow-bot consent record"):
            run(home, "export", str(home / "dataset"))
        opt_in = ("--basis", "opt_in", "--until", "2999-12-31")
        assert run(home, "consent", "record", WORKSPACE, *opt_in)[0] == 0
        status, said = run(home, "export", str(home / "dataset"))
    assert status == 0
    assert f"of {COUNT} conversations" in said
    return home / "dataset"


def test_no_secret_name_or_address_is_in_any_file(exported: Path) -> None:
    files = [file for file in exported.rglob("*") if file.is_file()]
    assert len(files) > 20
    for file in files:
        content = file.read_bytes()
        for planted in (secret(), "acme", "U0ASKER1", "C0ASKED1"):
            assert planted.encode() not in content, file
    assert "[secret:" in (exported / "kto" / "train.jsonl").read_text()


def test_hugging_faces_datasets_loads_every_form_by_the_card(
    exported: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    from datasets import load_dataset

    for form in ("sft", "kto", "classification", "retrieval", "evaluation"):
        found = load_dataset(str(exported), form, cache_dir=str(tmp_path))
        assert sum(split.num_rows for split in found.values()) == COUNT
        lines = str(exported / form / "train.jsonl")
        as_json = load_dataset("json", data_files=lines, split="train", cache_dir=str(tmp_path))
        assert as_json.num_rows == found["train"].num_rows
        if form == "sft":
            call = found["train"][0]["messages"][2]["tool_calls"][0]
            assert call == as_json[0]["messages"][2]["tool_calls"][0]
            assert json.loads(found["train"][0]["tools"]) == as_json[0]["tools"]
            assert found["train"][0]["consent"]


def test_the_bots_own_evaluation_measures_by_the_exported_set(exported: Path) -> None:
    files = sorted(map(str, (exported / "evaluation").glob("*.jsonl")))
    result = CliRunner().invoke(app, ["eval", *files, "--json"])
    assert result.exit_code == 0, result.output
    assert json.loads(result.output)["n"] == COUNT


def test_a_snapshot_is_listed_shown_verified_and_exported_again(exported: Path) -> None:
    home = exported.parent
    (known,) = json.loads(run(home, "snapshots", "list", "--json")[1])
    assert (known["rows"], known["is_whole"]) == (COUNT, True)
    assert f"conversations: {COUNT} of {COUNT}" in run(home, "snapshots", "show", known["id"])[1]
    assert run(home, "snapshots", "verify", known["id"])[0] == 0

    again = home / "again"
    assert run(home, "export", str(again), "--snapshot", known["id"])[0] == 0

    for file in exported.rglob("*"):
        if file.is_file():
            assert file.read_bytes() == (again / file.relative_to(exported)).read_bytes(), file
    assert run(home, "snapshots", "show", "nonsense")[0] == 1


def test_an_unknown_format_is_refused_with_those_there_are(home: Path) -> None:
    status, said = run(home, "export", str(home / "x"), "--format", "tfrecord")
    assert status == 2
    assert re.search("classification.*sft", said.replace("\n", " "))
