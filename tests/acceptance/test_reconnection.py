"""A message of a lost connection is somebody else's: nothing of it may be settled on the next one."""

from __future__ import annotations

import queue

import pytest
from pika.channel import Channel

from messaging.broker import Consumer, Delivery, Subscription
from tests.acceptance.plant import BellRang, Plant
from tests.waiting import eventually

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("amqp_url")]


def open_door(event: BellRang) -> None:
    """Never called: the test itself is the worker."""


class HastyConsumer(Consumer):
    """Acks as soon as it has a channel what it received over the one before."""

    held: Delivery | None = None

    def _open(self, channel: Channel) -> None:
        super()._open(channel)
        if self.held is not None:
            self.ack(self.held)


def test_an_ack_that_comes_while_the_connection_is_being_made_again_does_not_break_it() -> None:
    plant = Plant(open_door)
    deliveries: queue.SimpleQueue[Delivery] = queue.SimpleQueue()
    name = plant.topology.queue_of(plant.job.queue)
    consumer = HastyConsumer(
        plant.nodes, plant.topology, subscriptions=[Subscription(name, prefetch=1)], deliver=deliveries.put
    )
    plant.send(b"a letter")
    consumer.start()
    consumer.held = deliveries.get(timeout=20)
    before = consumer.generation

    consumer._call(consumer.reconnect)
    again = deliveries.get(timeout=20)
    consumer.ack(again)
    consumer.ask_depths()
    eventually(lambda: name in consumer.depths)

    assert again.redelivered
    assert (again.generation, consumer.generation) == (before + 1, before + 1)
    consumer.close()
