"""The port `PersonWork`: what durable work has written down about one person.

They are found by their id in whatever the engine keeps of a piece of work, also where that is
compressed. Somebody who asks at the terminal has no durable work.
"""

from __future__ import annotations

import asyncio
import base64
import zlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any, TypeVar

from sqlalchemy import Connection, MetaData, Table, Text, delete, inspect, or_, select
from sqlalchemy.exc import SQLAlchemyError

from bot.domain.privacy import TAKE_AWAY, OwnPost, OwnPosts, Person, Trace, holding
from bot.domain.references import reference_of
from bot.domain.work import Job, Priority, Queue
from bot.workflows.databases import SCHEMA, open_engine, store_error
from bot.workflows.enqueueing import Enqueuer
from bot.workflows.serializer import TypedJson
from bot.workflows.work_rows import LOOKED_AT, is_unfinished, is_waited_for, work_table

R = TypeVar("R")

# By which column each of the engine's tables says whose work a row is of.
_OF = {
    "workflow_status": "workflow_uuid",
    "workflow_input": "workflow_uuid",
    "workflow_output": "workflow_uuid",
    "operation_outputs": "workflow_uuid",
    "workflow_events": "workflow_uuid",
    "workflow_events_history": "workflow_uuid",
    "streams": "workflow_uuid",
    "notifications": "destination_uuid",
}
_COMPRESSED = "z:"  # as `serializer` writes long values
_TOGETHER = 500
_POSTS = 50
_DONE, _UNDER_WAY = "durable work", "durable work under way (again once it is done)"


class PersonsWork:
    """Opens connections when first asked; `types` as for the engine. Work is kept for `looked_at`
    seconds after its end, and until that is done which handed it in."""

    def __init__(self, url: str, types: Sequence[type], looked_at: float = LOOKED_AT) -> None:
        self._looked_at = looked_at
        self._database = open_engine(url, connections=1)
        self._enqueuer = Enqueuer(TypedJson(types), self._database)
        self._threads = ThreadPoolExecutor(1, thread_name_prefix="person-work")

    async def close(self) -> None:
        self._database.dispose()
        self._threads.shutdown(wait=False)

    async def traces(self, person: Person) -> Sequence[Trace]:
        found = await self._in_thread(lambda connection: self._work_of(connection, person))
        under_way = {key for key, (is_under_way, _) in found.items() if is_under_way}
        groups = [(_DONE, found.keys() - under_way), (_UNDER_WAY, under_way)]
        return [
            Trace(name, len(keys), _moment(min(found[key][1] for key in keys)))
            for name, keys in groups
            if keys
        ]

    async def erase(self, person: Person) -> None:
        def erase(connection: Connection) -> None:
            found = self._work_of(connection, person)
            ended = [key for key, (is_under_way, _) in found.items() if not is_under_way]
            for begin in range(0, len(ended), _TOGETHER):
                some = ended[begin : begin + _TOGETHER]
                for table in _tables(connection):
                    of = table.c[_OF[table.name]]
                    connection.execute(delete(table).where(of.in_(some)))

        await self._in_thread(erase)

    async def start(self, job: Job) -> None:
        await self._in_thread(lambda connection: self._enqueuer.enqueue(connection, [job]))

    async def take_away(self, posts: Sequence[OwnPost], at: datetime) -> None:
        for begin in range(0, len(posts), _POSTS):
            await self.start(_job(posts[begin : begin + _POSTS], at))

    def _work_of(self, connection: Connection, person: Person) -> dict[str, tuple[bool, int]]:
        """Whether it is under way, and its arrival in milliseconds since 1970, by its key."""
        if not person.is_of_slack:
            return {}
        keys: set[str] = set()
        for table in _tables(connection):
            keys |= set(_keys_in(connection, table, person))
        found: dict[str, tuple[bool, int]] = dict.fromkeys(keys, (False, 0))
        work, ordered = work_table(connection.dialect.name), sorted(keys)
        waited_for = is_waited_for(work, connection.dialect.name, self._looked_at)
        is_under_way = is_unfinished(work) | waited_for
        for begin in range(0, len(ordered), _TOGETHER):
            some = work.c.workflow_uuid.in_(ordered[begin : begin + _TOGETHER])
            rows = select(work.c.workflow_uuid, is_under_way, work.c.created_at).where(some)
            found |= {key: (bool(is_so), at) for key, is_so, at in connection.execute(rows)}
        return found

    async def _in_thread(self, call: Callable[[Connection], R]) -> R:
        def run() -> R:
            with self._database.begin() as connection:
                return call(connection)

        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, run)
        except SQLAlchemyError as error:
            raise store_error("Looking through durable work", error) from error


def _job(posts: Sequence[OwnPost], at: datetime) -> Job:
    workspace = posts[0].key.partition(":")[0]
    key = f"{TAKE_AWAY}/{reference_of(posts[0].key)}/{at:%Y-%m-%dT%H:%M:%S}"
    body = OwnPosts(workspace, tuple(posts))
    return Job(key, TAKE_AWAY, body, Queue.LATER, share=key, priority=Priority.REMARK)


def _keys_in(connection: Connection, table: Table, person: Person) -> Iterator[str]:
    texts = [one for one in table.c if isinstance(one.type, Text)]
    named = (one.contains(person.user_id, autoescape=True) for one in texts)
    packed = (one.startswith(_COMPRESSED) for one in texts)
    rows = select(table.c[_OF[table.name]], *texts).where(or_(*named, *packed))
    pattern = holding(person)
    for key, *values in connection.execute(rows.execution_options(yield_per=_TOGETHER)):
        if any(pattern.search(_plain(value)) for value in values if value):
            yield key


def _plain(text: str) -> str:
    if not text.startswith(_COMPRESSED):
        return text
    return zlib.decompress(base64.b64decode(text.removeprefix(_COMPRESSED))).decode()


def _tables(connection: Connection) -> list[Table]:
    """Those that are there: before the bot has run for the first time there are none."""
    schema = None if connection.dialect.name == "sqlite" else SCHEMA
    there = set(inspect(connection).get_table_names(schema=schema)) & set(_OF)
    metadata = MetaData()
    metadata.reflect(connection, schema=schema, only=sorted(there), resolve_fks=False)
    return [table for table in metadata.tables.values() if table.name in there]


def _moment(milliseconds: Any) -> datetime | None:
    return datetime.fromtimestamp(milliseconds / 1000, UTC) if milliseconds else None
