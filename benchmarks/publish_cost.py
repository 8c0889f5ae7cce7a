"""What does publish() add to an order's transaction, while RabbitMQ is up and while it is away?

Three kinds of checkout alternate in random order, so that all of them meet the same disk and the same neighbours: with
publish(), without it, and with the same row inserted by a bare psycopg statement, which is the least it can cost.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from unittest.mock import patch
from uuid import uuid4

from django.db import connection
from django.utils import timezone

from benchmarks.orders import DETAILS, cart
from benchmarks.result import Result, progress, run
from benchmarks.stage import stage
from messaging.outbox import publish
from orders.checkout import place_order
from shop.local.rabbitmq_node import PrivateNode
from shop.local.say import CannotGoOn

ROUNDS = 3000
GOAL = 0.4


def measure() -> Iterator[Result]:
    with stage() as here:
        here.start("setup_messaging").popen.wait()
        relay = here.start("run_relay")
        yield from compare("RabbitMQ up")
        with broker_away():
            yield from compare("RabbitMQ away")
        if not relay.running:
            raise CannotGoOn(f"The relay died.\n{relay.last_words()}")


def compare(state: str) -> Iterator[Result]:
    progress(f"publish_cost: {ROUNDS:,} checkouts of each kind, {state}")
    kinds: dict[str, Callable[..., object]] = {"publish": publish, "nothing": lambda *_, **__: None, "bare": insert}
    seconds: dict[str, list[float]] = {name: [] for name in kinds}
    contents = cart()
    for _ in range(ROUNDS):
        for name in random.sample(list(kinds), len(kinds)):
            with patch("orders.checkout.publish", kinds[name]):
                started = time.perf_counter()
                place_order(cart=contents, details=DETAILS, key=uuid4())
                seconds[name].append(time.perf_counter() - started)
    without, with_publish, bare = (median(seconds[name]) * 1000 for name in ("nothing", "publish", "bare"))
    yield Result(
        question=f"publish() adds to the median checkout transaction of {without:.2f} ms, {state}",
        measured=with_publish - without,
        unit="ms",
        at_most=GOAL,
        limit=bare - without,
        limit_is="the same row by a bare psycopg INSERT",
    )


def insert(*_: object, **__: object) -> None:
    connection.connection.execute(
        "INSERT INTO messaging_outboxmessage"
        " (message_id, type, subject, body, queue, attempt, available_at, parked_reason)"
        " VALUES (%s, 'orders.order_placed', 'orders.order/1', %s, '', 1, %s, '')",
        (uuid4(), b"x" * 260, timezone.now()),
    )


@contextmanager
def broker_away() -> Iterator[None]:
    folder = os.environ.get("PRIVATE_RABBITMQ")
    if not folder:
        raise CannotGoOn(
            "publish_cost takes RabbitMQ away for a while, so it wants one of its own: leave AMQP_URL unset "
            "and run it as python -m shop.local servers python -m benchmarks.publish_cost"
        )
    node = PrivateNode.at(Path(folder))
    node.stop_app()
    try:
        yield
    finally:
        node.start_app()


if __name__ == "__main__":
    run(measure)
