"""Work called off with all that it handed on."""

from __future__ import annotations

from dbos import DBOSClient, WorkflowStatus

from bot.domain.work import FORGET
from bot.workflows.views import job_of


def call_off(client: DBOSClient, key: str) -> None:
    """Ends unfinished work within about a second, but for jobs of the kind `FORGET`."""
    seen, level = {key}, [key]
    while level:
        # Before those that it handed on are looked up: it hands on no more from here.
        client.cancel_workflows(level)
        handed_on = client.list_workflows(parent_workflow_id=level, load_output=False)
        level = [
            each.workflow_id
            for each in handed_on
            if each.workflow_id not in seen and not _goes_on(each)
        ]
        seen.update(level)


def _goes_on(workflow: WorkflowStatus) -> bool:
    job = job_of(workflow)
    return job is not None and job.kind == FORGET
