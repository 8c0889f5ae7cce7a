"""Strangers publish whatever bytes, properties and headers hypothesis can think of."""

from __future__ import annotations

import time
from contextlib import suppress
from uuid import UUID, uuid5

import pika
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from pika.exceptions import AMQPError

from messaging.attempt import NAMELESS
from messaging.events import NotAMessage, decode_envelope
from messaging.jobs import registered
from messaging.models import FailedJob, ProcessedMessage
from messaging.topology import Topology
from orders.events import ConfirmationRequested, OrderPlaced
from shop.local.rabbitmq import connect
from shop.local.say import say
from tests.chaos.diary import Kind
from tests.chaos.faults.registry import expect, fault, long_round, short_round
from tests.chaos.stage import PREFIX, Stage
from tests.strange_messages import StrangeMessage, strange_messages, thrown

MESSAGES, FEWER = 10_000, 300
#: Seconds. A crowded machine does not get to ten thousand in that time: the ledger tells how many it were.
LONGEST = 90.0
TYPES = [OrderPlaced.type, ConfirmationRequested.type, "orders.nothing_known"]


@fault(Kind.MESSAGE, seconds=LONGEST, possible=long_round)
def throw_strange_messages(stage: Stage) -> None:
    """Strangers throw up to ten thousand messages at the exchanges and at every queue."""
    throw(stage, MESSAGES)


@fault(Kind.MESSAGE, seconds=10, vital=True, possible=short_round)
def throw_some_strange_messages(stage: Stage) -> None:
    """Strangers throw some hundreds of messages at the exchanges and at every queue."""
    throw(stage, FEWER)


def throw(stage: Stage, count: int) -> None:
    before = stage.evidence.thrown
    Thrower(stage).throw(count)
    say(f"  RabbitMQ has taken {stage.evidence.thrown - before} of them")
    expect(stage, lambda: not vanished(stage), within=300, otherwise="Strange messages were not handled in time")


def vanished(stage: Stage) -> set[UUID]:
    """The strange messages that were neither handled nor are in the admin."""
    known = set(FailedJob.objects.values_list("message_id", flat=True))
    return stage.evidence.strange - known - set(ProcessedMessage.objects.values_list("message_id", flat=True))


class TimeIsUp(Exception):
    """The only way to end hypothesis early."""


class Thrower:
    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._connection: pika.BlockingConnection | None = None
        topology = Topology(prefix=PREFIX, jobs=tuple(registered().values()))
        exchanges = [(topology.events_exchange, each) for each in TYPES[:2]] + [(topology.dead_exchange, "strange")]
        self._targets = [*exchanges, *(("", queue.name) for queue in topology.queues)]
        self._dead_ends = [(topology.dead_exchange, "strange"), ("", topology.dead_letters)]

    def throw(self, count: int) -> None:
        deadline = time.monotonic() + LONGEST

        @seed(self._stage.chance.getrandbits(64))
        @settings(
            max_examples=count,
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(strange_messages(TYPES), st.sampled_from(self._targets))
        def throw_one(message: StrangeMessage, target: tuple[str, str]) -> None:
            if time.monotonic() > deadline:
                raise TimeIsUp
            if target in self._dead_ends or "x-death" in (message.properties.headers or {}):
                # A dead letter has nowhere to go when its time is over. And RabbitMQ's queue crashes when it is to move
                # a message whose history is forged.
                message.properties.expiration = None
            self._throw(message, target)

        with thrown(), suppress(TimeIsUp):
            throw_one()
        if self._connection is not None:
            self._connection.close()

    def _throw(self, message: StrangeMessage, target: tuple[str, str]) -> None:
        try:
            if self._connection is None:
                self._connection = connect(",".join(node.url for node in self._stage.nodes))
                self._channel = self._connection.channel()
                self._channel.confirm_delivery()
            self._channel.basic_publish(*target, message.body, message.properties, mandatory=True)
        except AMQPError:
            self._stage.evidence.refused += 1
            if self._connection is not None and self._connection.is_open:
                self._connection.close()
            self._connection = None
        else:
            self._stage.evidence.thrown += 1
            self._stage.evidence.strange.add(name(message))


def name(message: StrangeMessage) -> UUID:
    """By which staff find it: its envelope's id, else one derived from its bytes."""
    try:
        return decode_envelope(message.body).id
    except NotAMessage:
        return uuid5(NAMELESS, message.body.hex())
