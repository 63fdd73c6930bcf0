"""Fine-tuning at a server with OpenAI's API: started once, followed, compared, and gone on with."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.adapters.sql.engine import create_engine
from bot.adapters.sql.erasing import SqlErasing
from bot.domain.audit import AuditEntry, Outcome
from bot.domain.errors import BadRequest, BotError, CorpusError, ExportError, ModelError
from bot.services.export_ports import Request
from tests.cli.test_consent import run
from tests.fakes.finetuning_server import BASE, TUNED, FineTuningServer, once, slow
from tests.fakes.lessons import CONSENT, WORKSPACE, lesson
from tests.fakes.model_server import API_KEY, error
from tests.services.test_export import opened

FORMS = ("sft", "evaluation")
ENTRY = AuditEntry("e2", CONSENT.recorded_at, "admin", WORKSPACE, "", "consent", Outcome.ALLOWED)
# The command looks at the clock of the machine that runs it.
ALWAYS = replace(
    CONSENT,
    id="c0ffee02",
    recorded_at=datetime(2000, 1, 1, tzinfo=UTC),
    until=datetime(2999, 1, 1, tzinfo=UTC),
)


@pytest.fixture(scope="module")
def exported(migrated_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a database and an export of its conversations."""
    folder = tmp_path_factory.mktemp("exported")
    shutil.copy(migrated_file, folder / "bot.db")

    async def export() -> None:
        async with opened(f"sqlite+aiosqlite:///{folder / 'bot.db'}", folder) as bench:
            await bench.consents.record(ALWAYS, ENTRY)
            await bench.keep(*(lesson(number) for number in range(20)))
            await bench.export("out", Request(FORMS))

    asyncio.run(export())
    return folder


@dataclass
class Desk:
    """Somebody with an export, a server, and the command."""

    folder: Path
    server: FineTuningServer

    @property
    def export(self) -> Path:
        return self.folder / "out"

    @property
    def database(self) -> str:
        return f"sqlite+aiosqlite:///{self.folder / 'bot.db'}"

    async def finetune(self, *words: str) -> tuple[int, str]:
        config = self.folder / "airflow-bot.yaml"
        return await asyncio.to_thread(run, config, "finetune", *words)

    async def start(self, *words: str) -> tuple[int, str]:
        return await self.finetune("start", str(self.export), "--by", "admin", *words)

    async def trainings(self) -> list[dict[str, object]]:
        found: list[dict[str, object]] = json.loads((await self.finetune("status", "--json"))[1])
        return found

    async def only(self) -> str:
        (one,) = await self.trainings()
        return str(one["id"])


@pytest.fixture
async def desk(
    exported: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Desk]:
    shutil.copytree(exported, tmp_path / "desk")
    monkeypatch.setenv("SOME_PASSWORD", "hunter2-and-more")
    monkeypatch.setenv("SOME_KEY", API_KEY)
    async with FineTuningServer() as server:
        (tmp_path / "desk" / "airflow-bot.yaml").write_text(
            f"data_dir: {tmp_path / 'desk'}\n"
            "clusters: {prod: {base_url: 'https://a.example.com', username: bot, "
            "password_env: SOME_PASSWORD}}\n"
            "slack: {mode: off}\n"
            f"model: {{base_url: '{server.base_url}', name: {BASE}, api_key_env: SOME_KEY, "
            "timeout: 2}\n"
        )
        yield Desk(tmp_path / "desk", server)


async def test_a_model_is_trained_followed_and_compared_with_what_it_was(desk: Desk) -> None:
    status, said = await desk.start("--suffix", "ours", "--epochs", "2")
    assert status == 0, said
    (job,) = desk.server.jobs.values()
    assert job["method"] == {
        "type": "supervised",
        "supervised": {"hyperparameters": {"n_epochs": 2}},
    }
    assert (job["model"], job["suffix"]) == (BASE, "ours")
    sent = desk.server.files[job["training_file"]]
    assert sent["content"] == (desk.export / "sft" / "train.jsonl").read_bytes()
    assert sent["purpose"] == "fine-tune"
    assert desk.server.files[job["validation_file"]]["content"]

    name = await desk.only()
    with pytest.raises(BadRequest, match="no model to compare yet"):
        await desk.finetune("compare", name)
    desk.server.ends("succeeded")
    status, said = await desk.finetune("status", name, "--follow", "--every", "0.05")
    assert status == 0
    assert TUNED in said
    assert "4711 tokens" in said

    del desk.server.verdicts[BASE]  # what it said before its training is kept
    status, said = await desk.finetune("compare", name)
    assert status == 0
    rows = [line.split() for line in said.splitlines()]
    assert [row[0] for row in rows] == ["model", BASE, TUNED, "change"]
    assert float(rows[2][2]) > float(rows[1][2])


async def test_nothing_is_trained_twice(desk: Desk) -> None:
    await desk.start("--no-evaluation")
    status, said = await desk.start("--no-evaluation")
    assert (status, len(desk.server.jobs), len(desk.server.files)) == (0, 1, 2)
    assert "is running" in said


@pytest.mark.parametrize("part", ["/files", "/jobs"])
@pytest.mark.parametrize("lists", [True, False])
async def test_what_broke_off_is_gone_on_with(desk: Desk, part: str, lists: bool) -> None:
    desk.server.failing, desk.server.lists = once(503, part), lists
    with pytest.raises(ModelError, match="Run it again to go on") as broken:
        await desk.start("--no-evaluation")
    assert API_KEY not in str(broken.value)
    status, _ = await desk.start("--no-evaluation")
    assert (status, len(desk.server.jobs)) == (0, 1)
    assert len(desk.server.files) == 2


async def test_a_job_whose_answer_was_lost_is_found_again(desk: Desk) -> None:
    await desk.start("--no-evaluation")
    (job,) = desk.server.jobs.values()
    engine = create_engine(desk.database)
    async with engine.begin() as connection:
        await connection.exec_driver_sql(
            "UPDATE trainings SET state = 'prepared', "
            "body = json_set(body, '$.state', 'prepared', '$.job', '')"
        )
    await engine.dispose()
    status, said = await desk.start("--no-evaluation")
    assert (status, len(desk.server.jobs)) == (0, 1)
    assert job["id"] in said


async def test_a_job_that_failed_says_why_and_may_be_tried_anew(desk: Desk) -> None:
    await desk.start("--no-evaluation")
    why = {"code": "invalid_training_file", "message": "Line 3 is not right", "param": None}
    desk.server.ends("failed", error=why)
    status, said = await desk.finetune("status", await desk.only())
    assert status == 1
    assert "invalid_training_file: Line 3 is not right" in said
    assert (await desk.start("--no-evaluation"))[0] == 0
    assert [one["state"] for one in await desk.trainings()] == ["running", "failed"]


async def test_whoever_follows_bears_a_server_that_is_away_for_a_while(desk: Desk) -> None:
    await desk.start("--no-evaluation")
    away = [*range(9)]  # the client tries again by itself, too

    async def behave(request: object) -> object:
        if away:
            away.pop()
            return error(500, "away")
        desk.server.ends("cancelled")
        return None

    name = await desk.only()
    desk.server.failing = behave  # type: ignore[assignment]
    status, said = await desk.finetune("status", name, "--follow", "--every", "0.05")
    assert status == 1
    assert "HTTP 500" in said
    assert "cancelled" in said


async def test_a_server_that_hangs_is_given_up(desk: Desk) -> None:
    desk.server.failing = slow
    with pytest.raises(ModelError, match="did not answer in time"):
        await desk.start("--no-evaluation")
    (one,) = await asyncio.wait_for(desk.trainings(), 30)
    assert one["state"] == "prepared"


async def test_a_wrong_key_is_told_without_it(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_KEY", "sk-not-the-right-one")
    with pytest.raises(ModelError, match="set a valid one") as refused:
        await desk.start("--no-evaluation")
    assert API_KEY not in str(refused.value)


async def test_conversations_that_were_deleted_are_not_learnt_from(desk: Desk) -> None:
    engine = create_engine(desk.database)
    await SqlErasing(engine).erase([lesson(3).id])
    await engine.dispose()
    with pytest.raises(ExportError):
        await desk.start("--no-evaluation")
    assert desk.server.files == {}


async def test_after_a_withdrawal_nothing_is_learnt_from_what_it_covered(desk: Desk) -> None:
    config = desk.folder / "airflow-bot.yaml"
    for consent in (ALWAYS.id, CONSENT.id):
        await asyncio.to_thread(run, config, "consent", "withdraw", consent)
    with pytest.raises(ExportError):
        await desk.start("--no-evaluation")
    assert desk.server.files == {}


async def test_cases_of_an_export_that_is_void_are_not_shown_to_a_model(desk: Desk) -> None:
    await desk.start()
    desk.server.ends("succeeded")
    name = await desk.only()
    config = desk.folder / "airflow-bot.yaml"
    await asyncio.to_thread(run, config, "consent", "withdraw", ALWAYS.id)
    for words in ([], ["--corpus", str(desk.export / "evaluation")]):
        with pytest.raises(ExportError, match="does not hold any more"):
            await desk.finetune("compare", name, *words)


async def test_files_that_were_changed_afterwards_are_refused(desk: Desk) -> None:
    file = desk.export / "sft" / "train.jsonl"
    file.write_text(file.read_text().replace("why", "how", 1))
    with pytest.raises(BadRequest, match="not the file that was exported"):
        await desk.start("--no-evaluation")


async def test_bad_input_is_told_with_its_remedy(desk: Desk) -> None:
    refused: list[tuple[tuple[str, ...], type[BotError], str]] = [
        (("start", str(desk.folder)), BadRequest, "no finished export"),
        (("start", str(desk.export), "--method", "dpo"), BadRequest, "--format openai_dpo"),
        (
            ("start", str(desk.export), "--corpus", str(desk.export / "sft" / "train.jsonl")),
            CorpusError,
            "no labelled case",
        ),
    ]
    for words, kind, remedy in refused:
        with pytest.raises(kind, match=remedy):
            await desk.finetune(*words)
    status, said = await desk.finetune("status", "nope")
    assert (status, "There is no training nope" in said) == (1, True)
    assert desk.server.jobs == {}
