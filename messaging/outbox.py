"""Publishing: one row in the caller's transaction. The request path ends here; the relay does the rest."""

from __future__ import annotations

from datetime import datetime, timedelta

import uuid_utils.compat
from django.conf import settings
from django.db import connection, transaction
from django.db.models import Model
from django.utils import timezone

from messaging.events import Event, encode
from messaging.labels import label_of
from messaging.models import OutboxMessage

#: Bytes. Messages carry ids; whoever needs more wants a row in the database, and its id in the event.
MAX_BODY = 64 * 1024

#: The PostgreSQL channel on which a commit tells the relay that there is something to do.
CHANNEL = "messaging_outbox"


def publish(
    event: Event, *, subject: Model | None = None, delay: timedelta | None = None, at: datetime | None = None
) -> OutboxMessage:
    """Announce an event: it exists if and only if the surrounding transaction commits.

    Opens no connection to RabbitMQ, so that it neither waits for the broker nor fails because of it. With `delay` or
    `at` the event is published no earlier than that. `subject` is the object that the event is about; staff find the
    message by it.

    Raises TransactionManagementError outside of `transaction.atomic()`, where an event could be lost after its fact
    was saved; ValueError if the event is larger than 64 KiB, or if both `delay` and `at` are given.
    """
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError(
            f"publish({type(event).__name__}) was called outside of transaction.atomic(). "
            "Save the fact and publish its event in one transaction, so that neither can exist alone."
        )
    if delay is not None and at is not None:
        raise ValueError("Give either delay= or at=, not both.")
    now = timezone.now()
    message_id = uuid_utils.compat.uuid7()
    label = label_of(subject) if subject is not None else ""
    body = encode(event, message_id=message_id, source=settings.MESSAGING["PREFIX"], time=now, subject=label)
    if len(body) > MAX_BODY:
        raise ValueError(
            f"{type(event).__name__} is {len(body):,} bytes as a message; at most {MAX_BODY:,} may be published."
        )
    message = OutboxMessage.objects.create(
        message_id=message_id,
        type=event.type,
        subject=label,
        body=body,
        available_at=at or now + (delay or timedelta()),
    )
    transaction.on_commit(hint, robust=True)
    return message


def hint() -> None:
    """Wake the relay now instead of at its next look. Losing the hint costs a moment, never a message.

    It is sent after the commit rather than in it, because transactions that NOTIFY commit one by one; and without
    waiting for the disk, for there is nothing in it to lose.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_notify(%s, '') FROM set_config('synchronous_commit', 'off', true)", [CHANNEL])
