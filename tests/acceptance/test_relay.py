"""A row leaves the outbox only when RabbitMQ has confirmed its message."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.contrib.auth.models import Group
from django.db import connection, transaction
from django.utils import timezone
from pytest_django import Settings

from messaging import relay
from messaging.broker import BrokerMisconfigured, Link, parse
from messaging.models import OutboxMessage
from messaging.outbox import publish
from messaging.relay import Relay, relay_batch
from messaging.relay_lock import exclusive
from messaging.topology import Topology
from shop.local.rabbitmq import connect
from shop.local.rabbitmq_node import PrivateNode
from tests.acceptance.plant import BellRang, Plant
from tests.waiting import eventually

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("amqp_url")]


def open_door(event: BellRang) -> None:
    Group.objects.create(name=f"door {event.bell}")


def ring(bell: int = 1) -> OutboxMessage:
    with transaction.atomic():
        return publish(BellRang(bell=bell))


def test_what_rabbitmq_does_not_confirm_stays_in_the_outbox(
    rabbitmq_node: PrivateNode, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay, "CONFIRM_TIMEOUT", 0.5)
    settings.MESSAGING["AMQP_URL"] = rabbitmq_node.url
    plant = Plant(open_door)
    with plant.publisher() as publisher:
        ring()
        # An alarm: the broker reads nothing more from connections that publish, and confirms nothing.
        rabbitmq_node.ctl("set_vm_memory_high_watermark", "0.000001")
        try:
            assert relay_batch(publisher) == 0
            assert OutboxMessage.objects.count() == 1
        finally:
            rabbitmq_node.ctl("set_vm_memory_high_watermark", "0.4")
        eventually(lambda: relay_batch(publisher) == 1)
    assert not OutboxMessage.objects.exists()


def test_a_message_for_a_queue_that_does_not_exist_is_parked_with_the_reason_and_tried_again() -> None:
    plant = Plant(open_door)
    message = ring()
    OutboxMessage.objects.update(queue="tests.nobody")
    with plant.publisher() as publisher:
        assert relay_batch(publisher) == 0
    parked = OutboxMessage.objects.get(pk=message.pk)
    assert "has no queue for" in parked.parked_reason
    assert parked.available_at > timezone.now()
    # And when it is refused again, it is still known since when it has waited
    OutboxMessage.objects.update(available_at=timezone.now())
    with plant.publisher() as publisher:
        assert relay_batch(publisher) == 0
    again = OutboxMessage.objects.get(pk=message.pk)
    assert parked.parked_at == again.parked_at
    assert again.available_at > parked.available_at


def test_an_event_that_no_job_has_subscribed_to_is_parked_and_keeps_nobody_waiting() -> None:
    plant = Plant(open_door)
    ring(bell=1)
    OutboxMessage.objects.update(type="tests.unheard_of")
    ring(bell=2)
    with plant.running():
        eventually(lambda: Group.objects.filter(name="door 2").exists())
    assert OutboxMessage.objects.get().parked_reason


def test_of_two_relays_one_works_and_the_other_takes_over(monkeypatch: pytest.MonkeyPatch) -> None:
    plant = Plant(open_door)
    ring()
    with plant.publisher() as publisher:
        with another_relay_at_work():
            assert relay_batch(publisher) == 0
        assert relay_batch(publisher) == 1


def test_events_leave_in_the_order_of_their_transactions() -> None:
    plant = Plant(open_door)
    for bell in range(20):
        ring(bell)
    with plant.relay(), plant.worker(concurrency=1):
        eventually(lambda: Group.objects.count() == 20)
    assert [group.name for group in Group.objects.order_by("pk")] == [f"door {bell}" for bell in range(20)]


def test_a_commit_wakes_the_relay_long_before_its_next_look(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay, "POLL", 60)
    with Plant(open_door).relay() as relaying:
        eventually(lambda: asleep(relaying))
        ring()
        eventually(lambda: not OutboxMessage.objects.exists(), seconds=10)
        relaying.stop.set()
        ring()  # wakes it once more, so that it sees that it is to stop


def test_a_queue_that_exists_with_other_arguments_is_named_with_what_to_do(amqp_url: str) -> None:
    plant = Plant(open_door)
    [queue, _] = plant.topology.queues
    with connect(amqp_url) as broker:
        broker.channel().queue_declare(queue.name, durable=True, arguments={"x-queue-type": "quorum"})
    link = Link(plant.nodes, plant.topology, name="test")
    link.start()
    with pytest.raises(BrokerMisconfigured, match=rf"{queue.name}.*delete it, and start again"):
        link.wait_until_ready()
    link.close()


def test_a_node_that_does_not_answer_is_passed_over_for_the_next_one(amqp_url: str) -> None:
    topology = Topology(prefix=Plant(open_door).topology.prefix, jobs=())
    link = Link(parse(f"amqp://127.0.0.1:1/,{amqp_url}"), topology, name="test")
    link.start()
    eventually(link.ready.is_set)
    link.close()


@contextmanager
def another_relay_at_work() -> Iterator[None]:
    """In a thread of its own, for locks belong to a connection."""
    working, done = threading.Event(), threading.Event()

    def work() -> None:
        with exclusive() as mine:
            assert mine
            working.set()
            done.wait(20)
        connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    assert working.wait(10)
    yield
    done.set()
    thread.join()


def asleep(relaying: Relay) -> bool:
    return connection.vendor != "postgresql" or relaying._listening is not None
