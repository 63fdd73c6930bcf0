"""What is said of failures that Airflow reported: plain text for any channel."""

from __future__ import annotations

from bot.domain.targets import Target


def question_about(target: Target) -> str:
    """What a person would have asked, with all that finds the same failure when it is asked again
    in these words."""
    subject = f"Dag {target.dag_id}"
    if target.task_id:
        is_mapped = target.map_index is not None and target.map_index >= 0
        index = f"[{target.map_index}]" if is_mapped else ""
        subject = f"task {target.task_id}{index} of {subject}"
    run = f" (run id {target.run_id})" if target.run_id else ""
    return f"Why did {subject} fail on {target.cluster}{run}?"
