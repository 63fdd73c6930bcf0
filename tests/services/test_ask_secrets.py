"""No secret that people wrote into Airflow is in anything that one step hands on to the next."""

from __future__ import annotations

import pytest

from bot.adapters.airflow.cluster import AirflowCluster
from bot.adapters.airflow.config import ClusterConfig
from bot.diagnosis.logs import LogReader
from bot.diagnosis.redaction import Redactor
from bot.domain.cases import Case
from tests.end_to_end.conftest import recording
from tests.end_to_end.planted import PLACES, planted
from tests.fakes.airflow_server import RecordedAirflow
from tests.fakes.work import ReplaySteps
from tests.services.bench import bench

FAILED = "pipeline_62808"


@pytest.mark.parametrize("asked", ["why did {} fail?", "status of {}", "show me the logs of {}"])
async def test_no_secret_of_airflow_crosses_a_step(asked: str) -> None:
    redactor = Redactor([RecordedAirflow.password])
    failed = recording(FAILED)
    secrets = [one for place in PLACES for one in planted(place, RecordedAirflow.password)]
    for place, put in PLACES.items():
        put(failed, "\n".join(one.words for one in secrets if one.place == place))
    steps = ReplaySteps()
    with RecordedAirflow([failed]) as airflow:
        cluster = AirflowCluster(
            ClusterConfig("prod", airflow.url, airflow.username, airflow.password),
            make_log_reader=lambda number, known=None: LogReader(
                number, redactor=redactor, known=known
            ),
            redact=redactor.redact,
        )
        at_work = bench(cluster)
        await at_work.ask(asked.format(FAILED), steps)
        cluster.close()
    crossed = repr(steps.journal.kept)
    assert [one.name for one in secrets if any(s in crossed for s in one.secrets)] == []
    assert FAILED in crossed
    if asked.startswith("why"):
        assert isinstance(steps.journal.kept[0][1], Case)
