"""Trainings on both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from sqlalchemy import text

from bot.adapters.sql.audit import SqlAuditLog
from bot.adapters.sql.engine import create_engine
from bot.adapters.sql.trainings import SqlTrainings
from bot.domain.audit import AuditEntry, AuditQuery, Outcome
from bot.domain.finetuning import Method, Training, TrainingState, Wanted

NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)
WANTED = Wanted("https://api.example.com/v1", "base", Method.DPO, "s1", "aa", "bb")
ONE = Training("t1", WANTED, TrainingState.PREPARED, "/data", ("/c.jsonl",), "U1", NOW, NOW)
ENTRY = AuditEntry("f1", NOW, "U1", "", "", "finetune", Outcome.ALLOWED)


async def test_a_training_comes_back_as_it_was_last_and_names_who_began_it_once(
    database_url: str,
) -> None:
    engine = create_engine(database_url)
    kept = SqlTrainings(engine)
    await kept.add(ONE, ENTRY)
    await kept.add(replace(ONE, job="another"), ENTRY)
    assert await kept.find("t1") == ONE
    done = replace(ONE, state=TrainingState.SUCCEEDED, job="j", model="m", tokens=7)
    await kept.save(done)
    newer = replace(ONE, id="t0", started_at=NOW + timedelta(days=1))
    await kept.add(newer, replace(ENTRY, key="f2"))
    assert await kept.all() == [newer, done]
    assert await kept.find("t9") is None
    assert len(await SqlAuditLog(engine).entries(AuditQuery())) == 2
    async with engine.connect() as connection:
        bodies = (await connection.scalars(text("SELECT body FROM trainings"))).all()
    assert not any("U1" in body for body in bodies)
    await engine.dispose()


def test_the_same_wish_has_the_same_id_and_any_other_another() -> None:
    assert replace(WANTED).id == WANTED.id
    others = (
        replace(WANTED, base_url="other"),
        replace(WANTED, base_model="other"),
        replace(WANTED, method=Method.SUPERVISED),
        replace(WANTED, snapshot="other"),
        replace(WANTED, training="other"),
    )
    assert len({WANTED.id, *(one.id for one in others)}) == 6
