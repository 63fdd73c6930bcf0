"""The work command, run as a user runs it beside an engine that is at work."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, is_dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest

from bot.bootstrap import kept_types
from bot.cli_work.opening import KEPT
from bot.domain.errors import AirflowUnavailable
from bot.domain.questions import Asker, Origin, Question, ThreadKey
from bot.domain.references import reference_of
from bot.domain.work import CALLED_OFF, Job, Queue, WorkStatus
from bot.services.ports import DurableSteps
from bot.slack.arrivals import Asked, Place, Way
from bot.slack.jobs import job_of
from bot.slack.posts import ANSWER, Notice, Post, post_job
from bot.workflows.admin import WorkAdmin
from bot.workflows.config import EngineConfig
from bot.workflows.databases import migrate_engine
from bot.workflows.engine import Engine
from tests.commands import run_command
from tests.postgres import PostgresDatabase
from tests.rules import with_compiled_rules

SETTINGS = """
data_dir: {folder}
clusters:
  prod: {{base_url: "http://127.0.0.1:9", username: bot, password_env: SECRET}}
{database}
"""
SECRET = "hunter2-is-the-password"
PATIENCE = 30


@dataclass
class Bot:
    """A bot's database and settings, and the command line upon them."""

    url: str
    config: Path

    async def run(self, *arguments: str) -> tuple[int, str, str]:
        """Exit status, standard output and standard error of one command."""
        environ = {**os.environ, "SECRET": SECRET, "COLUMNS": "200"}
        return await run_command(("work", *arguments, "--config", str(self.config)), environ)

    async def json(self, *arguments: str) -> Any:
        status, out, err = await self.run(*arguments, "--json")
        assert (status, err) == (0, "")
        return json.loads(out)

    async def keys(self, *arguments: str) -> list[str]:
        return [each["key"] for each in await self.json("list", *arguments)]

    @asynccontextmanager
    async def serving(self, answer: Callable[..., Awaitable[Any]]) -> AsyncIterator[Engine]:
        """An engine at work in this process, which `answer` does what arrives for."""
        config = EngineConfig(self.url, poll=0.05)
        engine = Engine(config, {"arrival": answer, "post": _say}, KEPT)
        await engine.open()
        try:
            yield engine
        finally:
            await engine.close(0)

    async def until(self, status: WorkStatus, *keys: str) -> None:
        admin = WorkAdmin(self.url, KEPT)
        try:
            async with asyncio.timeout(PATIENCE):
                while True:
                    found = [await admin.show(key) for key in keys]
                    if all(one and one.work.status is status for one in found):
                        return
                    await asyncio.sleep(0.05)
        finally:
            await admin.close()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def bot(request: pytest.FixtureRequest, tmp_path: Path) -> Bot:
    if request.param == "sqlite":
        url, database = request.getfixturevalue("sqlite_url"), ""
    else:
        postgres: PostgresDatabase = request.getfixturevalue("postgres")
        url, database = postgres.url, f'database: {{url: "{postgres.dsn}"}}'
    migrate_engine(url)
    with_compiled_rules(tmp_path)
    config = tmp_path / "airflow-bot.yaml"
    config.write_text(SETTINGS.format(folder=tmp_path, database=database))
    return Bot(url, config)


def asked(number: int, text: str = "why did orders_daily fail?") -> Job:
    ts = f"1763.{number:06}"
    question = Question(
        id=f"T1:C1:{ts}",
        origin=Origin.SLACK,
        asker=Asker("U1", "T1"),
        thread=ThreadKey("T1", "C1", ts),
        message_ts=ts,
        text=text,
        asked_at=datetime(2026, 11, 22, tzinfo=UTC),
    )
    return job_of(Asked(question, Place("C1", "U1", ts, ts), Way.MENTION))


async def _say(post: Post, steps: DurableSteps) -> str:
    return "1763.9"


class Answers:
    """Looks and says, unless Airflow is down."""

    def __init__(self) -> None:
        self.airflow_is_down = False
        self.looked: list[str] = []

    async def __call__(self, arrival: Asked, steps: DurableSteps) -> None:
        key = arrival.question.id

        async def look() -> str:
            self.looked.append(key)
            if self.airflow_is_down:
                raise AirflowUnavailable("prod does not answer.")
            return "x" * 100

        async def read() -> str:
            return key

        await steps.run("read", read)
        await steps.run("look", look)
        await steps.call(post_job(Post(key, ANSWER, arrival.place, Notice("It broke."))))


@pytest.fixture
def answers() -> Answers:
    return Answers()


def test_all_that_the_bot_keeps_can_be_read_back() -> None:
    assert set(kept_types()) <= {*KEPT, *_named_by(KEPT)}


def _named_by(kinds: Iterable[type]) -> set[type]:
    """The dataclasses and enums among the fields of these, however deep."""
    found: set[type] = set()
    waiting = [hint for kind in kinds for hint in get_type_hints(kind).values()]
    while waiting:
        hint = waiting.pop()
        waiting += get_args(hint)
        if is_dataclass(hint) and isinstance(hint, type) and hint not in found:
            waiting += get_type_hints(hint).values()
        if isinstance(hint, type):
            found.add(hint)
    return found


async def test_work_is_listed_newest_first_while_the_bot_runs(bot: Bot, answers: Answers) -> None:
    async with bot.serving(answers) as engine:
        for number in range(3):
            await engine.start(asked(number))
            await bot.until(WorkStatus.DONE, asked(number).key)
        status, out, _ = await bot.run("list", "--queue", "questions")
        keys = await bot.keys("--queue", "questions")
    assert status == 0
    assert keys == [asked(number).key for number in (2, 1, 0)]
    header, *rows = out.splitlines()
    assert header.split() == ["Ref", "Age", "Status", "Queue", "Begun", "What", "Error"]
    assert [row.split()[0] for row in rows] == [reference_of(key) for key in keys]
    assert all("“why did orders_daily fail?”" in row and " done " in row for row in rows)


@pytest.mark.parametrize("bot", ["sqlite"], indirect=True)
async def test_lists_are_narrowed_and_paged(bot: Bot, answers: Answers) -> None:
    async with bot.serving(answers) as engine:
        for number in range(5):
            await engine.start(asked(number))
        await bot.until(WorkStatus.DONE, *(asked(number).key for number in range(5)))
        pages = [
            await bot.keys("--queue", "posts", "--limit", "2", "--page", str(number))
            for number in (1, 2, 3)
        ]
        _, first, _ = await bot.run("list", "--limit", "2")
        failed = await bot.run("list", "--status", "failed")
        none = await bot.keys("--since", "0s")
        all_since = await bot.keys("--since", "1h")
    assert [len(page) for page in pages] == [2, 2, 1]
    assert sorted(key for page in pages for key in page) == sorted(
        f"post:{asked(number).key}:{ANSWER}" for number in range(5)
    )
    assert first.endswith("There is more: --page 2\n")
    assert failed == (0, "There is no such work.\n", "")
    assert none == []
    assert len(all_since) == 10


async def test_work_is_shown_by_the_reference_that_users_see(bot: Bot, answers: Answers) -> None:
    answers.airflow_is_down = True
    key = asked(1).key
    async with bot.serving(answers) as engine:
        await engine.start(asked(1))
        await bot.until(WorkStatus.FAILED, key)
        status, out, err = await bot.run("show", reference_of(key).lower())
        detail = await bot.json("show", key)
    assert (status, err) == (0, "")
    for words in (
        f"Reference  {reference_of(key)}",
        f"Key        {key}",
        "“why did orders_daily fail?”",
        "arrival, queue questions, T1:C1:",
        "failed since",
        "Error      prod does not answer.",
        f"airflow-bot work retry {key}",
    ):
        assert words in out
    assert [step["name"] for step in detail["steps"]] == ["read", "look"]
    assert detail["steps"][0]["size"] > len(key)
    assert detail["steps"][1]["error"] == "prod does not answer."


async def test_failed_work_goes_on_where_it_stopped(bot: Bot, answers: Answers) -> None:
    answers.airflow_is_down = True
    keys = [asked(number).key for number in range(3)]
    async with bot.serving(answers) as engine:
        for number in range(3):
            await engine.start(asked(number))
        await bot.until(WorkStatus.FAILED, *keys)
        answers.airflow_is_down = False
        one = await bot.run("retry", reference_of(keys[0]))
        await bot.until(WorkStatus.DONE, keys[0])
        rest = await bot.run("retry", "--all-failed", "--since", "1h")
        await bot.until(WorkStatus.DONE, *keys)
    assert one == (0, f"{keys[0]} goes on.\n", "")
    assert rest[0] == 0
    assert rest[1].endswith("2 in all.\n")
    assert sorted(answers.looked) == sorted([*keys, *keys])


async def test_work_that_waits_is_called_off_and_can_be_taken_up_again(
    bot: Bot, answers: Answers
) -> None:
    begun = asyncio.Event()
    let_go = asyncio.Event()

    async def busy(arrival: Asked, steps: DurableSteps) -> None:
        begun.set()
        await let_go.wait()

    line = [Job(f"work:{n}", "arrival", asked(n).body, Queue.QUESTIONS, "one") for n in range(3)]
    async with bot.serving(busy) as engine:
        for job in line:
            await engine.start(job)
        await asyncio.wait_for(begun.wait(), PATIENCE)
        status, out, _ = await bot.run("cancel", "--all-waiting", "--queue", "questions")
        waiting = await bot.keys("--status", "waiting")
        let_go.set()
        await bot.until(WorkStatus.DONE, "work:0")
        await bot.until(WorkStatus.CANCELLED, "work:1", "work:2")
        again = await bot.run("retry", "work:1")
        await bot.until(WorkStatus.DONE, "work:1")
    assert status == 0
    assert out.endswith("2 in all.\n")
    assert {key for key in waiting if not key.startswith(CALLED_OFF)} == set()
    assert again[0] == 0


@pytest.mark.parametrize("bot", ["sqlite"], indirect=True)
async def test_what_cannot_be_done_is_said_and_the_rest_is_done(bot: Bot, answers: Answers) -> None:
    answers.airflow_is_down = True
    done, failed = asked(1).key, asked(2).key
    async with bot.serving(answers) as engine:
        await engine.start(asked(2))
        await bot.until(WorkStatus.FAILED, failed)
        answers.airflow_is_down = False
        await engine.start(asked(1))
        await bot.until(WorkStatus.DONE, done)
        status, out, err = await bot.run("retry", done, "nobody:knows", "ABCDEF", failed)
        await bot.until(WorkStatus.DONE, failed)
        cancelled = await bot.run("cancel", done)
        shown = await bot.run("show", "ABCDEF")
    assert status == 1
    assert out == f"{failed} goes on.\n"
    first, second, third = err.splitlines()
    assert f"{done} is done" in first
    assert "There is no work nobody:knows" in second
    assert "There is no work ABCDEF" in third
    assert (cancelled[0], shown[0]) == (1, 1)
    assert f"{done} is done already" in cancelled[2]


@pytest.mark.parametrize("bot", ["sqlite"], indirect=True)
async def test_words_of_people_show_no_secret_and_do_not_steer_the_terminal(
    bot: Bot, answers: Answers
) -> None:
    text = f"\x1b[2Jwhy does {SECRET} fail?\nreally [bold]bold[/bold] \u202e"
    async with bot.serving(answers) as engine:
        await engine.start(asked(1, text))
        await bot.until(WorkStatus.DONE, asked(1).key)
        outputs = [
            (await bot.run("list"))[1],
            (await bot.run("show", asked(1).key))[1],
            json.dumps(await bot.json("list")),
            json.dumps(await bot.json("show", asked(1).key)),
        ]
    assert all(SECRET not in out and "\x1b" not in out for out in outputs)
    assert "[bold]bold[/bold]" in outputs[0]
    assert "\u202e" not in outputs[0] + outputs[1]


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("list", "--since", "yesterday"), "give a number with s, m, h or d"),
        (("list", "--status", "broken"), "broken"),
        (("list", "--limit", "0"), "'--limit'"),
        (("retry",), "give keys, or --all-failed"),
        (("retry", "key", "--all-failed"), "give keys, or --all-failed"),
        (("cancel", "key", "--since", "1h"), "go with --all-waiting only"),
    ],
)
async def test_wrong_arguments_are_explained(
    tmp_path: Path, arguments: tuple[str, ...], complaint: str
) -> None:
    status, _, err = await Bot("", tmp_path / "none.yaml").run(*arguments)
    assert status == 2
    assert complaint in " ".join(err.replace("│", " ").split())


async def test_a_database_that_is_not_there_is_named(tmp_path: Path) -> None:
    with_compiled_rules(tmp_path)
    config = tmp_path / "airflow-bot.yaml"
    config.write_text(SETTINGS.format(folder=tmp_path, database=""))
    status, out, err = await Bot("", config).run("list")
    assert (status, out) == (2, "")
    assert "bot.db" in err
    assert "Traceback" not in err
    assert not (tmp_path / "bot.db").exists()
