"""What RabbitMQ has lost is published again.

A confirm says that the broker has the message on disk. It does not bind whoever deletes a queue, purges it, or sets up
the broker anew. So a confirmed message is kept, once for each subscribed job, until that job has settled it: done, or
written down as failed. What is unsettled although its queue is empty and nobody works on it is gone, and goes back to
the outbox. A guess that is wrong costs a duplicate, which the inbox drops.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from messaging import outbox
from messaging.jobs import TIME_LIMIT, registered
from messaging.models import FailedJob, OutboxMessage, ProcessedMessage, PublishedMessage, Worker
from messaging.topology import Topology

logger = logging.getLogger(__name__)

#: What a worker reported longer ago says nothing about now.
FRESH = timedelta(seconds=6)
#: Before the first look at a message, when nearly all are settled. It is more than FRESH and the two reports that the
#: depth of a queue takes to get here, or a queue could seem empty that was empty before the message came.
FIRST_LOOK = timedelta(seconds=15)
#: Between two looks passes as much time as the message is old, and no more than this.
LONGEST_PAUSE = timedelta(minutes=10)
#: Time limits of its job after which no worker can have a message in hand unsettled: one for itself, and two for those
#: that the worker took before it.
LONGEST_IN_HAND = 3
#: Messages at a time.
AT_ONCE = 1000


def take_over(confirmed: Collection[int], topology: Topology) -> None:
    """Keep these messages of the outbox, which RabbitMQ has confirmed, for each job that is to get them.

    The rows do not leave the database on their way, because this is on the way of every message.
    """
    subscribed = [(event.type, job.queue) for job in topology.jobs for event in job.events]
    types = ", ".join(["(%s, %s)"] * len(subscribed))
    # Written out: a thousand parameters take longer to put in than the rows to move.
    ids = ", ".join(str(int(pk)) for pk in confirmed)
    now = timezone.now()
    as_stored = connection.ops.adapt_datetimefield_value  # SQLite stores texts, which compare only if all look alike
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            f"""
            WITH subscribed (type, queue) AS (VALUES {types})
            INSERT INTO messaging_publishedmessage
                (message_id, type, subject, body, queue, attempt, published_at, look_at)
            SELECT message.message_id, message.type, message.subject, message.body,
                   coalesce(subscribed.queue, message.queue), message.attempt, %s, %s
            FROM messaging_outboxmessage message
                LEFT JOIN subscribed ON message.queue = '' AND message.type = subscribed.type
            WHERE message.id IN ({ids}) AND (message.queue <> '' OR subscribed.queue IS NOT NULL)
            """,  # noqa: S608 - placeholders, and numbers of ours
            [*(word for pair in subscribed for word in pair), as_stored(now), as_stored(now + FIRST_LOOK)],
        )
        cursor.execute(f"DELETE FROM messaging_outboxmessage WHERE id IN ({ids})")  # noqa: S608 - as above


def recover(*, go_on: Callable[[], bool] = lambda: True) -> None:
    """Forget what is settled, and publish again what is lost. Harmless if several workers do it at once."""
    seen = observe()
    while go_on() and look(seen) == AT_ONCE:
        pass


@dataclass(frozen=True)
class Observed:
    """What workers have lately reported, by the queue of a job."""

    at: datetime
    #: Messages that wait in RabbitMQ. No entry: nobody knows.
    ready: dict[str, int] = field(default_factory=dict)
    in_hand: Counter[str] = field(default_factory=Counter)
    paused: set[str] = field(default_factory=set)

    def misses(self, message: PublishedMessage) -> bool:
        """Whether an unsettled message is neither in its queue nor in a worker's hand."""
        queue, job = message.queue, registered().get(message.queue)
        if self.ready.get(queue) != 0 or queue in self.paused:
            return False
        # Under load something is always in hand. It may be this message only for so long.
        longest = (job.time_limit if job else TIME_LIMIT) * LONGEST_IN_HAND
        return not self.in_hand[queue] or self.at - message.published_at > longest


def observe() -> Observed:
    seen = Observed(timezone.now())
    for worker in Worker.objects.filter(last_seen__gte=seen.at - FRESH):
        seen.in_hand.update(worker.in_hand)
        seen.paused.update(worker.paused)
        for queue, depth in worker.depths.items():
            seen.ready[queue] = max(depth["ready"], seen.ready.get(queue, 0))
    return seen


@transaction.atomic
def look(seen: Observed) -> int:
    """At the messages whose turn it is, a bounded number of them; return how many they were."""
    found: list[Any] = list(due())
    unsettled = [message for message in found if not message.is_settled]
    missing = [message for message in unsettled if seen.misses(message)]
    PublishedMessage.objects.filter(pk__in=[message.pk for message in found if message.is_settled]).delete()
    for message in unsettled:
        message.look_at = seen.at + min(seen.at - message.published_at, LONGEST_PAUSE)
    PublishedMessage.objects.bulk_update(unsettled, ["look_at"])
    publish_again([message.pk for message in missing])
    return len(found)


def due() -> Collection[PublishedMessage]:
    """Locked, so that no two workers look at a message at once; annotated with whether its job `is_settled`."""
    same = {"message_id": OuterRef("message_id"), "queue": OuterRef("queue")}
    done = Exists(ProcessedMessage.objects.filter(**same))
    # Its own failure, or that of a later attempt: from there on the failed job says what is next.
    failed = Exists(FailedJob.objects.filter(**same, attempts__gte=OuterRef("attempt")))
    rows = PublishedMessage.objects.filter(look_at__lte=timezone.now()).order_by("look_at").defer("body")
    if connection.features.has_select_for_update_skip_locked:
        rows = rows.select_for_update(skip_locked=True, of=("self",))
    return rows.annotate(is_settled=done | failed)[:AT_ONCE]


def publish_again(pks: Collection[int]) -> None:
    if not pks:
        return
    lost = PublishedMessage.objects.filter(pk__in=pks).order_by("pk")
    again = [
        OutboxMessage(
            message_id=message.message_id,
            type=message.type,
            subject=message.subject,
            body=message.body,
            queue=message.queue,
            attempt=message.attempt,
            available_at=timezone.now(),
        )
        for message in lost
    ]
    OutboxMessage.objects.bulk_create(again)
    lost.delete()
    transaction.on_commit(outbox.hint, robust=True)
    logger.error("RabbitMQ has lost %d messages that it had confirmed; they are published again.", len(again))
