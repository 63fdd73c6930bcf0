"""Escalations on the real engine, in processes that are killed: nothing is lost or done twice."""

from __future__ import annotations

from pathlib import Path

from bot.adapters.sql.engine import create_engine
from bot.adapters.sql.escalation_reads import EscalationReads
from bot.domain.escalations import Kind
from tests.waiting import until
from tests.workflows.escalating import now
from tests.workflows.processes import Journal, working

COURSE = [Kind.OPENED, Kind.LEVEL_RAISED, Kind.LEVEL_RAISED, Kind.CHANNEL_CALLED, Kind.REMINDED]


async def test_killed_while_it_calls_somebody_the_next_process_goes_on_and_each_step_is_taken_once(
    url: str, tmp_path: Path
) -> None:
    journal = Journal(tmp_path / "journal")

    def has_told(kind: Kind) -> bool:
        return any(errand == kind.value for errand, _ in journal.begun())

    program = "tests.workflows.escalating"
    with working(url, journal, program=program) as first:
        await until(lambda: has_told(Kind.LEVEL_RAISED), "the call of level 1")
        first.kill()
    with working(url, journal, program=program):
        await until(lambda: has_told(Kind.REMINDED), f"the reminder, after {journal.begun()}")

    database = create_engine(url)
    reads = EscalationReads(database, now)
    (escalation,) = await reads.list()
    assert [one.deed.kind for one in await reads.deeds(escalation.id)] == COURSE
    await database.dispose()
    told = journal.begun()
    assert sorted(told.values()) == [1, 1, 1, 1, 2]  # what it died over is done anew
    assert {errand for (errand, _), times in told.items() if times == 2} == {"level_raised"}
