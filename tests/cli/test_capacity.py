"""The capacity command shows what the bot saw last."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.adapters.sql.capacity import SqlCapacity
from bot.adapters.sql.engine import create_engine
from bot.cli import app
from bot.domain.capacity import ClusterOutlook, Forecast, Gauge, GaugeKind, Outlook, Sample
from bot.domain.evidence import Gap, GapReason

NOW = datetime.now(UTC)


@pytest.fixture
def config(tmp_path: Path, sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SOME_PASSWORD", "hunter2-and-more")
    login = "base_url: 'https://a.example.com', username: bot, password_env: SOME_PASSWORD"
    file = tmp_path / "airflow-bot.yaml"
    file.write_text(
        f"data_dir: {tmp_path}\nclusters: {{prod: {{{login}}}, eu: {{{login}}}}}\n"
        "slack: {mode: off}\n"
    )
    return file


async def _look(url: str, used: float, *, foreseen: bool) -> None:
    engine = create_engine(url)
    gauge = Gauge(GaugeKind.POOL, "etl\x1b[31m", used, 40.0)
    hour = timedelta(hours=1)
    forecast = Forecast(NOW + hour, NOW + 0.5 * hour, None, 6.0) if foreseen else None
    gap = Gap("executor slots", GapReason.UNSUPPORTED, "Airflow does not tell", "Set slots.")
    outlook = ClusterOutlook("prod", NOW, (Outlook(gauge, NOW, forecast),), (gap,))
    store = SqlCapacity(engine, lambda _, job: None, lambda: NOW)
    await store.keep(Sample("prod", NOW, (gauge,)), outlook, tells=False)
    await engine.dispose()


def run(*words: str, config: Path) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["capacity", *words, "--config", str(config)])
    return result.exit_code, result.output


def test_what_is_foreseen_is_shown_and_told_by_the_status(config: Path, sqlite_url: str) -> None:
    asyncio.run(_look(sqlite_url, 30, foreseen=True))
    status, said = run(config=config)
    assert status == 1
    assert "30 of 40 slots taken, 6 more an hour: full at about" in said
    assert "or perhaps never" in said
    assert "Set slots." in said
    assert "eu: not looked at yet" in said
    assert "\x1b" not in said


def test_with_room_the_status_is_well(config: Path, sqlite_url: str) -> None:
    asyncio.run(_look(sqlite_url, 3, foreseen=False))
    status, said = run("--json", config=config)
    assert status == 0
    prod, eu = json.loads(said)
    assert (prod["gauges"][0]["limit"], prod["gauges"][0]["full_at"]) == (40.0, None)
    assert eu["at"] is None
