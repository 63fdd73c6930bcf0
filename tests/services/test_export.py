"""Exports: what may leave, once each; gone on with after any end; the same each time."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text, update
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from bot.adapters.dataset.folder import ExportFolder
from bot.adapters.evaluation import read_samples
from bot.adapters.sql.case_tables import ResolvedCaseRow
from bot.adapters.sql.cases import SqlResolvedCases
from bot.adapters.sql.consents import SqlConsents
from bot.adapters.sql.dataset_reads import SqlTurnPages
from bot.adapters.sql.engine import create_engine
from bot.adapters.sql.erasing import SqlErasing
from bot.adapters.sql.escalation_tables import EscalationPartyRow, EscalationRow, TruthRow
from bot.adapters.sql.preferences import SqlPreferences
from bot.adapters.sql.snapshots import SqlSnapshots
from bot.adapters.sql.store import SqlConversationStore
from bot.adapters.sql.tables import TurnRow
from bot.domain.audit import AuditEntry, Outcome
from bot.domain.consents import Permission
from bot.domain.conversations import Rating, Score, Turn
from bot.domain.datasets import Left, Split
from bot.domain.errors import ExportError, ExportRefused
from bot.domain.questions import Asker, Origin
from bot.domain.resolved_cases import CaseSource
from bot.learning.formats import formats
from bot.services.evaluate import Sample
from bot.services.export import Exported, Exporter
from bot.services.export_ports import Request
from bot.services.private_store import PrivateStore
from bot.services.scrub_ports import Scrubbers
from tests.fakes.cases import CASE, ENGINEER
from tests.fakes.lessons import CONSENT, MONDAY, NOW, WORKSPACE, PlainScrubber, Told, Unseen, lesson

ALL = Request(tuple(formats()))
_ENTRY = AuditEntry("e", MONDAY, "admin", WORKSPACE, "", "consent", Outcome.ALLOWED)


class Bench:
    """A database with conversations, and exports of it."""

    def __init__(self, engine: AsyncEngine, folder: Path) -> None:
        self.engine = engine
        self.store = SqlConversationStore(engine, clock=lambda: MONDAY)
        self.consents = SqlConsents(engine)
        self.snapshots = SqlSnapshots(engine, lambda: self.now)
        self.audit = Told()
        self.folder = folder
        self.now = NOW

    async def keep(self, *turns: Turn, score: Score | None = Score.UP) -> None:
        for turn in turns:
            await self.store.add_turn(turn)
            if score is not None:
                await self.store.rate(Rating(turn.id, "U0ASKER1", score, MONDAY))

    async def export(
        self,
        name: str = "out",
        request: Request = ALL,
        scrubbers: Scrubbers | None = None,
        progress: Unseen | None = None,
    ) -> Exported:
        exporter = Exporter(
            SqlTurnPages(self.engine),
            self.snapshots,
            self.consents,
            scrubbers or PlainScrubber(),
            self.audit,
            "1.0",
            lambda: self.now,
        )
        desk = ExportFolder(self.folder / name)
        return await exporter.run(desk, request, "admin", progress or Unseen())

    def rows(self, form: str, name: str = "out") -> list[dict[str, Any]]:
        return [row for split in Split for row in self.of_split(form, split, name)]

    def of_split(self, form: str, split: Split, name: str = "out") -> list[dict[str, Any]]:
        file = self.folder / name / form / f"{split.value}.jsonl"
        return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []

    def files(self, name: str = "out") -> dict[str, bytes]:
        folder = self.folder / name
        return {
            str(file.relative_to(folder)): file.read_bytes()
            for file in folder.rglob("*")
            if file.is_file()
        }


@asynccontextmanager
async def opened(url: str, folder: Path) -> AsyncIterator[Bench]:
    engine = create_engine(url)
    bench = Bench(engine, folder)
    await bench.consents.record(CONSENT, _ENTRY)
    yield bench
    await engine.dispose()


@pytest.fixture
async def bench(sqlite_url: str, tmp_path: Path) -> AsyncIterator[Bench]:
    async with opened(sqlite_url, tmp_path) as bench:
        yield bench


async def test_what_was_judged_is_exported_in_every_form_that_fits(bench: Bench) -> None:
    await bench.keep(*(lesson(number) for number in range(20)))

    done = await bench.export()

    assert done.snapshot.rows == 20
    assert [done.fates[split.value] for split in Split] == [16, 2, 2]
    for form in ("sft", "kto", "classification", "retrieval", "evaluation"):
        assert len(bench.rows(form)) == 20
    assert bench.rows("dpo") == []
    (row, *_) = bench.rows("kto")
    assert (row["origin"], row["workspace"], row["consent"]) == (
        "playground",
        WORKSPACE,
        "c0ffee01",
    )
    assert not (bench.folder / "out" / ".unfinished").exists()


async def test_two_exports_of_one_snapshot_are_identical(bench: Bench) -> None:
    await bench.keep(*(lesson(number) for number in range(8)))
    first = await bench.export("one")
    await bench.keep(lesson(40))
    bench.now += timedelta(days=2)

    await bench.export("two", replace(ALL, snapshot=first.snapshot.id))

    one, two = bench.files("one"), bench.files("two")
    assert one == two
    assert len(one) > 20


async def test_the_same_conversations_give_the_same_bytes_on_another_database(
    bench: Bench, tmp_path: Path, postgres: Any
) -> None:
    # In an order of ids that the two databases would see differently by themselves.
    turns = [replace(lesson(n), id=f"{'aB-_'[n % 4]}{n}", answered_at=MONDAY) for n in range(12)]
    await bench.keep(*turns)
    first = await bench.export("here", replace(ALL, unjudged=True))
    async with opened(postgres.url, tmp_path) as other:
        await other.keep(*reversed(turns))
        second = await other.export("there", replace(ALL, unjudged=True))

    assert first.snapshot.id == second.snapshot.id
    assert bench.files("here") == bench.files("there")


@pytest.mark.parametrize(
    ("stage", "after"), [("Reading conversations", 6), ("Writing", 12), ("Writing", 1)]
)
async def test_an_export_that_was_broken_off_goes_on_and_gives_the_same(
    bench: Bench, stage: str, after: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.services.export_survey.PAGE", 2)
    monkeypatch.setattr("bot.services.export_write.PAGE", 2)
    await bench.keep(*(lesson(number) for number in range(14)))
    whole = await bench.export("whole")

    with pytest.raises(KeyboardInterrupt):
        await bench.export("broken", progress=Unseen(stage, after))
    assert [one.name for one in (bench.folder / "broken").iterdir()] == [".unfinished"]
    progress = Unseen()
    again = await bench.export("broken", progress=progress)

    assert again.rows == whole.rows
    assert bench.files("broken") == bench.files("whole")
    if after > 1:
        assert next(done for words, _, done in progress.stages if words == stage) > 0


async def test_an_export_that_died_while_its_files_came_out_brings_out_the_rest(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    await bench.keep(lesson(1), lesson(2))
    whole = await bench.export("whole")
    move, moved = Path.replace, list[Path]()

    def dies(file: Path, to: Path) -> Path:
        if len(moved) == 3:
            raise KeyboardInterrupt
        moved.append(file)
        return move(file, to)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", dies)
        with pytest.raises(KeyboardInterrupt):
            await bench.export("broken")
    assert len(bench.files("broken")) > 3

    assert (await bench.export("broken")).rows == whole.rows
    assert bench.files("broken") == bench.files("whole")


async def test_other_options_do_not_go_on_with_an_export(bench: Bench) -> None:
    await bench.keep(lesson(1), lesson(2))
    with pytest.raises(KeyboardInterrupt):
        await bench.export(progress=Unseen("Writing", 1))

    with pytest.raises(ExportError, match="other options"):
        await bench.export(request=replace(ALL, unjudged=True))
    assert (await bench.export()).snapshot.rows == 2


async def test_a_folder_with_other_things_in_it_is_left_alone(bench: Bench) -> None:
    (bench.folder / "out").mkdir()
    (bench.folder / "out" / "thesis.md").write_text("mine")
    with pytest.raises(ExportError, match="not empty"):
        await bench.export()
    assert (bench.folder / "out" / "thesis.md").read_text() == "mine"


async def test_two_exports_do_not_write_to_one_folder(bench: Bench) -> None:
    desk = ExportFolder(bench.folder / "out")
    with pytest.raises(ExportError, match="Another export"):
        await bench.export()
    desk.close()


async def test_without_consent_nothing_leaves_and_the_refusal_says_how(bench: Bench) -> None:
    await bench.keep(lesson(1, origin=Origin.SLACK))

    with pytest.raises(ExportRefused, match=r"consent record T0LOCAL.*--slack-perm"):
        await bench.export()

    assert not (bench.folder / "out").exists()
    (entry,) = bench.audit.added
    assert (entry.action, entry.outcome, entry.workspace) == ("export", Outcome.DENIED, WORKSPACE)


async def test_rows_of_other_origins_stay_beside_those_that_may_leave(bench: Bench) -> None:
    await bench.keep(lesson(1), lesson(2), lesson(3, origin=Origin.SLACK))
    done = await bench.export()
    assert done.snapshot.left == {Left.NO_CONSENT: 1}
    assert [reason[:15] for reason in done.reasons] == ["Rows from Slack"]
    assert {row["origin"] for row in bench.rows("kto")} == {"playground"}
    assert bench.audit.added[-1].outcome is Outcome.ALLOWED


async def test_guests_other_organisations_and_who_opted_out_are_not_in_it(bench: Bench) -> None:
    await bench.keep(
        lesson(1),
        lesson(2, asker=Asker("U0GUEST1", WORKSPACE, is_external=True)),
        lesson(3, asker=Asker("U0OTHER1", "T0OTHER")),
        lesson(4, user="U0SHY001"),
    )
    await SqlPreferences(bench.engine, lambda: NOW).set_keeping(WORKSPACE, "U0SHY001", False)

    done = await bench.export()

    assert done.snapshot.rows == 1
    assert done.snapshot.left == {Left.OPTED_OUT: 1, Left.OUTSIDER: 2}


@pytest.mark.parametrize("origin", [Origin.SLACK, Origin.PLAYGROUND])
async def test_what_is_stored_without_a_name_of_who_opted_out_is_not_in_it(
    bench: Bench, origin: Origin
) -> None:
    written = Permission("SLA-2026-7", "works council, 2026-03-02")
    await bench.consents.record(
        replace(CONSENT, id="c0ffee02", permission=written), replace(_ENTRY, key="e2")
    )
    preferences = SqlPreferences(bench.engine, lambda: NOW)
    await preferences.set_keeping(WORKSPACE, "U0SHY001", False)
    private = PrivateStore(bench.store, preferences)
    for turn in (lesson(1, origin=origin), lesson(2, user="U0SHY001", origin=origin)):
        await private.add_turn(turn)
    await bench.store.add_turn(lesson(3, asker=Asker(""), origin=Origin.WEBHOOK))

    done = await bench.export(request=replace(ALL, unjudged=True))

    assert done.snapshot.left == {Left.OPTED_OUT: 1}
    assert done.snapshot.rows == 2


async def test_what_is_past_its_time_to_live_stays(bench: Bench) -> None:
    await bench.keep(lesson(1), lesson(2), lesson(3))
    await expire(bench, lesson(1), NOW)
    await expire(bench, lesson(2), NOW + timedelta(days=1))

    done = await bench.export()

    assert done.snapshot.left == {Left.EXPIRED: 1}
    assert {row["expires_at"] for row in bench.rows("kto")} == {None, "2026-12-01T08:00:00+00:00"}
    bench.now += timedelta(days=1)
    with pytest.raises(ExportRefused, match="may not leave any more"):
        await bench.export("late", replace(ALL, snapshot=done.snapshot.id))


async def expire(bench: Bench, turn: Turn, at: datetime) -> None:
    async with bench.engine.begin() as connection:
        await connection.execute(update(TurnRow).where(TurnRow.id == turn.id).values(expires_at=at))


async def by_message(bench: Bench, turn: Turn) -> None:
    await SqlErasing(bench.engine).erase([turn.id])


async def by_hand(bench: Bench, turn: Turn) -> None:
    async with bench.engine.begin() as connection:
        await connection.execute(text("DELETE FROM turns WHERE id = :id"), {"id": turn.id})


async def by_thread(bench: Bench, turn: Turn) -> None:
    async with bench.engine.begin() as connection:
        await connection.execute(
            text("DELETE FROM conversations WHERE thread = :ts"),
            {"ts": turn.question.thread.thread},
        )


@pytest.mark.parametrize("delete", [by_message, by_hand, by_thread])
async def test_a_conversation_deleted_in_any_way_voids_the_snapshot(
    bench: Bench, delete: Callable[[Bench, Turn], Any]
) -> None:
    await bench.keep(lesson(1), lesson(2))
    snapshot = (await bench.export()).snapshot

    await delete(bench, lesson(1))

    with pytest.raises(ExportRefused, match="1 of its 2 conversations were deleted") as refused:
        await bench.export("again", replace(ALL, snapshot=snapshot.id))
    assert "Take a new one" in str(refused.value)
    assert not (bench.folder / "again").exists()
    found = await bench.snapshots.find(snapshot.id)
    assert found is not None
    assert not found.is_whole


async def test_a_conversation_deleted_while_it_is_exported_leaves_nothing_behind(
    bench: Bench,
) -> None:
    await bench.keep(*(lesson(number) for number in range(6)))
    with pytest.raises(KeyboardInterrupt):
        await bench.export(progress=Unseen("Writing", 1))

    await by_hand(bench, lesson(5))

    with pytest.raises(ExportRefused, match="void"):
        await bench.export()
    assert not (bench.folder / "out").exists()


async def test_a_rating_that_came_later_voids_the_snapshot(bench: Bench) -> None:
    await bench.keep(lesson(1), lesson(2))
    snapshot = (await bench.export()).snapshot
    await bench.store.rate(Rating(lesson(1).id, "U0SHY001", Score.DOWN, NOW))
    with pytest.raises(ExportRefused, match="rated, corrected or answered anew"):
        await bench.export("again", replace(ALL, snapshot=snapshot.id))


async def tell(bench: Bench, turn: Turn) -> None:
    """An engineer resolves the escalation of the turn: the bot was wrong."""
    place, at = turn.question.thread, NOW
    escalation = EscalationRow(
        id="E1", key="E1", state="resolved", body="{}", format=1, opened_at=at, joined_at=at,
        changed_at=at, is_counting=False,
    )  # fmt: skip
    party = EscalationPartyRow(
        escalation_id="E1", workspace=place.workspace, channel=place.channel, thread=place.thread,
        user_id="U0ASKER1", message="", turn_id=turn.id, number=1,
    )  # fmt: skip
    truth = TruthRow(
        escalation_id="E1", user_id=ENGINEER, at=at, was_wrong="The table was empty.",
        fixed_by="Loaded the table first.", bot="no", cause="",
    )  # fmt: skip
    async with AsyncSession(bench.engine) as session:
        session.add(escalation)
        await session.flush()
        session.add_all([party, truth])
        await session.commit()


async def approve(bench: Bench, turn: Turn, *others: str) -> None:
    """The case of the escalation, which rests on what the engineer and others said."""
    case = replace(CASE, turn_id=turn.id, escalation_id="E1", fix="Load it first, they said.")
    sources = [CaseSource(WORKSPACE, user) for user in (ENGINEER, *others)]
    cases = SqlResolvedCases(bench.engine, clock=lambda: NOW)
    assert await cases.add(case, sources)
    async with bench.engine.begin() as connection:
        await connection.execute(update(ResolvedCaseRow).values(state="approved"))


async def corrections(bench: Bench, name: str) -> list[str]:
    await bench.export(name)
    return [row["chosen"][0]["content"] for row in bench.rows("dpo", name)]


async def test_words_of_an_engineer_who_wants_nothing_kept_are_not_exported(bench: Bench) -> None:
    preferences = SqlPreferences(bench.engine, lambda: NOW)
    await bench.keep(lesson(1), lesson(2))
    await bench.keep(lesson(3), score=None)
    await tell(bench, lesson(3))
    await approve(bench, lesson(3), "U0OTHER1")

    assert "Loaded the table" in "".join(await corrections(bench, "one"))
    snapshot = (await bench.export("two")).snapshot.id
    await preferences.set_keeping(WORKSPACE, ENGINEER, False)
    with pytest.raises(ExportRefused, match="void"):
        await bench.export("again", replace(ALL, snapshot=snapshot))

    assert await corrections(bench, "three") == []
    assert b"oad the table" not in b"".join(bench.files("three").values())
    # What was said of the answer stays: nobody calls it right.
    assert len(bench.rows("kto", "three")) == 3
    assert b"Load it first" not in b"".join(bench.files("three").values())


async def test_a_case_with_words_of_somebody_who_wants_nothing_kept_is_not_exported(
    bench: Bench,
) -> None:
    preferences = SqlPreferences(bench.engine, lambda: NOW)
    await bench.keep(lesson(1), lesson(2))
    await bench.keep(lesson(3), score=Score.DOWN)
    await tell(bench, lesson(3))
    await approve(bench, lesson(3), "U0OTHER1")
    async with bench.engine.begin() as connection:
        await connection.execute(update(TruthRow).values(fixed_by=""))
    assert "Load it first" in "".join(await corrections(bench, "one"))

    await preferences.set_keeping(WORKSPACE, "U0OTHER1", False)

    assert await corrections(bench, "two") == []


async def test_what_was_opened_again_teaches_nothing_until_it_is_resolved(bench: Bench) -> None:
    await bench.keep(lesson(1), lesson(2))
    await bench.keep(lesson(3), score=None)
    await tell(bench, lesson(3))
    await approve(bench, lesson(3))
    async with bench.engine.begin() as connection:
        await connection.execute(update(EscalationRow).values(state="open"))
    assert await corrections(bench, "open") == []
    assert len(bench.rows("kto", "open")) == 2

    async with bench.engine.begin() as connection:
        await connection.execute(update(EscalationRow).values(state="resolved"))
    assert len(await corrections(bench, "resolved")) == 1


async def test_what_is_not_settled_yet_is_left_for_the_next_time(bench: Bench) -> None:
    await bench.keep(*(lesson(number) for number in range(6)))
    done = await bench.export(request=replace(ALL, until=lesson(4).answered_at))
    assert done.snapshot.rows == 4


async def test_a_withdrawn_consent_voids_the_snapshot(bench: Bench) -> None:
    await bench.keep(lesson(1))
    snapshot = (await bench.export()).snapshot
    entry = replace(_ENTRY, key="w")
    await bench.consents.withdraw(CONSENT.id, "admin", NOW - timedelta(hours=1), entry)
    with pytest.raises(ExportRefused, match="consent c0ffee01 does not hold any more"):
        await bench.export("again", replace(ALL, snapshot=snapshot.id))


class Meanwhile(Unseen):
    """Does something once a stage has begun."""

    def __init__(self, stage: str, deed: Callable[[], None]) -> None:
        super().__init__()
        self.at = stage
        self.deed = deed

    def stage(self, words: str, total: int | None, done: int = 0) -> None:
        super().stage(words, total, done)
        if words == self.at:
            self.deed()


async def test_what_may_not_leave_any_more_after_it_was_written_stops_the_export(
    bench: Bench,
) -> None:
    await bench.keep(*(lesson(number) for number in range(4)))

    def opts_out() -> None:
        with closing(sqlite3.connect(str(bench.engine.url.database))) as connection, connection:
            connection.execute(
                "INSERT INTO preferences VALUES (?, 'U0ASKER1', '', 0, '2026-11-30')", (WORKSPACE,)
            )

    with pytest.raises(ExportRefused, match="wants nothing kept"):
        await bench.export(progress=Meanwhile("Making tables", opts_out))
    assert not (bench.folder / "out").exists()
    assert [entry.outcome for entry in bench.audit.added] == [Outcome.DENIED]


async def test_an_export_that_died_while_its_files_came_out_is_void_without_its_consent(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    await bench.keep(lesson(1), lesson(2))
    (bench.folder / "out").mkdir()
    move = Path.replace

    def dies(file: Path, to: Path) -> Path:
        if to.parts[-2:] == ("kto", "train.jsonl"):
            raise KeyboardInterrupt
        return move(file, to)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", dies)
        with pytest.raises(KeyboardInterrupt):
            await bench.export()
    assert (bench.folder / "out" / "README.md").exists()
    bench.now = CONSENT.until

    with pytest.raises(ExportRefused, match="consent c0ffee01 does not hold"):
        await bench.export()
    assert not (bench.folder / "out").exists()


async def test_one_more_consent_leaves_earlier_snapshots_as_they_are(bench: Bench) -> None:
    await bench.keep(lesson(1), lesson(2))
    snapshot = (await bench.export("one")).snapshot
    longer = replace(CONSENT, id="c0ffee02", until=CONSENT.until + timedelta(days=365))
    await bench.consents.record(longer, replace(_ENTRY, key="e2"))

    await bench.export("two", replace(ALL, snapshot=snapshot.id))
    newer = (await bench.export("three")).snapshot

    assert bench.files("one") == bench.files("two")
    assert (newer.consents, newer.id != snapshot.id) == (("c0ffee02",), True)


async def test_a_secret_that_is_left_stops_it_and_deletes_what_was_written(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.services.export_write.PAGE", 2)
    await bench.keep(*(lesson(n, said="tell hunter2xyz" if n == 5 else "") for n in range(6)))
    with pytest.raises(ExportRefused, match="a token") as refused:
        await bench.export(scrubbers=PlainScrubber(secret="hunter2xyz"))
    assert "hunter2xyz" not in str(refused.value)
    assert not (bench.folder / "out").exists()


async def test_a_name_has_one_pseudonym_in_all_files_and_another_in_the_next_snapshot(
    bench: Bench,
) -> None:
    await bench.keep(*(lesson(number, said="on db-of-acme") for number in range(4)))
    await bench.export("one", scrubbers=PlainScrubber(name="db-of-acme"))
    await bench.keep(lesson(9))
    await bench.export("two", scrubbers=PlainScrubber(name="db-of-acme"))

    found = [pseudonyms(bench.files(name)) for name in ("one", "two")]
    assert [len(one) for one in found] == [1, 1]
    assert found[0] != found[1]


def pseudonyms(files: dict[str, bytes]) -> set[bytes]:
    assert not any(b"acme" in content for content in files.values())
    words = b"\n".join(files.values()).replace(b"\\n", b" ").split()
    return {word[:13] for word in words if word.startswith(b"host-")}


async def test_no_incident_is_in_two_splits_and_near_duplicates_are_gone(bench: Bench) -> None:
    turns = [lesson(n, incident=n % 5, at=MONDAY + timedelta(hours=n % 17)) for n in range(25)]
    doubles = [replace(one, id=f"{one.id}:again") for one in turns[:5]]
    await bench.keep(*turns, *doubles)

    done = await bench.export()

    where: dict[str, set[Split]] = {}
    last: datetime | None = None
    for split in Split:
        rows = bench.of_split("kto", split)
        for row in rows:
            where.setdefault(row["fingerprint"], set()).add(split)
        moments = sorted(datetime.fromisoformat(row["asked_at"]) for row in rows)
        assert last is None or not moments or last < moments[0]
        last = moments[-1] if moments else last
    assert len(where) >= 2
    assert all(len(splits) == 1 for splits in where.values())
    assert done.fates["duplicate"] == 5


async def test_of_near_duplicates_the_one_that_an_engineer_judged_stays(bench: Bench) -> None:
    first = lesson(1)
    await bench.keep(first, score=None)
    await bench.keep(replace(first, id="later", answered_at=first.answered_at + timedelta(1)))
    await bench.export(request=replace(ALL, unjudged=True))
    assert len(bench.rows("kto")) == 1


async def test_what_nobody_judged_is_exported_on_request_alone(bench: Bench) -> None:
    await bench.keep(lesson(1), lesson(2), score=None)
    with pytest.raises(ExportRefused, match="--unjudged"):
        await bench.export()

    await bench.export(request=replace(ALL, unjudged=True))

    assert {row["labelled_by"] for row in bench.rows("classification")} == {"rules"}
    assert bench.rows("evaluation") == bench.rows("kto") == []


async def test_what_people_contradict_each_other_about_is_left_out(bench: Bench) -> None:
    await bench.keep(lesson(1), lesson(2))
    await bench.store.rate(Rating(lesson(1).id, "U0OTHER1", Score.DOWN, NOW))
    done = await bench.export(request=replace(ALL, unjudged=True))
    assert done.fates["contradicted"] == 1
    assert len(bench.rows("sft")) == 1


async def test_balanced_no_verdict_is_learnt_more_often_than_allowed(bench: Bench) -> None:
    of_code = [lesson(number * 3 + 1) for number in range(12)]
    await bench.keep(*of_code, lesson(0), lesson(2), lesson(3), lesson(200))
    await bench.export(request=replace(ALL, balance=2.0))

    labels = [row["label"] for row in bench.of_split("classification", Split.TRAIN)]
    rarest = min(labels.count(label) for label in set(labels))
    assert max(labels.count(label) for label in set(labels)) <= 2 * rarest


async def test_the_evaluation_set_is_measured_as_it_is(bench: Bench) -> None:
    await bench.keep(*(lesson(number) for number in range(4)))
    await bench.export()
    files = sorted((bench.folder / "out" / "evaluation").glob("*.jsonl"))
    samples = list(read_samples(files))
    assert len(samples) == 4
    for sample in samples:
        assert isinstance(sample, Sample)
        assert sample.label is not None
        assert sample.case.evidence.log is not None
        assert sample.source == "conversations"


async def test_the_manifest_has_the_digest_of_every_other_file(bench: Bench) -> None:
    await bench.keep(lesson(1), lesson(2))
    await bench.export()
    files = bench.files()
    told = json.loads(files.pop("manifest.json"))
    assert told["sha256"] == {
        path: hashlib.sha256(content).hexdigest() for path, content in files.items()
    }


async def test_with_nothing_kept_it_says_so(bench: Bench) -> None:
    with pytest.raises(ExportRefused, match="no conversation is kept yet"):
        await bench.export()


async def test_an_unknown_snapshot_is_named(bench: Bench) -> None:
    with pytest.raises(ExportError, match="no snapshot feedbeef"):
        await bench.export(request=replace(ALL, snapshot="feedbeef"))
