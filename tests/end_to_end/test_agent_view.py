"""A direct question, from the message to the chart under its answer, through the whole bot."""

from __future__ import annotations

import copy
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from tests.end_to_end.conftest import bot_between, recording, shown

TIMED_OUT = "pipeline_94848"  # its task may take ten seconds, and took twelve
TASK = "slow"


def slower_than_before() -> dict[str, Any]:
    """The recorded timeout, with earlier runs that took a second, and a Dag that waits for it."""
    made = recording(TIMED_OUT)
    evidence = made["evidence"]
    (this,) = evidence["task_instances"]["body"]["task_instances"]
    history = evidence[f"history:{TASK}"]["body"]["task_instances"]
    for days in range(1, 6):
        earlier = {**copy.deepcopy(this), "dag_run_id": f"manual__{days}", "state": "success"}
        for name in ("start_date", "end_date", "queued_when", "scheduled_when"):
            at = datetime.fromisoformat(this[name]) - timedelta(days=days)
            earlier[name] = at.isoformat()
        history.append({**earlier, "duration": 1.0 + days / 10})
    asset = {
        "name": "clean_orders",
        "producing_tasks": [{"dag_id": TIMED_OUT, "task_id": TASK}],
        "scheduled_dags": [{"dag_id": "report_daily"}],
    }
    evidence["assets"] = {"status": 200, "body": {"assets": [asset]}}
    return made


async def test_a_direct_question_grows_into_its_answer_with_a_chart(tmp_path: Path) -> None:
    async with bot_between(tmp_path, [slower_than_before()]) as stage:
        ws = stage.ws
        asked = await ws.say_directly(stage.asker, f"why did {TIMED_OUT} fail?")
        answer = await stage.answer(asked)
        file = await ws.wait_for(lambda: next((one for one in ws.files() if one.shared), None))
        await ws.wait_for(lambda: ws.state.titles.get((asked.channel, asked.ts)))

        (plan,) = (block for block in answer.blocks if block["type"] == "plan")
        assert [task["title"] for task in plan["tasks"]][:3] == [
            f"Found {TIMED_OUT}.{TASK}",
            "Status and every try: failed, 1 try",
            "Task log: 13 lines read",
        ]
        assert {task["status"] for task in plan["tasks"]} == {"complete"}
        assert "Dags that wait: report_daily, for clean_orders" in shown(answer)
        assert file.alt_text.startswith(f"Bar chart: {TASK} took 12 s in this run, usually 1.3 s")
        said = [one for one in ws.replies(asked) if one.bot_id]
        assert [bool(one.files) for one in said] == [False, True]
        assert len(ws.calls("chat.startStream")) == len(ws.calls("chat.stopStream")) == 1
        looked = [one for call in ws.calls("chat.appendStream") for one in call.arguments["chunks"]]
        assert "Status and every try" in [one.get("title") for one in looked]
        assert ws.state.titles[asked.channel, asked.ts].startswith(f"{TIMED_OUT}.{TASK}: ")
        assert ws.state.statuses == {}
