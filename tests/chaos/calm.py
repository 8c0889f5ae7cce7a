"""Waiting for calm: the faults are over, and what was held up goes its way."""

from __future__ import annotations

import time

from django.db import connection
from django.db.utils import OperationalError

from messaging.models import FailedJob, OutboxMessage
from orders.models import Order
from shop.local.rabbitmq_node import PrivateNode
from shop.local.say import CannotGoOn, say
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
        time.sleep(0.5)
    return False


def on_their_way(stage: Stage) -> dict[str, int]:
    written = {mail.order for mail in list(stage.mail.accepted)}
    try:
        return {
            "without e-mail": sum(order.number not in written for order in Order.objects.all()),
            "outbox": OutboxMessage.objects.count(),
            "retrying": FailedJob.objects.filter(state__in=("retrying", "retried")).count(),
            **queued(stage.nodes),
        }
    except OperationalError:
        connection.close()
        return {"database": 1}


def queued(nodes: list[PrivateNode]) -> dict[str, int]:
    """Messages of the shop's queues, ready or in a worker's hand, as RabbitMQ counts them."""
    for node in nodes:
        try:
            lines = node.ctl("list_queues", "name", "messages", "--no-table-headers").splitlines()
        except CannotGoOn:
            continue
        counts = dict(line.split("\t") for line in lines if line.startswith(f"{PREFIX}."))
        return {name.removeprefix(f"{PREFIX}."): int(count) for name, count in counts.items()}
    return {"RabbitMQ": 1}
