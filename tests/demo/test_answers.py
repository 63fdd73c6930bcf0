"""The demo as a new user meets it: every Dag asked about, on a real Airflow."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from rich.console import Console

from bot.playground.demo.narration import Narrator
from bot.playground.demo.run import Demo, DemoPlan, running_demo
from bot.playground.demo.story import SCENES, Scene
from bot.playground.keeper import Keeper

pytestmark = [
    pytest.mark.airflow,
    pytest.mark.slow,
    pytest.mark.timeout(400),
]

# What the answer must quote: the line that decides.
DECIDING = {
    "orders_daily": "could not convert string to float: '12,50'",
    "customers_sync": "The conn_id `crm_api` isn't defined",
    "sales_report": "'dict object' has no attribute 'region'",
    "warehouse_load": "table facts has no column named amount_net",
    "nightly_dbt": "Database Error in model fct_orders",
    "geocoding": "AirflowTaskTimeout: Timeout",
    "shard_scoring": "KeyError: 'customer_key'",
    "inventory_count": "No module named 'stocktaking_client'",
    "payments_ingest": "Connection refused",
    "rates_import": "429 Too Many Requests",
    "partner_files": "Sensor has timed out",
    "ml_training": "MemoryError",
    "archive_export": "No space left on device",
    "exports_small_pool": "0 open slots in pool exports",
    "image_resize": "Process terminated by signal",
    "marketing_feed": "patch_task_instance by admin",
    "finance_close": "finance_close' is paused",
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def demo(plan: DemoPlan) -> AsyncIterator[Demo]:
    narrator = Narrator(Console(file=io.StringIO()))
    with Keeper(plan.folder) as keeper:
        async with running_demo(plan, narrator, keeper) as running:
            await running.stage.set()
            yield running


def test_every_dag_of_the_demo_has_its_scene() -> None:
    assert {scene.dag_id for scene in SCENES} == set(DECIDING)


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.dag_id)
async def test_the_answer_takes_the_right_side_and_quotes_the_line(
    demo: Demo, scene: Scene
) -> None:
    answer = await demo.ask(scene.question)
    headline, _, rest = answer.text.partition("\n")
    assert scene.verdict.headline in headline
    assert DECIDING[scene.dag_id] in rest
    assert scene.dag_id in rest
