"""How long do Retry and Discard take for a hundred thousand failed jobs, and how much memory?

They are confirmations, so that Retry asks their owner about each whether its e-mail has gone out by another way; one in
a hundred has. Beside it stands what no design saves: PostgreSQL copies the same messages to a table with the outbox's
indexes, in one statement.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.db import connection
from django.utils import timezone
from uuid_utils.compat import uuid7

from benchmarks.orders import place
from benchmarks.result import Result, progress, run
from benchmarks.stage import stage
from messaging import repair
from messaging.events import encode
from messaging.models import Batch, FailedJob, OutboxMessage
from orders.events import OrderPlaced
from orders.models import Order, OrderEmail
from shop.local.say import CannotGoOn

JOBS = 100_000
ORDERS = 1_000
#: Of the orders, those whose e-mail has gone out by another way.
SENT = ORDERS // 100
#: Seconds, and megabytes of the whole process.
GOAL, MEMORY_GOAL = 30, 200


def measure() -> Iterator[Result]:
    with stage():
        seed()
        user = User.objects.create_superuser("benchmark")
        limit = copy()
        everything = FailedJob.objects.filter(state=FailedJob.State.NEEDS_ATTENTION)

        batch, seconds, megabytes = timed(lambda: repair.retry(everything, by=user))
        done = sum(batch.done_already.values())
        if (batch.taken, done) != (JOBS - JOBS * SENT // ORDERS, JOBS * SENT // ORDERS):
            raise CannotGoOn(f"Retry took {batch.taken:,} jobs and found {done:,} done.")
        if OutboxMessage.objects.count() != batch.taken or LogEntry.objects.count() != JOBS:
            raise CannotGoOn("Some job has no message, or no entry in the log.")
        yield from results("Retry", seconds, megabytes, limit)

        FailedJob.objects.update(state=FailedJob.State.NEEDS_ATTENTION, batch=None)
        batch, seconds, megabytes = timed(lambda: repair.discard(everything, by=user, reason="benchmark"))
        if batch.taken != JOBS:
            raise CannotGoOn(f"Discard took {batch.taken:,} jobs.")
        yield from results("Discard", seconds, megabytes, None)


def results(what: str, seconds: float, megabytes: Megabytes, limit: float | None) -> Iterator[Result]:
    yield Result(
        question=f"{what} of {JOBS:,} failed jobs",
        measured=seconds,
        unit="s",
        at_most=GOAL,
        limit=limit,
        limit_is="PostgreSQL copies their messages to another table" if limit else "",
    )
    yield Result(
        question=f"RSS at the peak of {what}",
        measured=megabytes.peak,
        unit="MB",
        at_most=MEMORY_GOAL,
        limit=megabytes.before,
        limit_is="before it",
    )


def seed() -> None:
    progress(f"repair_rate: {JOBS:,} failed jobs")
    orders = place(ORDERS)
    OutboxMessage.objects.all().delete()
    for begin in range(0, JOBS, 1000):
        FailedJob.objects.bulk_create([failed(orders[n % ORDERS]) for n in range(begin, begin + 1000)])
    now = timezone.now()
    OrderEmail.objects.bulk_create(
        OrderEmail(order=order, kind="confirmation", to=order.email, message_id=str(order.pk), sent_at=now)
        for order in orders[:SENT]
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def failed(order: Order) -> FailedJob:
    message_id, subject, hour_ago = uuid7(), f"orders.order/{order.pk}", timezone.now() - timedelta(hours=1)
    event = OrderPlaced(order_id=order.pk)
    return FailedJob(
        message_id=message_id,
        queue="orders.send_confirmation",
        type=event.type,
        subject=subject,
        state=FailedJob.State.NEEDS_ATTENTION,
        kind=FailedJob.Kind.USED_UP,
        error_class="smtplib.SMTPServerDisconnected",
        error="SMTPServerDisconnected: Connection unexpectedly closed",
        fingerprint="0123456789abcdef",
        body=encode(event, message_id=message_id, source="shop", time=hour_ago, subject=subject),
        attempts=10,
        first_failed_at=hour_ago,
        last_failed_at=hour_ago,
    )


def copy() -> float:
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE benchmark_outbox (LIKE messaging_outboxmessage INCLUDING ALL)")
        started = time.perf_counter()
        cursor.execute(
            """
            INSERT INTO benchmark_outbox
                (message_id, type, subject, body, queue, attempt, available_at, parked_reason)
            SELECT message_id, type, subject, body, queue, attempts + 1, now(), '' FROM messaging_failedjob
            """
        )
        return time.perf_counter() - started


class Megabytes(NamedTuple):
    before: float
    peak: float


def timed(act: Callable[[], Batch]) -> tuple[Batch, float, Megabytes]:
    """What it returns, seconds, and memory."""
    Path("/proc/self/clear_refs").write_text("5")  # forgets the peak: man 5 proc
    before, started = memory("VmRSS"), time.perf_counter()
    batch = act()
    return batch, time.perf_counter() - started, Megabytes(before, memory("VmHWM"))


def memory(line: str) -> float:
    found = re.search(rf"{line}:\s+(\d+) kB", Path("/proc/self/status").read_text())
    if found is None:
        raise CannotGoOn(f"Linux does not say {line}.")
    return int(found[1]) / 1024


if __name__ == "__main__":
    run(measure)
