"""What staff do to queues and to the outbox, each with an entry in the admin's log. Failed jobs: see repair.py.

Only the database is touched: workers and relays look there, so it works while RabbitMQ is away.
"""

from __future__ import annotations

from django.contrib.admin.models import ADDITION, CHANGE, DELETION, LogEntry
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from messaging import outbox
from messaging.models import FailedJob, OutboxMessage, PausedQueue

#: Messages in memory at a time.
AT_ONCE = 1000


@transaction.atomic
def pause(queue: str, *, by: User, reason: str) -> bool:
    """Have no worker begin anything from a job's queue, until resume(). False if the queue was paused already.

    Running workers obey within three seconds and finish what they have begun; what waits, waits in RabbitMQ. It
    outlives restarts of everything.
    """
    row, is_new = PausedQueue.objects.get_or_create(
        queue=queue, defaults={"reason": reason, "paused_by": by.get_username()}
    )
    if is_new:
        LogEntry.objects.log_actions(by.pk, [row], ADDITION, f"Paused: {reason}")
    return is_new


@transaction.atomic
def resume(queue: str, *, by: User) -> bool:
    """End a pause by staff. False if there was none any more."""
    row = PausedQueue.objects.select_for_update().filter(queue=queue).first()
    if row is None:
        return False
    LogEntry.objects.log_actions(by.pk, [row], DELETION, "Resumed.")
    row.delete()
    return True


@transaction.atomic
def hurry(messages: QuerySet[OutboxMessage], *, by: User) -> int:
    """Make scheduled and parked messages due now, all or none; how many there still were.

    A parked one stays parked until RabbitMQ has taken it: if it is refused once more, the row tells the reason again.
    """
    now, hurried = timezone.now(), 0
    # What is no longer here when its turn comes, the relay has taken meanwhile.
    later = messages.filter(available_at__gt=now).order_by("available_at", "pk").defer("body").select_for_update()
    while some := list(later[:AT_ONCE]):
        OutboxMessage.objects.filter(pk__in=[message.pk for message in some]).update(available_at=now)
        for queue in {message.queue for message in some if message.queue}:
            ids = [message.message_id for message in some if message.queue == queue]
            retrying = FailedJob.objects.filter(queue=queue, message_id__in=ids, state=FailedJob.State.RETRYING)
            retrying.update(next_attempt_at=now)
        LogEntry.objects.log_actions(by.pk, some, CHANGE, "Made due at once.")
        hurried += len(some)
    transaction.on_commit(outbox.hint, robust=True)
    return hurried
