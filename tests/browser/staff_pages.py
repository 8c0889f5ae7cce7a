"""A morning in the shop, for tests that look at the admin's pages, and for the pictures of them in docs/images."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid5

import time_machine
from django.contrib.auth.models import User

from messaging import repair, staff
from messaging.models import Batch, FailedJob, OutboxMessage, ProcessedMessage
from tests.factories import FailedJobFactory, JobAttemptFactory, OrderFactory, OutboxMessageFactory, WorkerFactory

NOW = datetime(2026, 11, 24, 10, 30, tzinfo=UTC)
CONFIRMATION, RENDITIONS = "orders.send_confirmation", "catalog.make_renditions"
NAMESPACE = UUID("5e1c7f0a-3f0e-4c59-9c50-6a6f3d5b8f11")

TRACEBACK = """Traceback (most recent call last):
  File "/srv/shop/messaging/inbox.py", line 49, in run_once
    next(steps)
  File "/srv/shop/orders/jobs.py", line 25, in send_confirmation
    message_id = emails.send_confirmation(order, request_id=request_id)
                 ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
  File "/srv/shop/orders/mailer.py", line 51, in send
    message.send()
  File "/srv/shop/.venv/lib/python3.11/site-packages/django/core/mail/message.py", line 301, in send
    return self.get_connection(fail_silently).send_messages([self])
           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
  File "/usr/lib/python3.11/smtplib.py", line 897, in sendmail
    raise SMTPRecipientsRefused(senderrs)
smtplib.SMTPRecipientsRefused: {'alise@example.org': (550, b'no such user')}
"""


def ago(**duration: float) -> datetime:
    return NOW - timedelta(**duration)


def a_morning(alice: User) -> FailedJob:
    """Some e-mails have failed, one message is parked, one queue is paused. Returns the job of a mistyped address."""
    ProcessedMessage.objects.bulk_create(
        ProcessedMessage(
            message_id=uuid5(NAMESPACE, f"{minute} {n}"), queue=CONFIRMATION, processed_at=ago(minutes=minute)
        )
        for minute in range(60)
        for n in range((minute * 7) % 11 + 3)
    )
    mistyped, *others = OrderFactory.create_batch(9)
    for number, order in enumerate(others):
        timed_out = number % 4 == 3
        FailedJobFactory.create(
            message_id=uuid5(NAMESPACE, f"failed {number}"),
            subject=f"orders.order/{order.pk}",
            kind=FailedJob.Kind.USED_UP if timed_out else FailedJob.Kind.PERMANENT,
            error_class="TimeoutError" if timed_out else "smtplib.SMTPRecipientsRefused",
            error="TimeoutError: The read operation timed out"
            if timed_out
            else f"SMTPRecipientsRefused: {{'customer{number}@example.org': (550, b'no such user')}}",
            attempts=10 if timed_out else 1,
            last_failed_at=ago(minutes=5 + 2 * number),
        )
    failed = FailedJobFactory.create(
        message_id=uuid5(NAMESPACE, "mistyped"),
        subject=f"orders.order/{mistyped.pk}",
        kind=FailedJob.Kind.PERMANENT,
        error_class="smtplib.SMTPRecipientsRefused",
        error="SMTPRecipientsRefused: {'alise@example.org': (550, b'no such user')}",
        headers={"x-attempt": 1},
        body=b'{"specversion":"1.0","id":"019a","type":"orders.order_placed","data":{"order_id":1}}',
        attempts=1,
        last_failed_at=ago(minutes=38),
    )
    FailedJob.objects.update(first_failed_at=ago(minutes=40))
    attempt = {"failed_job": failed, "error_class": "smtplib.SMTPRecipientsRefused", "traceback": TRACEBACK}
    text = "{'alise@example.org': (550, b'no such user')}"
    JobAttemptFactory.create(**attempt, number=1, error_text=text, started_at=ago(minutes=40))
    with time_machine.travel(ago(minutes=38, seconds=20), tick=False):
        repair.retry(FailedJob.objects.filter(pk=failed.pk), by=alice, chosen="Order confirmation")
    OutboxMessage.objects.all().delete()
    FailedJob.objects.filter(pk=failed.pk).update(
        state=FailedJob.State.NEEDS_ATTENTION, attempts=2, next_attempt_at=None
    )
    JobAttemptFactory.create(**attempt, number=2, error_text=text, started_at=ago(minutes=38))

    away = {CONFIRMATION: {"ready": 128, "consumers": 2}, RENDITIONS: {"ready": 3, "consumers": 0}}
    for host in ("worker-1", "worker-2"):
        WorkerFactory.create(
            host=host,
            pid=4711,
            queues=[RENDITIONS, CONFIRMATION],
            started_at=ago(hours=5),
            last_seen=ago(seconds=2),
            depths=away,
            in_hand={CONFIRMATION: 4},
        )
    OutboxMessageFactory.create_batch(3, available_at=ago(seconds=20))
    OutboxMessageFactory.create(
        available_at=ago(seconds=-20), parked_at=ago(minutes=12), parked_reason="RabbitMQ has no queue for it."
    )
    OutboxMessageFactory.create(queue=CONFIRMATION, attempt=4, available_at=ago(minutes=-14))
    with time_machine.travel(ago(minutes=51), tick=False):
        staff.pause(RENDITIONS, by=alice, reason="The new supplier's pictures fill the disk")
    failed.refresh_from_db()
    return failed


def a_batch(bob: User) -> Batch:
    """Bob has retried what timed out; one is done, one waits for a worker."""
    batch = repair.retry(FailedJob.objects.filter(kind=FailedJob.Kind.USED_UP), by=bob, chosen="attempts used up")
    FailedJob.objects.filter(pk=batch.failed_jobs.earliest("pk").pk).update(state=FailedJob.State.RESOLVED)
    return batch
