"""The work command: what the bot has taken on, how it stands, and meddling with it."""

from bot.cli_work.commands import work_app

__all__ = ["work_app"]
