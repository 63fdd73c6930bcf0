"""What comes with the bot is found, in the checkout and in an installed wheel."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from bot.shipped import (
    airflow_plugin,
    example_config,
    figures,
    shipped_migrations,
    shipped_runbooks,
)

ROOT = Path(__file__).parents[1]


def test_the_checkout_has_everything() -> None:
    assert shipped_runbooks() == ROOT / "runbooks"
    assert shipped_migrations() == ROOT / "migrations"
    assert example_config().startswith("# Settings of Airflow Support Bot")
    assert "SUPPORT_BOT_TOKEN" in airflow_plugin()
    assert figures().startswith("# Figures")


@pytest.mark.slow
def test_an_installed_wheel_has_everything(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-index", "--no-deps"]
    subprocess.run(
        [*build, "--no-build-isolation", "--wheel-dir", str(tmp_path), str(ROOT)], check=True
    )
    (wheel,) = tmp_path.glob("airflow_support_bot-*.whl")
    zipfile.ZipFile(wheel).extractall(tmp_path / "installed")

    program = (
        "from bot import shipped\n"
        "print(shipped.__file__)\n"
        "print(len(list(shipped.shipped_runbooks().glob('*.md'))))\n"
        "print((shipped.shipped_migrations() / 'env.py').exists())\n"
        "print(len(shipped.example_config()) > 100)\n"
        "print(len(shipped.airflow_plugin()) > 100)\n"
        "print(len(shipped.figures()) > 100)\n"
        "from bot.adapters.sql.migrate import migrate\n"
        f"print(migrate('sqlite+aiosqlite:///{tmp_path}/bot.db'))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path / "installed"), "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    where, runbooks, *rest = done.stdout.split()
    assert where.startswith(str(tmp_path / "installed"))
    assert int(runbooks) == len(list((ROOT / "runbooks").glob("*.md")))
    newest = max((ROOT / "migrations" / "versions").glob("*.py")).name.partition("_")[0]
    assert rest == ["True", "True", "True", "True", newest]
