"""Dead letters: messages that RabbitMQ, or a worker's reject, has taken out of a job's queue.

Each must have its row in the admin before it is acked. A worker's reject comes after its row was committed, so what is
new here was rejected by a stranger, or moved by the broker for a reason of its own.
"""

from __future__ import annotations

import logging
from typing import Any

from django.db import transaction

from messaging.attempt import identify
from messaging.broker import Delivery
from messaging.failures import describe_message, printable
from messaging.fingerprint import fingerprint
from messaging.models import FailedJob, ProcessedMessage
from messaging.topology import Topology

logger = logging.getLogger(__name__)


def collect(delivery: Delivery, topology: Topology) -> None:
    """Make sure that a dead letter has its row. When this returns, it is committed."""
    queue = topology.job_queue(printable(str(delivery.headers.get("x-first-death-queue", "")))[:255])
    reason = printable(str(delivery.headers.get("x-first-death-reason", "unknown")))[:255]
    message_id = identify(delivery)
    error = f"RabbitMQ moved the message to the dead letters; its reason: {reason}."
    found: dict[str, Any] = {
        "state": FailedJob.State.NEEDS_ATTENTION,
        "attempts": delivery.attempt,
        "kind": FailedJob.Kind.DEAD_LETTERED,
        "error_class": "",
        "error": error,
        "fingerprint": fingerprint(queue=queue, error_class="", error=error),
    }
    with transaction.atomic():
        if ProcessedMessage.objects.filter(message_id=message_id, queue=queue).exists():
            return
        failed, created = FailedJob.objects.get_or_create(
            message_id=message_id, queue=queue, defaults={**describe_message(delivery), **found}
        )
        waiting = {FailedJob.State.RETRYING, FailedJob.State.RETRIED}
        if not created and reason != "rejected" and failed.state in waiting:
            FailedJob.objects.filter(pk=failed.pk).update(**found, next_attempt_at=None)
    if created:
        logger.error("%s %s needs attention: %s", queue, message_id, error)
