"""How the bot behaves in each channel, in a database: of two who save at once the first wins."""

from __future__ import annotations

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.adapters.sql.access_tables import ChannelPolicyRow
from bot.adapters.sql.audit import add_entry
from bot.adapters.sql.codec import FORMAT, decode, encode
from bot.adapters.sql.engine import store_errors, writing
from bot.adapters.sql.statements import insert_into
from bot.domain.audit import AuditEntry
from bot.domain.channel_policies import ChannelPolicy, PolicyKey


class SqlChannelPolicies:
    """The port `ChannelPolicies`; the engine belongs to the caller."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def policy(self, key: PolicyKey) -> ChannelPolicy:
        row = ChannelPolicyRow
        wanted = select(row.body, row.format).where(
            row.workspace == key.workspace, row.channel == key.channel
        )
        with store_errors("Reading a channel's settings"):
            async with self._engine.connect() as connection:
                found = (await connection.execute(wanted)).first()
        if found is None:
            return ChannelPolicy()
        return decode(ChannelPolicy, found.body, found.format, "A channel's settings")

    async def save(self, key: PolicyKey, policy: ChannelPolicy, entry: AuditEntry) -> bool:
        """`policy.version` is that of the one before it plus one. Saved again by the same work, it
        is still saved."""
        with store_errors("Keeping a channel's settings"):
            async with writing(self._engine) as connection:
                if await self._put(connection, key, policy, entry):
                    await add_entry(connection, entry)
                    return True
                row = ChannelPolicyRow
                known = await connection.execute(
                    select(row.version, row.body).where(
                        row.workspace == key.workspace, row.channel == key.channel
                    )
                )
                stands = known.first()
        return stands is not None and (stands.version, stands.body) == (
            policy.version,
            encode(policy).decode(),
        )

    async def _put(
        self, connection: AsyncConnection, key: PolicyKey, policy: ChannelPolicy, entry: AuditEntry
    ) -> bool:
        values = {
            "version": policy.version,
            "body": encode(policy).decode(),
            "format": FORMAT,
            "changed_at": entry.at,
            "changed_by": entry.user_id,
        }
        row = ChannelPolicyRow
        if policy.version == 1:
            insert = insert_into(connection, row).values(
                workspace=key.workspace, channel=key.channel, **values
            )
            put = await connection.scalar(insert.on_conflict_do_nothing().returning(row.version))
        else:
            of_channel = (row.workspace == key.workspace, row.channel == key.channel)
            before = row.version == policy.version - 1
            change = update(row).where(*of_channel, before).values(values)
            put = await connection.scalar(change.returning(row.version))
        return put is not None
