"""Promises 2, 3 and 5: every event reaches its job, its effects happen once, and nothing vanishes."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import timedelta
from uuid import uuid4

import pytest
from django.contrib.auth.models import Group
from django.db import transaction
from django.utils import timezone

from messaging.failures import LONGEST_HEADER, storable
from messaging.housekeeping import Housekeeping
from messaging.models import FailedJob, JobAttempt, OutboxMessage, ProcessedMessage, Suspect, Worker
from messaging.outbox import publish
from messaging.quarantine import CRASHES
from messaging.retry import DependencyDown, PermanentFailure
from tests.acceptance.plant import BellRang, Plant, message
from tests.waiting import eventually

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("amqp_url")]


def ring(bell: int = 1) -> OutboxMessage:
    with transaction.atomic():
        return publish(BellRang(bell=bell))


def open_door(event: BellRang) -> None:
    """A job with an effect in the database that can be counted."""
    Group.objects.create(name=f"door {event.bell} {uuid4()}")


def doors() -> int:
    return Group.objects.count()


def test_an_event_reaches_its_job_and_leaves_nothing_behind() -> None:
    with Plant(open_door).running():
        message = ring()

        eventually(lambda: doors() == 1)
        eventually(lambda: not OutboxMessage.objects.exists())
    assert ProcessedMessage.objects.get().message_id == message.message_id
    assert not FailedJob.objects.exists()


def test_a_transaction_that_is_rolled_back_has_no_event() -> None:
    with Plant(open_door).running():
        with transaction.atomic():
            publish(BellRang(bell=1))
            transaction.set_rollback(True)
        ring(bell=2)

        eventually(lambda: doors() == 1)
    assert Group.objects.get().name.startswith("door 2")


def test_a_message_that_comes_three_times_does_its_job_once() -> None:
    plant = Plant(open_door)
    body = message(bell=1)
    last = message(bell=2)
    plant.send(body, copies=3)
    plant.send(last)

    with plant.worker(concurrency=1):
        eventually(lambda: Group.objects.filter(name__startswith="door 2").exists())
    assert Group.objects.filter(name__startswith="door 1").count() == 1


def test_of_two_workers_with_the_same_message_one_waits_and_steps_aside() -> None:
    begun, go_on = [], threading.Event()

    def deliver_parcel(event: BellRang) -> Iterator[None]:
        begun.append(event)
        go_on.wait(10)
        yield
        open_door(event)

    plant = Plant(deliver_parcel)
    body = message(bell=1)
    with plant.worker(concurrency=1), plant.worker(concurrency=1):
        plant.send(body, copies=2)
        eventually(lambda: begun)
        # Both workers have their copy; a second run would begin now.
        threading.Event().wait(0.3)
        go_on.set()

        eventually(lambda: doors() == 1)
    assert len(begun) == 1
    assert doors() == 1


def test_a_job_that_fails_keeps_nothing_and_is_tried_again_until_it_succeeds() -> None:
    runs = []

    def open_stuck_door(event: BellRang) -> None:
        open_door(event)
        runs.append(event)
        if len(runs) < 3:
            raise RuntimeError("The door is <stuck>.")

    with Plant(open_stuck_door).running():
        ring()
        eventually(lambda: FailedJob.objects.filter(state=FailedJob.State.RESOLVED).exists())

    assert doors() == 1
    attempts = JobAttempt.objects.all()
    assert [(each.number, each.error_class, each.error_text) for each in attempts] == [
        (1, "builtins.RuntimeError", "The door is <stuck>."),
        (2, "builtins.RuntimeError", "The door is <stuck>."),
    ]
    assert "open_stuck_door" in attempts[0].traceback


def test_an_event_that_a_failing_job_published_does_not_exist() -> None:
    def ring_and_fall(event: BellRang) -> None:
        publish(BellRang(bell=event.bell + 1))
        raise PermanentFailure("The ladder broke.")

    with Plant(ring_and_fall).running():
        ring()
        eventually(lambda: FailedJob.objects.filter(state=FailedJob.State.NEEDS_ATTENTION).exists())

    assert FailedJob.objects.count() == 1
    assert not OutboxMessage.objects.exists()


def test_a_job_that_never_succeeds_needs_attention_after_its_last_attempt() -> None:
    def open_wall(event: BellRang) -> None:
        raise RuntimeError("This is a wall.")

    with Plant(open_wall).running():
        ring()
        failed = eventually(lambda: FailedJob.objects.filter(state=FailedJob.State.NEEDS_ATTENTION).first())

    assert (failed.kind, failed.attempts, failed.error) == ("used_up", 3, "RuntimeError: This is a wall.")
    assert failed.job_attempts.count() == 3
    assert not OutboxMessage.objects.exists()


def test_a_job_whose_object_is_gone_needs_attention_at_once() -> None:
    def greet(event: BellRang) -> None:
        Group.objects.get(pk=event.bell)

    with Plant(greet).running():
        ring(bell=404)
        failed = eventually(lambda: FailedJob.objects.filter(state=FailedJob.State.NEEDS_ATTENTION).first())

    assert (failed.kind, failed.attempts) == ("permanent", 1)


def test_a_job_that_calls_exit_has_failed_and_its_worker_goes_on() -> None:
    def leave(event: BellRang) -> None:
        if event.bell == 1:
            raise SystemExit("Good bye.")
        open_door(event)

    plant = Plant(leave)
    with plant.relay(), plant.worker(concurrency=1):
        ring(bell=1)
        ring(bell=2)
        eventually(lambda: doors() == 1)
        eventually(lambda: FailedJob.objects.filter(error="SystemExit: Good bye.").exists())


NEWER = {"specversion": "1.0", "id": str(uuid4()), "source": "x", "time": "2026-01-01T00:00:00Z", "data": {"bell": 1}}


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"\xff\x00 no message", "not_a_message"),
        (b"", "not_a_message"),
        (json.dumps({**NEWER, "type": "tests.bell_rang", "data": {"bell": "one"}}).encode(), "not_a_message"),
        (json.dumps({**NEWER, "type": "tests.nothing_known"}).encode(), "unknown_type"),
        (json.dumps({**NEWER, "type": "tests.bell_rang", "eventversion": 3}).encode(), "newer_version"),
    ],
    ids=["bytes", "nothing", "data of another shape", "unknown type", "newer version"],
)
def test_what_no_job_can_read_is_kept_for_staff_and_the_worker_goes_on(body: bytes, kind: str) -> None:
    plant = Plant(open_door)
    with plant.running():
        plant.send(body)
        failed = eventually(lambda: FailedJob.objects.first())
        ring()
        eventually(lambda: doors() == 1)

    assert (failed.kind, failed.state, failed.queue) == (kind, "needs_attention", "tests.open_door")
    assert bytes(failed.body) == body


def send_what_ends_workers(plant: Plant) -> bytes:
    """A message waits that has ended as many workers as it may."""
    message_id = uuid4()
    body = message(message_id=message_id)
    plant.send(body)
    plant.take_and_vanish()
    Suspect.objects.create(message_id=message_id, queue=plant.job.queue, begun=CRASHES)
    return body


def test_a_message_that_ends_every_worker_is_put_aside_as_a_crash_loop() -> None:
    plant = Plant(open_door)
    body = send_what_ends_workers(plant)

    with plant.worker():
        failed = eventually(lambda: FailedJob.objects.first())

    assert (failed.kind, failed.state, failed.queue) == ("crash_loop", "needs_attention", "tests.open_door")
    assert bytes(failed.body) == body
    assert doors() == 0


def test_a_copy_of_what_has_been_put_aside_harms_no_further_worker() -> None:
    # Given a message that its relay published twice, because the job ended the process before the confirm was noted
    plant = Plant(open_door)
    body = send_what_ends_workers(plant)
    with plant.worker():
        failed = eventually(lambda: FailedJob.objects.first())
        # When the copy comes
        plant.send(body)
        plant.send(message(bell=2))
        eventually(lambda: doors() == 1)
    # Then its job is not begun, and nothing is new
    assert Group.objects.get().name.startswith("door 2")
    failed.refresh_from_db()
    assert (failed.kind, failed.state, failed.attempts) == ("crash_loop", "needs_attention", 1)
    assert not Suspect.objects.exists()


def test_a_message_whose_workers_died_with_it_waiting_in_their_hands_is_above_suspicion() -> None:
    plant = Plant(open_door)
    plant.send(message(bell=1))
    for _ in range(CRASHES + 1):
        plant.take_and_vanish()

    with plant.worker():
        eventually(lambda: doors() == 1)
    assert not FailedJob.objects.exists()
    assert not Suspect.objects.exists()


def test_hostile_headers_do_not_keep_a_failure_from_being_recorded() -> None:
    headers = {"null": "a\0b", "half": "\ud800", "long": "x" * 200_000, "nested": {"list": [b"\xff", 1, None]}}
    kept = storable(headers)

    FailedJob.objects.create(
        message_id=uuid4(),
        queue="tests.open_door",
        state=FailedJob.State.NEEDS_ATTENTION,
        kind=FailedJob.Kind.NOT_A_MESSAGE,
        body=b"",
        headers=kept,
        last_failed_at=timezone.now(),
    )
    assert kept["null"] == "a\\0b"
    assert len(kept["long"]) == LONGEST_HEADER


def test_an_event_for_later_leaves_later() -> None:
    with Plant(open_door).running():
        with transaction.atomic():
            publish(BellRang(bell=1), delay=timedelta(hours=1))
            publish(BellRang(bell=2), at=timezone.now() + timedelta(milliseconds=100))
        eventually(lambda: doors() == 1)

    assert Group.objects.get().name.startswith("door 2")
    assert OutboxMessage.objects.count() == 1


def test_a_worker_reports_why_it_waits_whatever_a_mail_server_has_said_to_it() -> None:
    # Given a mail server in whose answer there are bytes that PostgreSQL does not take
    def send(event: BellRang) -> None:
        raise DependencyDown("421 no\0 and \udc80 no")

    with Plant(send).running() as worker:
        ring()
        eventually(worker.pauses.report)
        # When its worker reports
        Housekeeping(worker, threading.Event())._report()
    # Then staff can read why it waits
    assert Worker.objects.get().paused["tests.send"]["reason"] == r"421 no\0 and \udc80 no"
