"""Waiting for calm: the faults are over, and what was held up goes its way."""

from __future__ import annotations

import time

from django.db import Error as DatabaseError
from django.db import connection

from messaging.models import FailedJob, OutboxMessage
from orders.models import Order
from shop.local.rabbitmq_node import PrivateNode
from shop.local.say import CannotGoOn, say
from tests.chaos.staff import look_after_failed_jobs
from tests.chaos.stage import PREFIX, Stage

#: Seconds. The longest backoff that a message can be in after a round, and a reconnection or two.
PATIENCE = 240
#: Seconds. RabbitMQ's counts of quorum queues are that old.
COUNTED_EVERY = 10


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
    """RabbitMQ is asked only when nothing else is left: each question starts a program."""
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


def queued(nodes: list[PrivateNode]) -> dict[str, int]:
    """Messages of the shop's queues, ready or in a worker's hand, as RabbitMQ counts them."""
    for node in nodes:
        try:
            lines = node.ctl("list_queues", "name", "messages", "--no-table-headers").splitlines()
        except CannotGoOn:
            continue
        counts = dict(line.split("\t") for line in lines if line.startswith(f"{PREFIX}."))
        return {name.removeprefix(f"{PREFIX}."): int(count or 0) for name, count in counts.items()}
    return {"RabbitMQ": 1}


def left_in_queues(nodes: list[PrivateNode]) -> dict[str, int]:
    """What is still there when RabbitMQ has had the time to count."""
    deadline = time.monotonic() + COUNTED_EVERY
    while any((left := queued(nodes)).values()) and time.monotonic() < deadline:
        time.sleep(1)
    return left
