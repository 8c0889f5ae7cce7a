"""Finding a RabbitMQ: the one in AMQP_URL, this machine's, a container of our own, or a private node."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pika
from pika.exceptions import AMQPError

from messaging.broker import BrokerMisconfigured, cause, parse
from messaging.jobs import registered
from messaging.topology import Topology
from shop.local.ports import answers
from shop.local.rabbitmq_container import Container, docker_answers
from shop.local.rabbitmq_node import PrivateNode
from shop.local.say import CannotGoOn, say

DEFAULT_URL = "amqp://guest:guest@localhost:5672/%2F"


class SharedBroker:
    """A broker that was there before us. Others may use it, so nothing here stops it."""

    def __init__(self, url: str) -> None:
        self.url = url


PrivateBroker = Container | PrivateNode
Broker = SharedBroker | PrivateBroker


@contextmanager
def broker(folder: Path, *, keep: bool = False) -> Iterator[Broker]:
    """The first of the four that there is. A private one has its data in `folder` and is stopped at the end."""
    found = given() or on_this_machine() or container() or PrivateNode.start(folder, keep=keep)
    try:
        yield found
    finally:
        if not isinstance(found, SharedBroker):
            found.stop()


def given() -> SharedBroker | None:
    url = os.environ.get("AMQP_URL")
    if not url:
        return None
    check(url)
    say("RabbitMQ: the one in AMQP_URL.")
    return SharedBroker(url)


def on_this_machine() -> SharedBroker | None:
    if not answers(5672, "localhost"):
        return None
    try:
        check(DEFAULT_URL)
    except CannotGoOn:
        return None  # something else listens there, or a RabbitMQ that doesn't want us
    say("RabbitMQ: the one that answers on localhost:5672.")
    return SharedBroker(DEFAULT_URL)


def container() -> Container | None:
    if not docker_answers():
        return None
    try:
        started = Container.start()
    except CannotGoOn as error:
        say(f"{error} Going on without Docker.")
        return None
    say(f"RabbitMQ: a container, {started.name}.")
    return started


def check(url: str) -> None:
    """Raises CannotGoOn unless one of the nodes that `url` names, separated by commas, lets us in."""
    try:
        nodes = parse(url)
    except BrokerMisconfigured as error:
        raise CannotGoOn(str(error)) from error
    failures = []
    for node in nodes:
        try:
            pika.BlockingConnection(node).close()
            return
        except (AMQPError, OSError) as error:
            failures.append(f"{node.host}:{node.port} ({cause(error)})")
    raise CannotGoOn(f"No RabbitMQ answers at AMQP_URL. Tried {', '.join(failures)}. Start it, or unset AMQP_URL.")


def forget(url: str, *, prefix: str) -> None:
    """Delete what a shop with this prefix has declared. For brokers that go on without us."""
    topology = Topology(prefix=prefix, jobs=tuple(registered().values()))
    with connect(url) as connection:
        channel = connection.channel()
        for queue in topology.queues:
            channel.queue_delete(queue.name)
        for exchange in (topology.events_exchange, topology.dead_exchange):
            channel.exchange_delete(exchange)


def connect(url: str) -> pika.BlockingConnection:
    """To the first node of `url` that answers."""
    return pika.BlockingConnection(parse(url))
