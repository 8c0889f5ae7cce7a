"""Consuming: what arrives is handed on, and settled from any thread on the channel that it came from."""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from pika import BasicProperties
from pika.channel import Channel
from pika.frame import Method
from pika.spec import Basic, Queue

from messaging.broker.link import Link
from messaging.broker.nodes import Nodes
from messaging.broker.progress import Progress
from messaging.broker.properties import UNREADABLE
from messaging.topology import Topology

logger = logging.getLogger(__name__)

#: The header that says which attempt at its job a message is. Without it: the first.
ATTEMPT = "x-attempt"
#: RabbitMQ writes down here whence it has moved a message to the dead letters. A stranger may have written something
#: else: RabbitMQ's queue crashes when it is to add to that. Such a message is not rejected; its row is in the admin.
X_DEATH = "x-death"
#: Nobody has tried so often: a stranger has made it up, and the database could not count on from any number.
MOST_ATTEMPTS = 1_000_000


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message in hand. Until it is acked, rejected or given back, the broker holds on to it."""

    queue: str
    body: bytes
    headers: dict[str, Any]
    redelivered: bool
    tag: int
    generation: int
    #: When it came, by time.monotonic().
    received: float = field(default_factory=time.monotonic)

    @property
    def attempt(self) -> int:
        """Which attempt at its job this is, from 1. A foreign publisher's nonsense counts as the first."""
        number = self.headers.get(ATTEMPT)
        return number if isinstance(number, int) and 0 < number < MOST_ATTEMPTS else 1


@dataclass(frozen=True, slots=True)
class Depth:
    ready: int
    consumers: int


@dataclass(frozen=True, slots=True)
class Subscription:
    queue: str
    #: How many of its messages may be in hand at once.
    prefetch: int


class Consumer(Link):
    """Takes messages from queues and hands each to `deliver`, which must not block: it runs in the Link's thread."""

    def __init__(
        self,
        nodes: Nodes,
        topology: Topology,
        *,
        subscriptions: Sequence[Subscription],
        deliver: Callable[[Delivery], None],
    ) -> None:
        super().__init__(nodes, topology, name="consumer")
        self.deliver = deliver
        self._subscriptions = {each.queue: each for each in subscriptions}
        self._paused: set[str] = set()
        #: The consumer tag of each queue that we are consuming from.
        self._tags: dict[str, str] = {}
        #: How many messages have come and are not settled, and what RabbitMQ last said of itself, by queue. No depths
        #: are known while it does not answer.
        self.in_hand: Counter[str] = Counter()
        self.depths: dict[str, Depth] = {}
        self._progress = Progress()

    def ack(self, delivery: Delivery) -> None:
        """It is done. For any thread."""
        self._settle(delivery, lambda channel: channel.basic_ack(delivery.tag))

    def reject(self, delivery: Delivery) -> None:
        """It will never be done: to the dead letters. For any thread."""
        if {X_DEATH, UNREADABLE} & delivery.headers.keys():
            self.ack(delivery)
        else:
            self._settle(delivery, lambda channel: channel.basic_reject(delivery.tag, requeue=False))

    def give_back(self, delivery: Delivery) -> None:
        """Somebody else shall do it. For any thread."""
        self._settle(delivery, lambda channel: channel.basic_nack(delivery.tag, requeue=True))

    def pause(self, queue: str) -> None:
        """Receive nothing more from this queue, also after a loss of the connection. For any thread."""
        self._call(partial(self._pause, queue))

    def resume(self, queue: str) -> None:
        """For any thread."""
        self._call(partial(self._resume, queue))

    def ask_depths(self) -> None:
        """Have `depths` brought up to date, and see whether RabbitMQ goes on. Call it regularly. For any thread."""
        self._call(self._ask_depths)

    def stop_consuming(self, timeout: float) -> None:
        """Receive nothing more from any queue; what is in hand can still be settled. For any thread."""
        stopped = threading.Event()
        self._call(partial(self._stop_consuming, stopped))
        stopped.wait(timeout)

    def on_ready(self, channel: Channel) -> None:
        # A deleted queue, or the loss of its leader, cancels the consumer; a new connection declares and consumes anew.
        channel.add_on_cancel_callback(lambda _: channel.close())
        self._tags.clear()
        self._progress = Progress()
        for queue in self._subscriptions.keys() - self._paused:
            self._consume(channel, queue)

    def on_lost(self) -> None:
        # What is in hand is somebody else's by now, and how much waits nobody knows.
        self.in_hand.clear()
        self.depths.clear()

    def _consume(self, channel: Channel, queue: str) -> None:
        # It holds for consumers that begin after it, each on its own.
        channel.basic_qos(prefetch_count=self._subscriptions[queue].prefetch)
        self._tags[queue] = channel.basic_consume(queue, partial(self._deliver, queue, self.generation))

    def _deliver(
        self,
        queue: str,
        generation: int,
        _: Channel,
        method: Basic.Deliver,
        props: BasicProperties,
        body: bytes,
    ) -> None:
        self.in_hand[queue] += 1
        self._progress.delivered(queue)
        self.deliver(
            Delivery(
                queue=queue,
                body=body,
                headers=props.headers or {},
                redelivered=method.redelivered,
                tag=method.delivery_tag,
                generation=generation,
            )
        )

    def _settle(self, delivery: Delivery, act: Callable[[Channel], None]) -> None:
        def settle() -> None:
            # On a newer channel the tag would name another message; the broker has redelivered this one anyway.
            channel = self.usable_channel()
            if channel is not None and delivery.generation == self.generation:
                act(channel)
                self.in_hand[delivery.queue] -= 1

        self._call(settle)

    def _pause(self, queue: str) -> None:
        self._paused.add(queue)
        tag, channel = self._tags.pop(queue, None), self.usable_channel()
        if tag is not None and channel is not None:
            channel.basic_cancel(tag, callback=lambda _: None)

    def _resume(self, queue: str) -> None:
        self._paused.discard(queue)
        channel = self.usable_channel()
        if queue in self._subscriptions and queue not in self._tags and channel is not None and self.ready.is_set():
            self._consume(channel, queue)

    def _ask_depths(self) -> None:
        channel = self.usable_channel()
        if channel is None or not self.ready.is_set():
            return
        if why := self._progress.missing():
            logger.warning("RabbitMQ does not go on: %s. Connecting anew.", why)
            self.reconnect()
            return
        for queue in self.topology.queues:
            self._progress.asked()
            channel.queue_declare(queue.name, passive=True, callback=self._told_depth)

    def _told_depth(self, frame: Method[Queue.DeclareOk]) -> None:
        told = frame.method
        self.depths[told.queue] = Depth(told.message_count, told.consumer_count)
        wanted = self._subscriptions.get(told.queue) if told.queue in self._tags else None
        room = wanted.prefetch - self.in_hand[told.queue] if wanted is not None else 0
        self._progress.told(told.queue, waiting=room > 0 and told.message_count > 0)

    def _stop_consuming(self, stopped: threading.Event) -> None:
        self._subscriptions.clear()
        channel = self.usable_channel()
        if channel is None:
            stopped.set()
            return
        for tag in self._tags.values():
            channel.basic_cancel(tag, callback=lambda _: None)
        self._tags.clear()
        # Answered after the cancels: pika sends one request at a time.
        channel.basic_qos(callback=lambda _: stopped.set())
