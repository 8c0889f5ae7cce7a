"""The relay: moves the outbox to RabbitMQ. A row leaves the outbox only when the broker has confirmed it.

What is confirmed is kept elsewhere until its jobs have settled it: see messaging/recovery.py.
"""

from __future__ import annotations

import logging
import threading
import time
from datetime import timedelta
from typing import NamedTuple
from uuid import UUID

from django.db import Error as DatabaseError
from django.db import connection
from django.db.models.functions import Coalesce
from django.utils import timezone

from messaging import outbox, recovery
from messaging.broker import Outgoing, Publisher
from messaging.models import OutboxMessage
from messaging.relay_lock import exclusive
from messaging.watchdog import SteadyThread

logger = logging.getLogger(__name__)

#: Messages. Large enough that the round trips of a batch do not count, small enough to be confirmed well in time.
BATCH = 1000
#: Seconds. Quorum queues confirm in milliseconds, or in some hundreds of them under load.
CONFIRM_TIMEOUT = 10.0
#: Seconds between two looks at the outbox. In between the database tells of each commit; a look finds what it did not.
POLL = 1.0
#: Seconds between two questions to SQLite, which has no notifications, whether anybody has committed.
GLANCE = 0.05
#: What RabbitMQ refused (no queue, a full one) is tried again after this; staff see it as parked meanwhile.
PARKED_PAUSE = timedelta(seconds=30)
#: Seconds to leave a database alone that does not answer.
DATABASE_PAUSE = 1.0


class Relay(SteadyThread):
    """Publishes what is due until `stop` is set. Several may run: one works at a time, the others wait their turn."""

    def __init__(self, publisher: Publisher, stop: threading.Event) -> None:
        super().__init__(name="relay", daemon=True)
        self.publisher = publisher
        self.stop = stop
        self._listening: object = None

    def run(self) -> None:
        while not self.stop.is_set():
            self.beat()
            try:
                self._work()
            except DatabaseError as error:
                logger.warning("The relay waits for the database: %s", str(error).strip())
                connection.close()
                self.stop.wait(DATABASE_PAUSE)
        connection.close()

    def _work(self) -> None:
        """Publish until nothing is due, then sleep until there may be something."""
        self._listen()
        if not self.publisher.ready.wait(POLL):
            return
        before = commits_seen()
        while relay_batch(self.publisher) and not self.stop.is_set():
            self.beat()
        self._sleep(min(POLL, seconds_until_due()), before)

    def _listen(self) -> None:
        if connection.vendor != "postgresql":
            return
        connection.ensure_connection()
        if self._listening is not connection.connection:
            with connection.cursor() as cursor:
                cursor.execute(f"LISTEN {outbox.CHANNEL}")
            self._listening = connection.connection

    def _sleep(self, seconds: float, before: int) -> None:
        """Until somebody has committed, on SQLite since there were `before` commits; no longer than this."""
        if connection.vendor == "postgresql":
            for _ in connection.connection.notifies(timeout=seconds, stop_after=1):
                pass
            return
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0 and commits_seen() == before:
            if self.stop.wait(min(left, GLANCE)):
                return


def relay_batch(publisher: Publisher, *, size: int = BATCH) -> int:
    """Publish what is due, oldest first, at most `size` messages; return how many RabbitMQ has taken.

    A crash, or a broker that does not confirm, leaves the rows: they are published again under the same message id.
    """
    with exclusive() as mine:
        if not mine:
            return 0
        rows = due(size)
        if not rows:
            return 0
        confirmed, refused = publisher.publish([to_wire(row, publisher) for row in rows], timeout=CONFIRM_TIMEOUT)
        if confirmed:
            recovery.take_over([rows[index].pk for index in confirmed], publisher.topology)
        for index, reason in refused.items():
            park(rows[index], reason)
    return len(confirmed)


class Due(NamedTuple):
    """Of an outbox row, what is published: a thousand whole rows take as long to make as RabbitMQ to store them."""

    pk: int
    message_id: UUID
    type: str
    queue: str
    attempt: int
    body: bytes


def due(size: int) -> list[Due]:
    rows = OutboxMessage.objects.filter(available_at__lte=timezone.now()).order_by("available_at", "id")
    return [Due(*row) for row in rows.values_list(*Due._fields)[:size]]


def commits_seen() -> int:
    """On SQLite, a number that changes when another connection commits: https://sqlite.org/pragma.html#pragma_data_version"""
    if connection.vendor == "postgresql":
        return 0
    connection.ensure_connection()
    number: int = connection.connection.execute("PRAGMA data_version").fetchone()[0]
    return number


def seconds_until_due() -> float:
    """How long until the next scheduled message; infinite if there is none."""
    due = OutboxMessage.objects.order_by("available_at").values_list("available_at", flat=True).first()
    return max(0.01, (due - timezone.now()).total_seconds()) if due else float("inf")


def to_wire(row: Due, publisher: Publisher) -> Outgoing:
    """A retry goes to the queue of its one job, anything else to the exchange, which knows who has subscribed."""
    topology = publisher.topology
    return Outgoing(
        exchange="" if row.queue else topology.events_exchange,
        routing_key=topology.queue_of(row.queue) if row.queue else row.type,
        body=bytes(row.body),
        message_id=str(row.message_id),
        type=row.type,
        attempt=row.attempt,
    )


def park(row: Due, reason: str) -> None:
    logger.error("%s %s stays in the outbox: %s", row.type, row.message_id, reason)
    now = timezone.now()
    OutboxMessage.objects.filter(pk=row.pk).update(
        parked_reason=reason, parked_at=Coalesce("parked_at", now), available_at=now + PARKED_PAUSE
    )
