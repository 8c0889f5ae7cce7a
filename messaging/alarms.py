"""What of messaging needs somebody's attention, in sentences: nothing that goes on by itself within minutes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.utils.timesince import timesince

from messaging.status import QueueStatus, Status

#: What waits for longer than this will not be done by itself, or is late enough for somebody to know.
PATIENCE = timedelta(minutes=5)


def alarms(status: Status) -> Iterator[str]:
    if status.needs_attention:
        jobs = "failed job needs" if status.needs_attention == 1 else "failed jobs need"
        yield f"{status.needs_attention:,} {jobs} attention."
    if not status.running:
        ago = f"for {_since(status, status.last_report)}" if status.last_report else "yet"
        yield f"No worker has reported {ago}: what there is to do waits, and none of it is lost."
    elif not status.broker_answers:
        yield "RabbitMQ answers none of the workers: what there is to do waits, and none of it is lost."
    if status.outbox.parked:
        yield f"RabbitMQ refuses {status.outbox.parked:,} messages in the outbox. Each says there for which reason."
    waiting = status.outbox.waiting_since
    if waiting and status.moment - waiting > PATIENCE:
        yield f"The outbox has waited for {_since(status, waiting)}: nothing takes its messages to RabbitMQ."
    for queue in status.queues:
        yield from _of(queue, status)


def _of(queue: QueueStatus, status: Status) -> Iterator[str]:
    # A pause by staff is no alarm: they know of it, and they gave a reason.
    for pause in queue.pauses:
        if not pause.by and status.moment - pause.since > PATIENCE:
            yield f"{queue.title} has been paused for {_since(status, pause.since)}: {pause.reason}"
    if status.running and queue.ready and not queue.consumers and not queue.pauses:
        yield f"{queue.title}: {queue.ready:,} messages wait, and nobody consumes them."


def _since(status: Status, moment: datetime) -> str:
    return str(timesince(moment, status.moment, depth=1)).replace("\N{NO-BREAK SPACE}", " ")
