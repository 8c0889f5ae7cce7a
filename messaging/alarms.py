"""What of messaging needs somebody's attention, in sentences: nothing that goes on by itself within minutes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from django.utils import timezone
from django.utils.timesince import timesince

from messaging.preview import in_a_line
from messaging.status import QueueStatus, Status

#: What waits for longer than this will not be done by itself, or is late enough for somebody to know.
PATIENCE = timedelta(minutes=5)
#: Characters of why a queue is paused: a mail server may have written it.
LONGEST_REASON = 200


def alarms(status: Status) -> Iterator[str]:
    if status.needs_attention:
        jobs = "failed job needs" if status.needs_attention == 1 else "failed jobs need"
        yield f"{status.needs_attention:,} {jobs} attention."
    yield from standstill(status)


def standstill(status: Status) -> Iterator[str]:
    """What does not move that should. Failed jobs are not among it: they have a page of their own."""
    if not status.running:
        last = status.last_report
        since = f"has reported for {lasted(status.moment - last)}" if last else "is running"
        yield f"No worker {since}: e-mails are waiting, none is lost." if status.waiting else f"No worker {since}."
    elif not status.broker_answers:
        yield "RabbitMQ answers none of the workers: messages wait in the outbox, none is lost."
    if status.outbox.parked:
        refused = f"{status.outbox.parked:,} message{'' if status.outbox.parked == 1 else 's'}"
        yield f"RabbitMQ refuses {refused} in the outbox. Each says there for which reason."
    waiting = status.outbox.waiting_since
    if waiting and status.moment - waiting > PATIENCE:
        yield f"The outbox has waited for {lasted(status.moment - waiting)}: nothing takes its messages to RabbitMQ."
    for queue in status.queues:
        yield from _of(queue, status)


def lasted(duration: timedelta) -> str:
    """ "40 seconds", "3 minutes", "2 days"."""
    if duration < timedelta(minutes=1):
        seconds = max(0, int(duration.total_seconds()))
        return f"{seconds} second{'' if seconds == 1 else 's'}"
    now = timezone.now()
    return str(timesince(now - duration, now, depth=1)).replace("\N{NO-BREAK SPACE}", " ")


def _of(queue: QueueStatus, status: Status) -> Iterator[str]:
    # A pause by staff is no alarm: they know of it, and they gave a reason.
    for pause in queue.pauses:
        if not pause.by and status.moment - pause.since > PATIENCE:
            reason = in_a_line(pause.reason, longest=LONGEST_REASON)
            yield f"{queue.title} has been paused for {lasted(status.moment - pause.since)}: {reason}"
    if status.running and queue.ready and not queue.consumers and not queue.pauses:
        yield f"{queue.title}: {queue.ready:,} messages wait, and nobody consumes them."
