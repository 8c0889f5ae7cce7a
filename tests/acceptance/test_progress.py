"""A broker that keeps the connection alive and does nothing on it is noticed, and a new connection works."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.contrib.auth.models import Group
from django.db import transaction
from pytest_django import Settings

from messaging.housekeeping import Housekeeping
from messaging.outbox import publish
from messaging.worker import Worker
from shop.local.rabbitmq_node import PrivateNode
from tests.acceptance.plant import BellRang, Plant
from tests.waiting import eventually

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("amqp_url")]


def open_door(event: BellRang) -> None:
    Group.objects.create(name=f"door {event.bell}")


@pytest.fixture(autouse=True)
def impatience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("messaging.housekeeping.REPORT_EVERY", 0.2)
    monkeypatch.setattr("messaging.broker.progress.PATIENCE", 3.0)
    monkeypatch.setattr("messaging.broker.link.CLOSE_TIMEOUT", 1.0)


def test_a_channel_that_has_gone_to_sleep_in_the_broker_is_given_up(
    rabbitmq_node: PrivateNode, settings: Settings
) -> None:
    settings.MESSAGING["AMQP_URL"] = rabbitmq_node.url
    plant = Plant(open_door)
    with plant.worker() as worker, kept(worker):
        # Its connection, another process, goes on sending heartbeats. It would not even answer when asked to close.
        rabbitmq_node.ctl("eval", "[sys:suspend(Channel) || Channel <- rabbit_channel:list_local()].")
        with plant.relay():
            ring()
            eventually(lambda: Group.objects.count() == 1, seconds=30)
        assert worker.consumer.generation == 2


def test_a_consumer_that_the_broker_has_forgotten_is_made_anew() -> None:
    plant = Plant(open_door)
    with plant.worker() as worker, kept(worker), plant.relay():
        forget_consumers(worker)
        ring()
        eventually(lambda: Group.objects.count() == 1, seconds=30)
        assert worker.consumer.generation == 2


def test_a_worker_that_has_enough_in_hand_does_not_blame_the_broker() -> None:
    go_on = threading.Event()

    def wait(event: BellRang) -> Iterator[None]:
        go_on.wait(30)
        yield

    plant = Plant(wait)
    queue = plant.topology.queue_of(plant.job.queue)
    with plant.worker(concurrency=1) as worker, kept(worker), plant.relay():
        for _ in range(5):
            ring()
        eventually(lambda: (depth := worker.consumer.depths.get(queue)) and depth.ready == 4)
        assert worker.consumer._progress._keeps_since == {}
        go_on.set()


@contextmanager
def kept(worker: Worker) -> Iterator[None]:
    """With the housekeeping that a worker has in its process."""
    stop = threading.Event()
    housekeeping = Housekeeping(worker, stop)
    housekeeping.start()
    try:
        yield
    finally:
        stop.set()
        housekeeping.join()


def forget_consumers(worker: Worker) -> None:
    """Behind the worker's back, as a broker that has lost them."""
    consumer = worker.consumer
    channel, tags = consumer.usable_channel(), list(consumer._tags.values())
    assert channel is not None
    for tag in tags:
        consumer._call(lambda tag=tag: channel.basic_cancel(tag))  # type: ignore[misc]


def ring() -> None:
    with transaction.atomic():
        publish(BellRang(bell=1))
