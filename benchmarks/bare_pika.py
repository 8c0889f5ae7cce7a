"""What pika and RabbitMQ do at best, with nothing of ours in between."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Sequence
from typing import Any

from pika import BasicProperties, SelectConnection, URLParameters
from pika.channel import Channel
from pika.connection import Connection

from shop.local.say import CannotGoOn

PERSISTENT = BasicProperties(delivery_mode=2)
#: Messages on their way at once. More gain nothing: measured from 500 up to all.
WINDOW = 2000


class Bare:
    """One SelectConnection with one channel in confirm mode, used by the thread that makes it. Runs until `stop()`."""

    def __init__(self, url: str) -> None:
        self.connection = SelectConnection(
            URLParameters(url),
            on_open_callback=self.connected,
            on_open_error_callback=lambda _, error: self.give_up(error),
            on_close_callback=lambda _, error: self.connection.ioloop.stop(),
        )
        self.failure: object = None

    def run(self) -> None:
        """Raises CannotGoOn if the broker did not take part."""
        self.connection.ioloop.start()
        self.connection.ioloop.close()
        if self.failure:
            raise CannotGoOn(f"Bare pika failed: {self.failure}")

    def stop(self) -> None:
        self.connection.close()

    def give_up(self, error: object) -> None:
        self.failure = error
        self.connection.ioloop.stop()

    def connected(self, connection: Connection) -> None:
        connection.channel(on_open_callback=self.opened)

    def opened(self, channel: Channel) -> None:
        channel.add_on_return_callback(lambda *_: self.give_up("a message was returned"))
        channel.confirm_delivery(self.confirmed, callback=lambda _: self.begin(channel))

    def begin(self, channel: Channel) -> None: ...

    def confirmed(self, frame: Any) -> None: ...


class Flood(Bare):
    """Publishes bodies as fast as they are confirmed."""

    def __init__(self, url: str, *, exchange: str, routing_key: str, bodies: Sequence[bytes]) -> None:
        super().__init__(url)
        self.exchange, self.routing_key, self.bodies = exchange, routing_key, bodies
        self.sent = self.settled = 0
        self.seconds = 0.0

    def begin(self, channel: Channel) -> None:
        self.channel, self.started = channel, time.perf_counter()
        self.fill()

    def fill(self) -> None:
        until = min(self.settled + WINDOW, len(self.bodies))
        for body in self.bodies[self.sent : until]:
            self.channel.basic_publish(self.exchange, self.routing_key, body, PERSISTENT, mandatory=True)
        self.sent = until

    def confirmed(self, frame: Any) -> None:
        self.settled = frame.method.delivery_tag if frame.method.multiple else self.settled + 1
        if self.settled >= len(self.bodies):
            self.seconds = time.perf_counter() - self.started
            self.stop()
        elif self.sent - self.settled <= WINDOW // 2:
            self.fill()


class RoundTrips(Bare):
    """One message at a time: published, confirmed and delivered back through a quorum queue of its own."""

    def __init__(self, url: str, *, queue: str, count: int, pause: float) -> None:
        super().__init__(url)
        self.queue, self.count, self.pause = queue, count, pause
        self.waiting_for: set[str] = set()
        #: Seconds from the publishing of each message to its delivery or its confirm, whichever came last.
        self.seconds: deque[float] = deque()

    def begin(self, channel: Channel) -> None:
        self.channel = channel
        channel.queue_declare(self.queue, durable=True, arguments={"x-queue-type": "quorum"})
        channel.basic_consume(self.queue, self.delivered, callback=lambda _: self.publish())

    def publish(self) -> None:
        self.waiting_for = {"confirm", "delivery"}
        self.started = time.perf_counter()
        self.channel.basic_publish("", self.queue, b"x" * 300, PERSISTENT, mandatory=True)

    def confirmed(self, frame: Any) -> None:
        self.came("confirm")

    def delivered(self, channel: Channel, method: Any, _: BasicProperties, __: bytes) -> None:
        channel.basic_ack(method.delivery_tag)
        self.came("delivery")

    def came(self, what: str) -> None:
        self.waiting_for.discard(what)
        if self.waiting_for:
            return
        self.seconds.append(time.perf_counter() - self.started)
        if len(self.seconds) < self.count:
            self.connection.ioloop.call_later(self.pause, self.publish)
        else:
            self.channel.queue_delete(self.queue, callback=lambda _: self.stop())
