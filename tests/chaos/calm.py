"""Waiting for calm: the faults are over, and what was held up goes its way."""

from __future__ import annotations

import time
from collections.abc import Sequence

from django.db import Error as DatabaseError
from django.db import connection
from pika.exceptions import AMQPError

from messaging.jobs import registered
from messaging.models import FailedJob, OutboxMessage
from messaging.topology import Topology
from orders.models import Order
from shop.local.rabbitmq import connect
from shop.local.rabbitmq_node import PrivateNode
from shop.local.say import say
from tests.chaos.staff import look_after_failed_jobs
from tests.chaos.stage import PREFIX, Stage

#: Seconds. The longest backoff that a message can be in after a round, and a reconnection or two.
PATIENCE = 240


def wait_for_calm(stage: Stage) -> bool:
    """Until every order has its e-mail and nothing is on its way; False if that takes too long."""
    deadline = time.monotonic() + PATIENCE
    next_word = time.monotonic() + 5
    while time.monotonic() < deadline:
        waiting = on_their_way(stage)
        if not any(waiting.values()):
            return True
        if time.monotonic() > next_word:
            say(f"  waiting for calm: {', '.join(f'{name} {count}' for name, count in waiting.items() if count)}")
            next_word = time.monotonic() + 5
        time.sleep(1)
    return False


def on_their_way(stage: Stage) -> dict[str, int]:
    """Nobody asks RabbitMQ before everything else is done."""
    written = {mail.order for mail in list(stage.mail.accepted)}
    try:
        look_after_failed_jobs(stage.evidence)
        waiting = {
            "without e-mail": sum(order.number not in written for order in Order.objects.only("pk")),
            "outbox": OutboxMessage.objects.exclude(message_id__in=stage.evidence.for_later).count(),
            "retrying": FailedJob.objects.filter(state__in=("retrying", "retried")).count(),
        }
    except DatabaseError:
        connection.close()
        return {"database": 1}
    return waiting if any(waiting.values()) else queued(stage.nodes)


def queued(nodes: Sequence[PrivateNode]) -> dict[str, int]:
    """Messages that are ready in the shop's queues; what workers have in hand is ready again when they have stopped."""
    topology = Topology(prefix=PREFIX, jobs=tuple(registered().values()))
    counts = {}
    try:
        with connect(",".join(node.url for node in nodes)) as broker:
            channel = broker.channel()
            for queue in topology.queues:
                answer = channel.queue_declare(queue.name, passive=True)
                counts[topology.job_queue(queue.name)] = answer.method.message_count
    except AMQPError:
        return {"RabbitMQ": 1}
    return counts
