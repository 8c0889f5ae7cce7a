"""Promise 6: a dependency that is down pauses the work; it does not burn attempts."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from itertools import pairwise

import pytest
from django.contrib.auth.models import Group
from django.db import transaction

from messaging.broker import Consumer, Delivery
from messaging.models import FailedJob, JobAttempt, OutboxMessage, Worker
from messaging.outbox import publish
from messaging.pause import Pauses
from messaging.retry import DependencyDown
from orders.models import OrderEmail
from tests.acceptance.conftest import StartWorker
from tests.acceptance.orders import place_order
from tests.acceptance.plant import BellRang, Plant
from tests.acceptance.post_office import PostOffice
from tests.waiting import eventually

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("amqp_url")]

JOB = "orders.send_confirmation"


def close_the_door(post_office: PostOffice) -> Callable[[], None]:
    post_office.close()
    return post_office.open


def say_not_now(post_office: PostOffice) -> Callable[[], None]:
    post_office.turns_away = "421 4.3.2 Not now"
    return lambda: setattr(post_office, "turns_away", "")


def know_nobody(post_office: PostOffice) -> Callable[[], None]:
    post_office.turns_away = "554 5.7.1 We do not know you"
    return lambda: setattr(post_office, "turns_away", "")


def go_home_in_the_middle(post_office: PostOffice) -> Callable[[], None]:
    post_office.refuses = "421 4.3.2 We are closing"
    return lambda: setattr(post_office, "refuses", "")


@pytest.mark.parametrize("go_away", [close_the_door, say_not_now, know_nobody, go_home_in_the_middle])
def test_while_the_mail_server_is_away_its_queue_waits_and_nobody_has_failed(
    start_worker: StartWorker, post_office: PostOffice, go_away: Callable[[PostOffice], Callable[[], None]]
) -> None:
    come_back = go_away(post_office)
    orders = [place_order() for _ in range(30)]
    worker = start_worker("--concurrency", "4")

    row = eventually(lambda: next((each for each in Worker.objects.all() if each.paused), None))
    assert f"The mail server at 127.0.0.1:{post_office.port} does not let us in" in row.paused[JOB]["reason"]
    assert row.paused[JOB]["since"]
    assert f"{JOB} is paused: The mail server at" in worker.log.read_text()
    # Only what was in hand is held; the others wait in RabbitMQ, and no attempt was counted for any of them.
    row = eventually(lambda: Worker.objects.filter(**{f"depths__{JOB}__ready": len(orders) - 4}).first())
    assert row.in_hand == {JOB: 4}
    assert not FailedJob.objects.exists()

    come_back()
    eventually(lambda: OrderEmail.objects.count() == len(orders), seconds=30)
    assert set(post_office.taken.values()) == {1}
    assert not FailedJob.objects.exists()
    assert not JobAttempt.objects.exists()
    assert f"{JOB} goes on after" in worker.log.read_text()
    eventually(lambda: not any(each.paused for each in Worker.objects.all()))


def test_it_probes_less_and_less_often_and_one_probe_is_enough_to_go_on(
    start_worker: StartWorker, post_office: PostOffice
) -> None:
    post_office.turns_away = "421 4.3.2 Not now"
    orders = [place_order() for _ in range(20)]
    start_worker("--concurrency", "2")
    # Both threads have come once; then one message at a time comes back, after 1, 2 and 4 seconds.
    eventually(lambda: len(post_office.turned_away) == 5, seconds=30)
    post_office.turns_away = ""
    opened = time.monotonic()

    eventually(lambda: OrderEmail.objects.count() == len(orders), seconds=30)
    turned_away = post_office.turned_away[1:]
    first, second, third = (later - earlier for earlier, later in pairwise(turned_away))
    assert first >= 1
    assert second >= 2
    assert third >= 4
    assert time.monotonic() - opened < 8 * 1.5, "The next probe comes after 8 seconds, and ends the pause."
    assert len(post_office.turned_away) == 5


def test_what_is_held_too_long_waits_in_rabbitmq_instead_and_that_is_no_attempt(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("messaging.worker.LONGEST_HOLD", 0.3)
    away = threading.Event()
    away.set()
    plant = Plant(telephone(away))
    with plant.relay() as relay, plant.worker(concurrency=3) as worker:
        for bell in range(6):
            ring(bell)
        eventually(lambda: worker.pauses.report())
        # All three that were in hand are given away, and come back to the queue through the outbox.
        eventually(lambda: not +worker.consumer.in_hand)
        assert worker.pauses.report()
        eventually(lambda: not OutboxMessage.objects.exists())
        assert relay.ailment() == ""
        away.clear()
        eventually(lambda: Group.objects.count() == 6, seconds=40)
        eventually(lambda: not worker.pauses.report())
    assert {group.name for group in Group.objects.all()} == {f"call {bell}" for bell in range(6)}
    assert not FailedJob.objects.exists()


def test_the_outbox_keeps_what_was_held_while_rabbitmq_is_away_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("messaging.worker.LONGEST_HOLD", 0.3)
    away = threading.Event()
    away.set()
    plant = Plant(telephone(away))
    with plant.worker(concurrency=1) as worker:
        with plant.relay():
            ring(1)
            eventually(lambda: not OutboxMessage.objects.exists())
        row = eventually(OutboxMessage.objects.first)
        assert (row.queue, row.attempt, row.type) == (plant.job.queue, 1, BellRang.type)
        eventually(lambda: not +worker.consumer.in_hand)
        away.clear()
        with plant.relay():
            eventually(lambda: Group.objects.count() == 1, seconds=40)


def test_what_staff_pause_during_an_outage_goes_on_when_both_are_over() -> None:
    away = threading.Event()
    away.set()
    plant = Plant(telephone(away))
    queue = plant.topology.queue_of(plant.job.queue)
    with plant.relay(), plant.worker(concurrency=1) as worker:
        ring(1)
        eventually(lambda: worker.pauses.report())
        worker.pauses.set_by_staff({queue})
        assert not worker.pauses.let_go(in_hand_for=3600)
        for delivery in worker.pauses.let_go():
            worker.consumer.give_back(delivery)
        eventually(lambda: not +worker.consumer.in_hand)
        # Longer than until the next probe, which would fetch a message and give it back, again and again.
        threading.Event().wait(1.5)
        assert queue in worker.consumer._paused
        away.clear()
        worker.pauses.set_by_staff(())
        eventually(lambda: Group.objects.count() == 1)


def test_a_probe_that_staff_stop_is_followed_by_another_one() -> None:
    plant = Plant(telephone(threading.Event()))
    queue = plant.topology.queue_of(plant.job.queue)
    sent_out: list[Delivery] = []
    consumer = Consumer(plant.nodes, plant.topology, subscriptions=[], deliver=sent_out.append)  # it never connects
    pauses = Pauses(consumer, again=sent_out.append)

    def delivery(tag: int) -> Delivery:
        return Delivery(queue=queue, body=b"", headers={}, redelivered=False, tag=tag, generation=0)

    pauses.begin(delivery(1), "Nobody answers.")
    while not sent_out:
        pauses.probe()
    pauses.set_by_staff({queue})
    assert pauses.holds(sent_out.pop())
    pauses.set_by_staff(())
    pauses.probe()
    assert not pauses.holds(delivery(2)), "It is the next probe."
    consumer._ioloop.close()  # it has a pair of sockets from the beginning


def telephone(away: threading.Event) -> Callable[[BellRang], None]:
    def call(event: BellRang) -> None:
        if away.is_set():
            raise DependencyDown("Nobody answers.")
        Group.objects.create(name=f"call {event.bell}")

    return call


def ring(bell: int) -> None:
    with transaction.atomic():
        publish(BellRang(bell=bell))
