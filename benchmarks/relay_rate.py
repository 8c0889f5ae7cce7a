"""How fast does the relay move a full outbox to RabbitMQ, beside pika that publishes the same bodies from memory?

The two take turns, in one process, to one exchange and one quorum queue, each with `mandatory` and confirms.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from statistics import median

from django.conf import settings

from benchmarks.bare_pika import Flood
from benchmarks.orders import fill_outbox, place
from benchmarks.result import Result, progress, run
from benchmarks.stage import Stage, stage
from messaging.broker import Publisher, parse
from messaging.models import OutboxMessage
from messaging.relay import relay_batch
from orders.events import OrderPlaced
from shop.local.rabbitmq import connect
from shop.local.say import CannotGoOn

MESSAGES = 50_000
ROUNDS = 3


def measure() -> Iterator[Result]:
    with stage() as here:
        publisher = Publisher(parse(settings.MESSAGING["AMQP_URL"]), here.topology)
        publisher.start()
        publisher.wait_until_ready()
        [order] = place(1)
        relay, bare = [], []
        for turn in range(ROUNDS):
            OutboxMessage.objects.all().delete()
            fill_outbox([(OrderPlaced(order_id=order.pk), order)] * MESSAGES)
            bodies = [bytes(body) for body in OutboxMessage.objects.values_list("body", flat=True)]
            bare.append(flood(here, bodies))
            relay.append(empty_outbox(here, publisher))
            progress(f"relay_rate {turn + 1}/{ROUNDS}: relay {relay[-1]:,.0f}/s, bare pika {bare[-1]:,.0f}/s")
        publisher.close()
    yield Result(
        question=f"messages a second that the relay moves from an outbox of {MESSAGES:,}",
        measured=median(relay),
        unit="/s",
        at_least=10_000,
        at_least_of_limit=0.4,
        limit=median(bare),
        limit_is="bare pipelined pika, bodies in memory",
    )


def flood(here: Stage, bodies: list[bytes]) -> float:
    exchange, key = here.topology.events_exchange, OrderPlaced.type
    bare = Flood(settings.MESSAGING["AMQP_URL"], exchange=exchange, routing_key=key, bodies=bodies)
    bare.run()
    expect_in_queue(here, len(bodies))
    return len(bodies) / bare.seconds


def empty_outbox(here: Stage, publisher: Publisher) -> float:
    started = time.perf_counter()
    while relay_batch(publisher):
        pass
    seconds = time.perf_counter() - started
    if OutboxMessage.objects.exists():
        raise CannotGoOn("The relay left messages in the outbox.")
    expect_in_queue(here, MESSAGES)
    return MESSAGES / seconds


def expect_in_queue(here: Stage, count: int) -> None:
    """A figure counts only if the messages are there. Empties the queue."""
    with connect(settings.MESSAGING["AMQP_URL"]) as broker:
        found = broker.channel().queue_purge(here.queue).method.message_count
    if found != count:
        raise CannotGoOn(f"{found:,} messages are in {here.queue} instead of {count:,}.")


if __name__ == "__main__":
    run(measure)
