"""Where the files that come with the bot are: in the checkout, or inside the installed wheel."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).parent
_IN_WHEEL = _PACKAGE / "_shipped"


def shipped_runbooks() -> Path:
    """The folder with the shipped runbooks."""
    return _folder("runbooks")


def shipped_migrations() -> Path:
    """The folder with Alembic's environment and the revisions."""
    return _folder("migrations")


def example_config() -> str:
    """The commented example of a settings file."""
    return (_PACKAGE / "config.example.yaml").read_text(encoding="utf-8")


def figures() -> str:
    """What was measured of the bot, as Markdown."""
    return (_PACKAGE / "figures.md").read_text(encoding="utf-8")


def airflow_plugin() -> str:
    """The file that makes Airflow report its failures to the bot."""
    return (_PACKAGE / "airflow_plugin.py").read_text(encoding="utf-8")


def airflow_callback() -> str:
    """The file with callbacks for Dags, in place of the plugin or beside it."""
    return (_PACKAGE / "airflow_callback.py").read_text(encoding="utf-8")


def _folder(name: str) -> Path:
    installed = _IN_WHEEL / name
    return installed if installed.is_dir() else _PACKAGE.parent / name
