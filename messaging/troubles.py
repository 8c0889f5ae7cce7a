"""What is not as it should be, in sentences that say what it means for the messages."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.timesince import timesince

from messaging.preview import in_a_line
from messaging.status import QueueStatus, Status

#: The relay is given a quarter of a minute's work at a time at most. What has waited for so long waits for no relay.
RELAY_PATIENCE = timedelta(minutes=2)
#: Characters of why a queue is paused: a mail server may have written it.
LONGEST_REASON = 200


def troubles(status: Status) -> list[str]:
    """The worst first; empty if all is well. Failed jobs are not among them: they have a list of their own."""
    of_queues = [words for queue in status.queues for words in _of_queue(queue)]
    return [*_of_workers(status), *_of_broker(status), *_of_relay(status), *of_queues]


def lasted(duration: timedelta) -> str:
    """ "40 seconds", "3 minutes", "2 days"."""
    if duration < timedelta(minutes=1):
        seconds = max(0, int(duration.total_seconds()))
        return f"{seconds} second{'' if seconds == 1 else 's'}"
    now = timezone.now()
    return timesince(now - duration, now, depth=1).replace("\xa0", " ")


def _of_workers(status: Status) -> Iterator[str]:
    if status.running:
        return
    last = status.last_report
    since = f"has reported for {lasted(status.moment - last)}" if last else "is running"
    yield f"No worker {since}: e-mails are waiting, none is lost." if status.waiting else f"No worker {since}."


def _of_broker(status: Status) -> Iterator[str]:
    if status.broker_answers is False:
        yield "RabbitMQ does not answer the workers: messages wait in the outbox, none is lost."
    if status.outbox.parked and status.outbox.parked_since:
        number, since = status.outbox.parked, lasted(status.moment - status.outbox.parked_since)
        yield f"RabbitMQ has refused {number:,} message{'' if number == 1 else 's'}, the first one for {since}."


def _of_relay(status: Status) -> Iterator[str]:
    # Without a worker, or a RabbitMQ that answers, nobody wonders why the outbox waits.
    waiting = status.outbox.waiting_since
    if status.broker_answers and waiting and status.moment - waiting > RELAY_PATIENCE:
        yield f"The outbox has waited for {lasted(status.moment - waiting)}: no relay takes its messages to RabbitMQ."


def _of_queue(queue: QueueStatus) -> Iterator[str]:
    if queue.ready is not None and not queue.workers:
        yield f"No running worker does this job: {queue.title}. Its messages are waiting, none is lost."
    for pause in queue.pauses:
        who = f"paused by {pause.by}" if pause.by else "waiting"
        since = date_format(timezone.localtime(pause.since), "j M, H:i")
        yield f"{queue.title} is {who} since {since}: {in_a_line(pause.reason, longest=LONGEST_REASON)}"
