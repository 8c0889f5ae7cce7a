"""Publishing with pipelined confirms: one round trip for a batch, not for a message."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from pika import BasicProperties
from pika.channel import Channel
from pika.spec import Basic

from messaging.broker.consumer import ATTEMPT
from messaging.broker.link import Link
from messaging.broker.nodes import CONNECT_TIMEOUT, Nodes
from messaging.events import CONTENT_TYPE
from messaging.topology import Topology

logger = logging.getLogger(__name__)

PERSISTENT = 2


@dataclass(frozen=True, slots=True)
class Outgoing:
    exchange: str
    routing_key: str
    body: bytes
    message_id: str
    type: str
    attempt: int


class Publisher(Link):
    """The relay's link."""

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
        channel = self.usable_channel()
        if channel is None or not self.ready.is_set():
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
            channel.basic_publish(message.exchange, message.routing_key, message.body, properties, mandatory=True)
        self._next_tag += len(batch.messages)

    def _confirmed(self, frame: Any) -> None:
        if self._batch is not None and self._batch.settle(frame.method):
            self._batch = None

    def _returned(self, method: Basic.Return, properties: BasicProperties) -> None:
        if self._batch is not None:
            self._batch.returned(method, properties)

    def _drop(self) -> None:
        logger.warning("RabbitMQ did not confirm in time; connecting anew. What is unconfirmed is published again.")
        self.reconnect()


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
