"""Failed or cancelled work taken up again where it stopped, with the work that it stopped over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dbos import DBOSClient, StepInfo, WorkflowStatus

from bot.domain.errors import BadRequest
from bot.domain.work import Job, WorkStatus, again, failed_before, first_key
from bot.workflows.errors import as_bot_error
from bot.workflows.views import error_of, job_of, work_of

_STOPPED = (WorkStatus.FAILED, WorkStatus.CANCELLED)


def retry(client: DBOSClient, key: str) -> None:
    """Raises `BadRequest` for work that is done, still under way or not there."""
    workflow = workflow_of(client, key)
    status = work_of(workflow).status
    if status not in _STOPPED:
        raise BadRequest(f"The work {key} is {status}; only failed or cancelled work is tried.")
    job = job_of(workflow)
    if job is None:
        raise BadRequest(f"The work {key} was written by another version and cannot be read.")
    if workflow.status == "ERROR":
        _rewind(client, workflow, job)
        return
    # What it handed on was cancelled with it, and it would wait for that in vain.
    for child in client.list_workflows(
        parent_workflow_id=key, status="CANCELLED", load_input=False, load_output=False
    ):
        retry(client, child.workflow_id)
    client.resume_workflow(key, queue_name=job.queue.value)


def workflow_of(client: DBOSClient, key: str) -> WorkflowStatus:
    """Raises `BadRequest` where it is not there."""
    listed = client.list_workflows(workflow_ids=[key], load_output=True)
    if not listed:
        raise BadRequest(f"There is no work {key}. List what there is.")
    return listed[0]


def _rewind(client: DBOSClient, workflow: WorkflowStatus, job: Job) -> None:
    steps = client.list_workflow_steps(workflow.workflow_id)
    start = max((each["function_id"] for each in steps), default=0) + 1
    if (broken := _broken(steps, workflow)) is not None:
        start = broken["function_id"]
        child = broken["child_workflow_id"]
        if child and work_of(workflow_of(client, child)).status in _STOPPED:
            retry(client, child)
    elif in_vain := _in_vain(steps):
        start = min(in_vain.values())
        client.delete_workflows(list(in_vain))
    client.rewind_workflow(
        workflow.workflow_id,
        start_step=start,
        queue_name=job.queue.value,
        queue_partition_key=job.share,
    )


def _broken(steps: Sequence[StepInfo], workflow: WorkflowStatus) -> StepInfo | None:
    """The step that the work failed over: the last one that raised what the work raised."""
    raised = str(workflow.error)

    def is_over(error: BaseException) -> bool:
        # What DBOS says of other work is raised in words of the project.
        return raised in (str(error), str(as_bot_error(error)))

    over = (step for step in reversed(steps) if (error := error_of(step)) and is_over(error))
    return next(over, None)


def _in_vain(steps: Sequence[StepInfo]) -> Mapping[str, int]:
    """Keys of other work that was tried several times and came to the same each time, each with the
    step that handed it in. The work gave up over it, and would at once if it read that back.

    The first of such a series has some key, those after it the same with a number.
    """
    begun: dict[str, int] = {}
    came_to: dict[str, object] = {}
    for step in steps:
        if child := step["child_workflow_id"]:
            begun.setdefault(child, step["function_id"])
            came_to[child] = step["output"]
    in_vain: dict[str, int] = {}
    for first in begun:
        series = [first]
        while (following := _after(first, len(series))) in begun:
            series.append(following)
        if len(series) > 1 and len({type(came_to[each]) for each in series}) == 1:
            in_vain |= {each: begun[each] for each in series}
    return in_vain


def _after(first: str, tries: int) -> str:
    return again(f"{first_key(first)}:{tries}", failed_before(first))
