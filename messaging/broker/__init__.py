"""RabbitMQ: the only importer of pika.

A Link is one AMQP connection with one channel, kept alive by a thread of its own, so that heartbeats never wait for a
job. The Publisher is the Link of the relay, the Consumer that of a worker.
"""

from __future__ import annotations

from messaging.broker.consumer import ATTEMPT, Consumer, Delivery, Subscription
from messaging.broker.link import BrokerUnavailable, Link
from messaging.broker.nodes import BrokerMisconfigured, Nodes, cause, parse
from messaging.broker.publisher import Outgoing, Publisher

__all__ = [
    "ATTEMPT",
    "BrokerMisconfigured",
    "BrokerUnavailable",
    "Consumer",
    "Delivery",
    "Link",
    "Nodes",
    "Outgoing",
    "Publisher",
    "Subscription",
    "cause",
    "parse",
]
