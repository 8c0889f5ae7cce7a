"""One connection that lives as long as its thread, through every loss of the broker.

pika's SelectConnection is not thread-safe: everything but the methods said to be callable from any thread runs in the
Link's thread, and other threads get in by `ioloop.add_callback_threadsafe`.
"""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Callable
from functools import partial

from pika import SelectConnection, URLParameters
from pika.adapters.select_connection import IOLoop, _Timeout
from pika.channel import Channel
from pika.connection import Connection
from pika.exceptions import AMQPHeartbeatTimeout, ChannelClosedByBroker

from messaging.broker.nodes import BrokerMisconfigured, Nodes, cause
from messaging.topology import Topology
from messaging.watchdog import SteadyThread

logger = logging.getLogger(__name__)

#: Seconds between attempts to connect: doubled from the first up to the second, with jitter.
RECONNECT_PAUSES = (0.2, 5.0)
#: Rounds over all nodes before RabbitMQ counts as away. One is not enough: RabbitMQ 3.10 answers "internal error" to
#: the first who declares a queue anew that was deleted while the node restarted.
PATIENCE = 3
#: Seconds to open a channel and declare everything. Nodes without a majority accept connections and answer nothing.
DECLARE_TIMEOUT = 20
#: Seconds for a connection to close. A channel that is stuck in the broker never says that it has closed.
CLOSE_TIMEOUT = 5
#: Seconds between two signs of life of the thread.
BEAT = 1


class BrokerUnavailable(Exception):
    """RabbitMQ cannot be used right now. The message is a sentence for a person."""


class Link(SteadyThread):
    """One connection and channel, with the topology declared, that comes back by itself: to the next node, in turn."""

    def __init__(self, nodes: Nodes, topology: Topology, *, name: str) -> None:
        super().__init__(name=f"amqp-{name}", daemon=True)
        self.nodes = nodes
        self.topology = topology
        #: Set while the channel can be used.
        self.ready = threading.Event()
        #: Set once the first attempt to connect has ended, well or not.
        self.tried = threading.Event()
        self.failure: BrokerUnavailable | BrokerMisconfigured | None = None
        #: Counts channels: a delivery tag is valid only on the channel it came from.
        self.generation = 0
        self._channel: Channel | None = None
        self._connection: SelectConnection | None = None
        self._deadline: _Timeout | None = None
        self._failures = 0
        self._stopping = False
        self._ioloop = IOLoop()

    def run(self) -> None:
        self._beat_again()
        self._connect()
        self._ioloop.start()
        self._ioloop.close()

    def wait_until_ready(self) -> None:
        """Wait for the first attempt to connect, to each node in turn. Raises what it met. For any thread."""
        while not self.tried.wait(BEAT):
            if ailment := self.ailment():
                raise BrokerUnavailable(ailment)
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

    def usable_channel(self) -> Channel | None:
        return self._channel if self._channel is not None and self._channel.is_open else None

    def reconnect(self) -> None:
        """Give this connection up and make another one."""
        self.ready.clear()
        self.on_lost()
        if self._connection is not None and self._connection.is_open:
            self._connection.close()
            self._forget_deadline()
            self._deadline = self._ioloop.call_later(CLOSE_TIMEOUT, partial(self._abort, self._connection))

    def _abort(self, connection: SelectConnection) -> None:
        """pika itself ends a connection without heartbeats like this; it offers no public way."""
        connection._terminate_stream(AMQPHeartbeatTimeout("it did not close in time"))

    def _beat_again(self) -> None:
        self.beat()
        self._ioloop.call_later(BEAT, self._beat_again)

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
        self._deadline = self._ioloop.call_later(DECLARE_TIMEOUT, self.reconnect)
        connection.channel(on_open_callback=self._open)

    def _open(self, channel: Channel) -> None:
        self._channel = channel
        # From here on, before anything comes over the new channel, nothing of the old one may be settled.
        self.generation += 1
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
        self._forget_deadline()
        if self.tried.is_set():
            logger.info("RabbitMQ is back.")
        self._failures = 0
        self.failure = None
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
        self._forget_deadline()
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
            if self._failures == 1 and self.tried.is_set():
                logger.warning("%s", self.failure)
        if self._failures >= PATIENCE * len(self.nodes) or isinstance(self.failure, BrokerMisconfigured):
            self.tried.set()
        first, longest = RECONNECT_PAUSES
        pause = min(first * 2 ** min(self._failures - 1, 10), longest)
        self._ioloop.call_later(pause * random.uniform(0.5, 1), self._connect_again)  # noqa: S311 - spreads load

    def _connect_again(self) -> None:
        if not self._stopping:
            self._connect()

    def _forget_deadline(self) -> None:
        if self._deadline is not None:
            self._ioloop.remove_timeout(self._deadline)
            self._deadline = None

    def _shut(self) -> None:
        self._stopping = True
        if self._connection is not None and not (self._connection.is_closed or self._connection.is_closing):
            self._connection.close()
        else:
            self._ioloop.stop()
