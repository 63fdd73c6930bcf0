"""The work of a replica that died, taken over by the others; PostgreSQL only.

DBOS hands a dead process' work on only to a process of the same name. So each replica holds an
advisory lock of its own in the database, on a connection that does nothing else: the lock falls
with the process, however it dies, and with its machine once the server misses its keepalives. A
replica that is merely slow or stopped keeps the lock, and its work. Work whose owner has had no
lock for a while goes back into its queue: a few seconds, or a whole lease where the database or
the connection of the replica that watches was interrupted lately, which drops the others' locks as
well. Replicas that die one after the other may each live for some seconds only, so that whoever
watches must not need longer than it has to.
"""

from __future__ import annotations

import threading
from concurrent.futures import Future, ThreadPoolExecutor
from time import monotonic
from zlib import crc32

import structlog
from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from bot.domain.errors import StoreError
from bot.workflows.databases import APPLICATION, KEEPALIVES, sync_url
from bot.workflows.moving import hand_on

_BEAT = 1.0  # seconds between looks
_QUICK = 1 / 3  # of a lease, where nothing was interrupted
_LATELY = 2.0  # leases
_TELLING = 60.0  # seconds between two words about one outage
_OPENING = 15.0  # seconds to get a lock that nobody else should hold
_SPACE = 0x41534201  # sets these locks apart from other programs' in the same database
# The server gives up a machine that vanished after some 25 seconds, not its usual two hours.
_SESSION = (
    "SET tcp_keepalives_idle = 10",
    "SET tcp_keepalives_interval = 5",
    "SET tcp_keepalives_count = 3",
    "SET statement_timeout = 10000",
)
_HOLD = text("SELECT pg_try_advisory_lock(:space, :number)")
# Read, not tried: to try a lock is to hold it for a moment, against its owner.
_HELD = text(
    "SELECT objid::bigint FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 2 "
    "AND classid = :space AND database = (SELECT oid FROM pg_database "
    "WHERE datname = current_database())"
)
_UPTIME = text("SELECT extract(epoch FROM now() - pg_postmaster_start_time())::float")
# Other applications of DBOS may keep their work in the same tables.
_OWNERS = text(
    "SELECT DISTINCT executor_id FROM dbos.workflow_status "
    "WHERE status = 'PENDING' AND executor_id IS NOT NULL "
    "AND (application_name = :ours OR application_name IS NULL)"
)

_log = structlog.get_logger(__name__)


class Takeover:
    """Shows that this replica (`executor_id`) lives, and watches over the others.

    `lease` is seconds within which a replica that lives has its lock again, whatever happened to
    the database. Each replica has one, from before it takes its first work until after it has
    handed back its last.
    """

    def __init__(self, url: str, executor_id: str, lease: float) -> None:
        self._engine = create_engine(
            sync_url(url),
            poolclass=NullPool,
            isolation_level="AUTOCOMMIT",
            connect_args=KEEPALIVES,
        )
        self._executor_id = executor_id
        self._lease = lease
        self._first_missed: dict[str, float] = {}
        self._patient_until = 0.0
        self._loss_told: float | None = None
        self._held = threading.Event()
        self._closed = threading.Event()
        self._watching = False
        # Apart, since DBOS waits for a database that is down, and the lock must not.
        self._recovery = ThreadPoolExecutor(1, thread_name_prefix="takeover")
        self._recovering: Future[None] | None = None
        self._thread = threading.Thread(target=self._live, name="liveness", daemon=True)

    @property
    def is_held(self) -> bool:
        return self._held.is_set()

    def open(self) -> None:
        """Returns once the lock is held. Raises `StoreError`."""
        self._thread.start()
        if not self._held.wait(_OPENING):
            self.close()
            raise StoreError(
                "This replica could not show in the database that it lives. The bot needs direct "
                "connections to PostgreSQL, or a pool in session mode."
            )

    def watch(self, watching: bool) -> None:
        """Whether to take over work: somebody should be there to do it."""
        self._watching = watching

    def close(self) -> None:
        """Gives the lock up: what is still this replica's work is taken over."""
        self._closed.set()
        self._recovery.shutdown(wait=False, cancel_futures=True)
        self._thread.join(timeout=2.0)

    def _live(self) -> None:
        while not self._closed.is_set():
            try:
                with self._engine.connect() as connection:
                    self._live_on(connection)
            except SQLAlchemyError as error:
                self._tell_of_loss(type(error).__name__)
            except Exception:  # the thread's door: without it this replica would pass for dead
                _log.exception("liveness_broke")
            self._held.clear()
            # What was missed before says nothing: the others lost their locks as well.
            self._first_missed.clear()
            self._be_patient(0.0)
            self._closed.wait(_BEAT)

    def _live_on(self, connection: Connection) -> None:
        for setting in _SESSION:
            connection.execute(text(setting))
        while not connection.execute(_HOLD, _lock_of(self._executor_id)).scalar():
            if self._closed.wait(_BEAT):
                return
        self._be_patient(connection.execute(_UPTIME).scalar_one())
        self._held.set()
        if self._loss_told is not None:
            self._loss_told = None
            _log.info("liveness_regained")
        while not self._closed.wait(_BEAT):
            self._watch(_missing(connection))

    def _tell_of_loss(self, error: str) -> None:
        """An outage is looked at every second, and told once a minute."""
        now = monotonic()
        if self._loss_told is None or now - self._loss_told >= _TELLING:
            self._loss_told = now
            _log.warning("liveness_lost", error=error)

    def _be_patient(self, calm: float) -> None:
        """`calm` is seconds since all replicas may have lost their locks at once."""
        until = monotonic() + _LATELY * self._lease - calm
        self._patient_until = max(self._patient_until, until)

    def _watch(self, missing: set[str]) -> None:
        """`missing` own unfinished work and hold no lock."""
        for back in self._first_missed.keys() - missing:
            del self._first_missed[back]
        now = monotonic()
        patience = self._lease * (1.0 if now < self._patient_until else _QUICK)
        dead = [
            owner
            for owner in missing
            if now - self._first_missed.setdefault(owner, now) >= patience
        ]
        is_free = self._recovering is None or self._recovering.done()
        if dead and is_free and self._watching:
            self._recovering = self._recovery.submit(self._recover, dead)
            self._recovering.add_done_callback(tell_of_failure)

    def _recover(self, dead: list[str]) -> None:
        # The engine commits each statement, since the one that holds the lock begins nothing.
        in_one = self._engine.execution_options(isolation_level="READ COMMITTED")
        with in_one.begin() as connection:
            queues = hand_on(connection, dead)
        _log.warning("work_taken_over", owners=dead, count=queues.total(), queues=dict(queues))


def live_workers(engine: Engine) -> int:
    """How many replicas hold their lock."""
    with engine.connect() as connection:
        return len(connection.execute(_HELD, {"space": _SPACE}).all())


def tell_of_failure(recovering: Future[None]) -> None:
    """It is tried again; nobody else would hear of it."""
    if not recovering.cancelled() and (error := recovering.exception()) is not None:
        _log.warning("work_not_taken_over", error=type(error).__name__)


def _missing(connection: Connection) -> set[str]:
    owners = set(connection.execute(_OWNERS, {"ours": APPLICATION}).scalars())
    if not owners:
        return owners
    # After the owners: who took work on in between has had its lock before.
    held = {number % 2**32 for number in connection.execute(_HELD, {"space": _SPACE}).scalars()}
    return {owner for owner in owners if _number_of(owner) not in held}


def _number_of(executor_id: str) -> int:
    return crc32(executor_id.encode())


def _lock_of(executor_id: str) -> dict[str, int]:
    number = _number_of(executor_id)
    # PostgreSQL's lock numbers are signed.
    return {"space": _SPACE, "number": number - 2**32 if number >= 2**31 else number}
