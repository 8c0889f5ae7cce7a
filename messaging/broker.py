"""RabbitMQ: the only importer of pika.

A Link is one AMQP connection with one channel, kept alive by a thread of its own, so that heartbeats never wait for a
job. pika's SelectConnection is not thread-safe: everything but the methods said to be callable from any thread runs in
the Link's thread, and other threads get in by `ioloop.add_callback_threadsafe`.
"""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from pika import BasicProperties, SelectConnection, URLParameters
from pika.adapters.select_connection import IOLoop
from pika.channel import Channel
from pika.connection import Connection
from pika.exceptions import ChannelClosedByBroker
from pika.spec import Basic

from messaging.events import CONTENT_TYPE
from messaging.topology import Topology

logger = logging.getLogger(__name__)

Nodes = Sequence[URLParameters]

#: The header that says which attempt at its job a message is. Without it: the first.
ATTEMPT = "x-attempt"
PERSISTENT = 2

#: Seconds. A dead connection is noticed after two of them at the latest.
HEARTBEAT = 15
#: Seconds for connecting to one node.
CONNECT_TIMEOUT = 5
#: Seconds between attempts to connect: doubled from the first up to the second, with jitter.
RECONNECT_PAUSES = (0.2, 5.0)


class BrokerUnavailable(Exception):
    """RabbitMQ cannot be used right now. The message is a sentence for a person."""


class BrokerMisconfigured(Exception):
    """AMQP_URL is malformed, or a queue exists with other arguments. Waiting does not help."""


class Link(threading.Thread):
    """One connection and channel, with the topology declared, that comes back by itself: to the next node, in turn."""

    def __init__(self, nodes: Nodes, topology: Topology, *, name: str) -> None:
        super().__init__(name=f"amqp-{name}", daemon=True)
        self.nodes = nodes
        self.topology = topology
        #: Set while the channel can be used.
        self.ready = threading.Event()
        #: Set once the first round over all nodes has ended, well or not.
        self.tried = threading.Event()
        self.failure: BrokerUnavailable | BrokerMisconfigured | None = None
        #: Counts channels: a delivery tag is valid only on the channel it came from.
        self.generation = 0
        self._channel: Channel | None = None
        self._connection: SelectConnection | None = None
        self._failures = 0
        self._stopping = False
        self._ioloop = IOLoop()

    def run(self) -> None:
        self._connect()
        self._ioloop.start()
        self._ioloop.close()

    def wait_until_ready(self) -> None:
        """Wait for the first round over the nodes. Raises what it met. For any thread."""
        self.tried.wait()
        if self.failure is not None:
            raise self.failure

    def close(self, timeout: float = 5) -> None:
        """Send what is buffered, close and end the thread; gives up after `timeout` seconds. For any thread."""
        self._call(self._shut)
        self.join(timeout)

    def on_ready(self, channel: Channel) -> None:
        """The topology is declared: begin."""

    def on_lost(self) -> None:
        """The channel is gone."""

    def _call(self, function: Callable[[], None]) -> None:
        self._ioloop.add_callback_threadsafe(function)

    def _connect(self) -> None:
        node = self.nodes[self._failures % len(self.nodes)]
        self._connection = SelectConnection(
            node,
            on_open_callback=self._connected,
            on_open_error_callback=lambda _, error: self._lost(node, error),
            on_close_callback=lambda _, error: self._lost(node, error),
            custom_ioloop=self._ioloop,
        )
        self._connection.add_on_connection_blocked_callback(lambda *_: self._blocked())
        self._connection.add_on_connection_unblocked_callback(lambda *_: self.ready.set())

    def _connected(self, connection: Connection) -> None:
        connection.channel(on_open_callback=self._open)

    def _open(self, channel: Channel) -> None:
        self._channel = channel
        channel.add_on_close_callback(self._channel_closed)
        topology = self.topology
        channel.exchange_declare(topology.events_exchange, "topic", durable=True)
        channel.exchange_declare(topology.dead_exchange, "topic", durable=True)
        for queue in topology.queues:
            channel.queue_declare(queue.name, durable=True, arguments=queue.arguments)
            for key in queue.routing_keys:
                channel.queue_bind(queue.name, queue.exchange, key)
        channel.basic_qos(callback=lambda _: self._declared(channel))

    def _declared(self, channel: Channel) -> None:
        if self._failures:
            logger.info("RabbitMQ is back.")
        self._failures = 0
        self.failure = None
        self.generation += 1
        self.on_ready(channel)
        self.ready.set()
        self.tried.set()

    def _blocked(self) -> None:
        logger.warning("RabbitMQ has an alarm (memory or disk) and takes no messages; they wait in the outbox.")
        self.ready.clear()
        self.on_lost()

    def _channel_closed(self, channel: Channel, error: Exception) -> None:
        if isinstance(error, ChannelClosedByBroker) and error.reply_code == 406 and "inequivalent" in error.reply_text:
            self.failure = BrokerMisconfigured(
                f"RabbitMQ has an exchange or queue with arguments other than this release's: {error.reply_text}. "
                "Let the old workers empty the queue, delete it, and start again."
            )
            logger.error("%s", self.failure)
        elif self._connection is not None and self._connection.is_open and not self._stopping:
            logger.warning("RabbitMQ closed the channel: %s", error)
        if self._connection is not None and self._connection.is_open:
            self._connection.close()

    def _lost(self, node: URLParameters, error: BaseException) -> None:
        self._channel = None
        self.ready.clear()
        self.on_lost()
        if self._stopping:
            self._ioloop.stop()
            return
        self._failures += 1
        if not isinstance(self.failure, BrokerMisconfigured):
            self.failure = BrokerUnavailable(
                f"RabbitMQ at {node.host}:{node.port} (AMQP_URL) cannot be reached: {cause(error)}"
            )
            if self._failures == 1 and self.generation:
                logger.warning("%s", self.failure)
        if self._failures >= len(self.nodes) or isinstance(self.failure, BrokerMisconfigured):
            self.tried.set()
        first, longest = RECONNECT_PAUSES
        pause = min(first * 2 ** min(self._failures - 1, 10), longest)
        self._ioloop.call_later(pause * random.uniform(0.5, 1), self._reconnect)  # noqa: S311 - spreads load

    def _reconnect(self) -> None:
        if not self._stopping:
            self._connect()

    def _shut(self) -> None:
        self._stopping = True
        if self._connection is not None and not (self._connection.is_closed or self._connection.is_closing):
            self._connection.close()
        else:
            self._ioloop.stop()


@dataclass(frozen=True, slots=True)
class Outgoing:
    exchange: str
    routing_key: str
    body: bytes
    message_id: str
    type: str
    attempt: int


class Publisher(Link):
    """Publishes batches with pipelined confirms: one round trip for a batch, not for a message."""

    def __init__(self, nodes: Nodes, topology: Topology) -> None:
        super().__init__(nodes, topology, name="publisher")
        self._batch: _Batch | None = None
        self._next_tag = 1

    def publish(self, messages: Sequence[Outgoing], *, timeout: float) -> tuple[list[int], dict[int, str]]:
        """The indexes of the messages that the broker has taken, and the reasons for those that it has refused.

        Nothing is known about the others: they may or may not be there. For any thread, one batch at a time.
        """
        batch = _Batch(messages)
        self._call(partial(self._start_batch, batch))
        if not batch.done.wait(timeout):
            self._call(self._drop)
            batch.done.wait(CONNECT_TIMEOUT)
        return batch.confirmed, batch.refused

    def on_ready(self, channel: Channel) -> None:
        channel.add_on_return_callback(lambda _, method, properties, __: self._returned(method, properties))
        channel.confirm_delivery(self._confirmed)
        self._next_tag = 1

    def on_lost(self) -> None:
        if self._batch is not None:
            self._batch.done.set()
        self._batch = None

    def _start_batch(self, batch: _Batch) -> None:
        if self._channel is None or not self.ready.is_set():
            batch.done.set()
            return
        self._batch, batch.first_tag = batch, self._next_tag
        for message in batch.messages:
            properties = BasicProperties(
                content_type=CONTENT_TYPE,
                delivery_mode=PERSISTENT,
                headers={ATTEMPT: message.attempt},
                message_id=message.message_id,
                type=message.type,
            )
            self._channel.basic_publish(message.exchange, message.routing_key, message.body, properties, mandatory=True)
        self._next_tag += len(batch.messages)

    def _confirmed(self, frame: Any) -> None:
        if self._batch is not None and self._batch.settle(frame.method):
            self._batch = None

    def _returned(self, method: Basic.Return, properties: BasicProperties) -> None:
        if self._batch is not None:
            self._batch.returned(method, properties)

    def _drop(self) -> None:
        logger.warning("RabbitMQ did not confirm in time; connecting anew. What is unconfirmed is published again.")
        if self._connection is not None and self._connection.is_open:
            self._connection.close()


class _Batch:
    """Published messages that wait for their confirms. Read it only after `done`."""

    def __init__(self, messages: Sequence[Outgoing]) -> None:
        self.messages = messages
        self.confirmed: list[int] = []
        self.refused: dict[int, str] = {}
        self.done = threading.Event()
        self.first_tag = 0
        self._open = set(range(len(messages)))

    def settle(self, method: Basic.Ack | Basic.Nack) -> bool:
        """Take a confirm; True when it was the last one."""
        index = method.delivery_tag - self.first_tag
        # A tag of an earlier batch, given up because of an alarm, is below 0 and settles nothing here.
        settled = [i for i in self._open if i <= index] if method.multiple else [index] if index in self._open else []
        self._open.difference_update(settled)
        if isinstance(method, Basic.Nack):
            self.refused.update(
                dict.fromkeys(settled, "RabbitMQ refused it (nack): its queue is full or has no leader.")
            )
        else:
            self.confirmed.extend(i for i in settled if i not in self.refused)
        if not self._open:
            self.done.set()
        return not self._open

    def returned(self, method: Basic.Return, properties: BasicProperties) -> None:
        """The broker found no queue for a message. It says so before it confirms the message."""
        for index in self._open - self.refused.keys():
            message = self.messages[index]
            if message.message_id == properties.message_id and message.routing_key == method.routing_key:
                self.refused[index] = f"RabbitMQ has no queue for {method.routing_key!r} ({method.reply_text})."
                return


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message in hand. Until it is acked, rejected or given back, the broker holds on to it."""

    queue: str
    body: bytes
    message_id: str
    headers: dict[str, Any]
    redelivered: bool
    tag: int
    generation: int

    @property
    def attempt(self) -> int:
        """Which attempt at its job this is, from 1. A foreign publisher's nonsense counts as the first."""
        number = self.headers.get(ATTEMPT)
        return number if isinstance(number, int) and 0 < number < 2**31 else 1


class Consumer(Link):
    """Takes messages from queues and hands each to `deliver`, which must not block: it runs in the Link's thread."""

    def __init__(
        self,
        nodes: Nodes,
        topology: Topology,
        *,
        queues: Sequence[str],
        prefetch: int,
        deliver: Callable[[Delivery], None],
    ) -> None:
        super().__init__(nodes, topology, name="consumer")
        self.queues = queues
        self.prefetch = prefetch
        self.deliver = deliver

    def ack(self, delivery: Delivery) -> None:
        """It is done. For any thread."""
        self._settle(delivery, lambda channel: channel.basic_ack(delivery.tag))

    def reject(self, delivery: Delivery) -> None:
        """It will never be done: to the dead letters. For any thread."""
        self._settle(delivery, lambda channel: channel.basic_reject(delivery.tag, requeue=False))

    def give_back(self, delivery: Delivery) -> None:
        """Somebody else shall do it. For any thread."""
        self._settle(delivery, lambda channel: channel.basic_nack(delivery.tag, requeue=True))

    def stop_consuming(self, timeout: float) -> None:
        """Receive nothing more; what is in hand can still be settled. For any thread."""
        stopped = threading.Event()
        self._call(partial(self._cancel, stopped))
        stopped.wait(timeout)

    def on_ready(self, channel: Channel) -> None:
        # A deleted queue, or the loss of its leader, cancels the consumer; a new connection declares and consumes anew.
        channel.add_on_cancel_callback(lambda _: channel.close())
        channel.basic_qos(prefetch_count=self.prefetch)
        for queue in self.queues:
            channel.basic_consume(queue, partial(self._deliver, queue, self.generation))

    def _deliver(
        self,
        queue: str,
        generation: int,
        _: Channel,
        method: Basic.Deliver,
        props: BasicProperties,
        body: bytes,
    ) -> None:
        self.deliver(
            Delivery(
                queue=queue,
                body=body,
                message_id=props.message_id or "",
                headers=props.headers or {},
                redelivered=method.redelivered,
                tag=method.delivery_tag,
                generation=generation,
            )
        )

    def _settle(self, delivery: Delivery, act: Callable[[Channel], None]) -> None:
        def settle() -> None:
            # On a newer channel the tag would name another message; the broker has redelivered this one anyway.
            if self._channel is not None and self._channel.is_open and delivery.generation == self.generation:
                act(self._channel)

        self._call(settle)

    def _cancel(self, stopped: threading.Event) -> None:
        channel, self.queues = self._channel, ()
        if channel is None or not channel.is_open:
            stopped.set()
            return
        tags: list[str] = channel.consumer_tags or []
        for tag in tags:
            channel.basic_cancel(tag, callback=lambda _: None)
        # Answered after the cancels: pika sends one request at a time.
        channel.basic_qos(callback=lambda _: stopped.set())


def parse(url: str) -> Nodes:
    """The nodes of AMQP_URL, which may name several, separated by commas. Raises BrokerMisconfigured."""
    nodes = []
    for part in url.split(","):
        try:
            if urlsplit(part.strip()).scheme not in {"amqp", "amqps"} or not urlsplit(part.strip()).hostname:
                raise ValueError("it does not start with amqp://host or amqps://host")
            node = URLParameters(part.strip())
        except Exception as error:
            raise BrokerMisconfigured(
                f"AMQP_URL is malformed ({error}). It looks like amqp://user:password@host:5672/vhost."
            ) from None
        if "heartbeat=" not in part:
            node.heartbeat = HEARTBEAT
        node.connection_attempts = 1
        node.socket_timeout = node.stack_timeout = CONNECT_TIMEOUT
        nodes.append(node)
    return nodes


def cause(error: BaseException) -> str:
    """The words of the innermost reason: pika wraps a refused connection in several layers."""
    inner: tuple[object, ...] = getattr(error, "exceptions", None) or (getattr(error, "exception", None), *error.args)
    found = next((each for each in inner if isinstance(each, BaseException)), None)
    return cause(found) if found is not None else (str(error) or repr(error))
