"""The tables of where the app is installed, and of installations under way."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from bot.adapters.sql.tables import Base


class InstallationRow(Base):
    """`tokens` are sealed. While `renewing_until` lasts one process has a new token made."""

    __tablename__ = "slack_installations"

    workspace: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    enterprise_id: Mapped[str]
    bot_user_id: Mapped[str]
    bot_id: Mapped[str]
    scopes: Mapped[str]
    tokens: Mapped[str]
    refresh_digest: Mapped[str]  # of the refresh token that comes next
    expires_at: Mapped[datetime | None]
    renewing_until: Mapped[datetime | None]
    installed_at: Mapped[datetime]
    installed_by: Mapped[str]


class OAuthStateRow(Base):
    """What proves that who comes back from Slack is who was sent there; a digest of it."""

    __tablename__ = "slack_oauth_states"

    digest: Mapped[str] = mapped_column(primary_key=True)
    expires_at: Mapped[datetime] = mapped_column(index=True)
