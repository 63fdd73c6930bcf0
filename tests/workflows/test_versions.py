"""Unfinished work of a version whose steps this one does not know is not left lying unseen."""

from __future__ import annotations

from sqlalchemy import create_engine, text

from bot.domain.checks import CheckStatus
from bot.workflows.databases import is_sqlite, sync_url
from tests.workflows.support import errand, looking, running


async def nobody(body: object, steps: object) -> None:
    raise AssertionError("this process does no work")


async def test_unfinished_work_of_another_version_is_told_of(url: str) -> None:
    async with running(url, nobody, works=False) as engine, looking(url) as admin:
        await engine.start(errand("ours"))
        fine = await admin.check_versions()
        await engine.start(errand("theirs"))
        await engine.start(errand("finished"))
        made_foreign(url)
        found = await admin.check_versions()
    assert fine.status is CheckStatus.OK
    assert found.status is CheckStatus.WARNING
    assert found.detail == "not taken up by this version: 1 of version 0"
    assert "work cancel" in found.remedy


def made_foreign(url: str) -> None:
    work = "workflow_status" if is_sqlite(url) else "dbos.workflow_status"
    database = create_engine(sync_url(url))
    with database.begin() as connection:
        connection.execute(
            text(
                f"UPDATE {work} SET application_version = '0', status = "
                "CASE workflow_uuid WHEN 'finished' THEN 'SUCCESS' ELSE status END "
                "WHERE workflow_uuid <> 'ours'"
            )
        )
    database.dispose()
