"""What RabbitMQ has confirmed and then lost is published again; what it still has is not."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.db import transaction
from django.utils import timezone

from messaging import housekeeping, recovery
from messaging.housekeeping import Housekeeping
from messaging.models import FailedJob, OutboxMessage, ProcessedMessage, PublishedMessage
from messaging.outbox import publish
from messaging.relay import relay_batch
from messaging.retry import PermanentFailure
from messaging.worker import Worker
from shop.local.rabbitmq import connect
from tests.acceptance.plant import BellRang, Plant
from tests.waiting import eventually

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("amqp_url")]


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(housekeeping, "REPORT_EVERY", 0.05)
    monkeypatch.setattr(housekeeping, "RECOVER_EVERY", 0.05)
    monkeypatch.setattr(recovery, "FRESH", timedelta(seconds=1))
    monkeypatch.setattr(recovery, "FIRST_LOOK", timedelta(seconds=1.5))


def open_door(event: BellRang) -> None:
    Group.objects.create(name=f"door {event.bell}")


def ring(*bells: int) -> None:
    with transaction.atomic():
        for bell in bells:
            publish(BellRang(bell=bell))


def doors() -> int:
    return Group.objects.count()


@contextmanager
def housework(worker: Worker) -> Iterator[None]:
    stop = threading.Event()
    thread = Housekeeping(worker, stop)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def test_what_was_in_a_queue_that_somebody_deleted_is_published_again(amqp_url: str) -> None:
    plant = Plant(open_door)
    ring(1, 2, 3)
    with plant.publisher() as publisher:
        assert relay_batch(publisher) == 3
    with connect(amqp_url) as broker:
        assert broker.channel().queue_delete(plant.topology.queue_of(plant.job.queue)).method.message_count == 3

    with plant.running() as worker, housework(worker):
        eventually(lambda: doors() == 3)
        eventually(lambda: not PublishedMessage.objects.exists())
    assert not OutboxMessage.objects.exists()


def test_a_queue_that_is_deleted_under_a_worker_loses_nothing(amqp_url: str) -> None:
    plant = Plant(open_door)
    with plant.running() as worker, housework(worker):
        for bell in range(50):
            ring(bell)
            if bell % 10 == 5:
                with connect(amqp_url) as broker:
                    broker.channel().queue_delete(plant.topology.queue_of(plant.job.queue))
        eventually(lambda: doors() == 50, seconds=40)


def test_what_a_job_has_settled_is_forgotten() -> None:
    def open_small_doors(event: BellRang) -> None:
        if event.bell > 5:
            raise PermanentFailure("That bell is too high.")
        open_door(event)

    plant = Plant(open_small_doors)
    ring(1, 9)
    with plant.running() as worker, housework(worker):
        eventually(lambda: doors() == 1 and FailedJob.objects.exists())
        eventually(lambda: not PublishedMessage.objects.exists())
    assert not OutboxMessage.objects.exists()


@pytest.mark.parametrize("bells", [[1], [1, 2]], ids=["in hand", "in hand and in the queue"])
def test_a_message_that_rabbitmq_or_a_worker_still_has_is_left_there(bells: list[int]) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def open_heavy_door(event: BellRang) -> Iterator[None]:
        begun.set()
        assert go_on.wait(60)
        yield
        open_door(event)

    plant = Plant(open_heavy_door)
    ring(*bells)
    with plant.publisher() as publisher, plant.worker(concurrency=1) as worker, housework(worker):
        assert relay_batch(publisher) == len(bells)
        assert begun.wait(10)
        for _ in range(2):
            looked_at = PublishedMessage.objects.latest("look_at").look_at
            eventually(lambda: PublishedMessage.objects.earliest("look_at").look_at > looked_at)  # noqa: B023
        assert not OutboxMessage.objects.exists()
        go_on.set()
        eventually(lambda: doors() == len(bells))


def test_a_message_that_was_thought_lost_and_was_not_does_its_job_once() -> None:
    plant = Plant(open_door)
    ring(1)
    with plant.running():
        eventually(ProcessedMessage.objects.exists)
        recovery.publish_again([PublishedMessage.objects.get().pk])
        eventually(lambda: not OutboxMessage.objects.exists())
        ring(2)
        eventually(lambda: Group.objects.filter(name="door 2").exists())
    assert doors() == 2


def test_without_a_worker_that_knows_the_queue_nothing_is_called_lost() -> None:
    plant = Plant(open_door)
    ring(1)
    with plant.publisher() as publisher:
        relay_batch(publisher)
    PublishedMessage.objects.update(look_at=timezone.now(), published_at=timezone.now() - timedelta(days=3))
    recovery.recover()
    assert PublishedMessage.objects.get().look_at > timezone.now() + timedelta(minutes=9)
    assert not OutboxMessage.objects.exists()
