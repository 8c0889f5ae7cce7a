"""Promise 5: whatever anybody throws at the exchange or at a queue is handled, or it is a row in the admin."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.conf import settings
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from messaging.broker import parse
from messaging.events import NotAMessage, decode_envelope
from messaging.jobs import registered
from messaging.models import FailedJob, ProcessedMessage
from messaging.topology import Topology
from messaging.worker import Worker
from shop.local.rabbitmq import connect, forget
from tests.strange_messages import StrangeMessage, strange_messages, thrown
from tests.waiting import eventually

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.timeout(300),
    pytest.mark.filterwarnings("ignore:Generating overly large repr"),
]

#: How many messages are thrown.
MESSAGES = 400

Target = tuple[str, str]


def test_whatever_strangers_send_is_handled_or_shown_to_staff(amqp_url: str) -> None:
    topology = Topology(
        prefix=f"{settings.MESSAGING['PREFIX']}.{secrets.token_hex(4)}", jobs=tuple(registered().values())
    )
    types = [event.type for job in topology.jobs for event in job.events]
    targets: list[Target] = [(topology.events_exchange, name) for name in types]
    targets += [("", queue.name) for queue in topology.queues]
    sent: list[tuple[Target, StrangeMessage]] = []

    with working(amqp_url, topology) as worker:
        with thrown(), connect(amqp_url) as stranger:
            channel = stranger.channel()
            channel.confirm_delivery()

            # One at a time: hypothesis makes poorer ones when it has to make many at once.
            @hypothesis_settings(
                max_examples=MESSAGES, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck)
            )
            @given(st.sampled_from(targets), strange_messages(types))
            def throw(target: Target, message: StrangeMessage) -> None:
                if target[1] == topology.dead_letters or "x-death" in (message.properties.headers or {}):
                    # A dead letter has nowhere to go when its time is over. And RabbitMQ's queue crashes when it is to
                    # move a message whose history is forged.
                    message.properties.expiration = None
                channel.basic_publish(*target, message.body, message.properties)
                sent.append((target, message))

            throw()
        for target, message in sent:
            for queue in reached(topology, target):
                expect_a_trace(queue, message)
        eventually(lambda: not +worker.consumer.in_hand)
        assert worker.ailment() == ""
        assert worker.consumer.generation == 1, "The connection was never lost."
    assert len(sent) >= MESSAGES / 2


@contextmanager
def working(amqp_url: str, topology: Topology) -> Iterator[Worker]:
    worker = Worker(parse(amqp_url), topology, jobs=topology.jobs, concurrency=4)
    worker.consumer.start()
    worker.consumer.wait_until_ready()
    worker.start()
    try:
        yield worker
    finally:
        drained = worker.drain(20)
        forget(amqp_url, prefix=topology.prefix)
    assert drained


def reached(topology: Topology, target: Target) -> list[str]:
    """The jobs whose queues a message comes to; "" for the dead letters, which belong to no job."""
    exchange, key = target
    if exchange:
        return [job.queue for job in topology.jobs if key in {event.type for event in job.events}]
    return ["" if key == topology.dead_letters else topology.job_queue(key)]


def expect_a_trace(queue: str, message: StrangeMessage) -> None:
    # What expires becomes a dead letter, and strangers may lie about whose.
    of_job = {"queue": queue} if queue and message.properties.expiration is None else {}
    try:
        eventually(lambda: has_left_a_trace(message.body, of_job))
    except AssertionError:
        pytest.fail(f"This left no trace in {queue or 'the dead letters'}: {message!r:.2000}")


def has_left_a_trace(body: bytes, of_job: dict[str, str]) -> bool:
    try:
        message_id = decode_envelope(body).id
    except NotAMessage:
        return FailedJob.objects.filter(body=body, **of_job).exists()
    return any(
        rows.filter(message_id=message_id, **of_job).exists() for rows in (ProcessedMessage.objects, FailedJob.objects)
    )
