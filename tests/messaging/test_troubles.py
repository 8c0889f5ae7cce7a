from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.utils import timezone

from messaging.models import PausedQueue
from messaging.status import status
from messaging.troubles import lasted, troubles
from tests.factories import OutboxMessageFactory, WorkerFactory

pytestmark = pytest.mark.django_db

EVERY_JOB = ["catalog.make_renditions", "catalog.remove_files", "orders.send_confirmation"]


@pytest.fixture(autouse=True)
def ten_o_clock() -> Iterator[None]:
    with time_machine.travel(datetime(2026, 11, 24, 10, tzinfo=UTC), tick=False):
        yield


def ago(**duration: float) -> datetime:
    return timezone.now() - timedelta(**duration)


def test_a_shop_whose_workers_run_has_no_troubles() -> None:
    WorkerFactory.create(queues=EVERY_JOB)
    OutboxMessageFactory.create()
    assert troubles(status()) == []


def test_a_worker_that_was_killed_is_missed_and_nothing_is_lost() -> None:
    WorkerFactory.create(last_seen=ago(minutes=3, seconds=10))
    assert troubles(status()) == ["No worker has reported for 3 minutes."]
    OutboxMessageFactory.create()
    assert troubles(status()) == ["No worker has reported for 3 minutes: e-mails are waiting, none is lost."]


def test_workers_that_have_stopped_in_peace_are_missed_too() -> None:
    OutboxMessageFactory.create()
    assert troubles(status()) == ["No worker is running: e-mails are waiting, none is lost."]


def test_rabbitmq_that_does_not_answer_the_workers_is_a_trouble() -> None:
    WorkerFactory.create(queues=EVERY_JOB, depths={})
    assert troubles(status()) == ["RabbitMQ does not answer the workers: messages wait in the outbox, none is lost."]


def test_what_rabbitmq_refuses_is_a_trouble() -> None:
    WorkerFactory.create(queues=EVERY_JOB)
    OutboxMessageFactory.create_batch(2, parked_at=ago(hours=2), parked_reason="no queue")
    assert troubles(status()) == ["RabbitMQ has refused 2 messages, the first one for 2 hours."]


def test_an_outbox_that_no_relay_empties_is_a_trouble() -> None:
    # Given workers of run_consumer --no-relay, and nobody who relays
    WorkerFactory.create(queues=EVERY_JOB)
    OutboxMessageFactory.create(available_at=ago(minutes=1))
    assert troubles(status()) == []
    OutboxMessageFactory.create(available_at=ago(minutes=12))
    assert troubles(status()) == ["The outbox has waited for 12 minutes: no relay takes its messages to RabbitMQ."]


def test_a_job_that_no_running_worker_does_is_a_trouble() -> None:
    WorkerFactory.create(queues=["catalog.make_renditions"])
    assert troubles(status()) == [
        "No running worker does this job: Order confirmation. Its messages are waiting, none is lost."
    ]


def test_pauses_are_told_with_their_reason() -> None:
    PausedQueue.objects.create(queue="orders.send_confirmation", reason="The letter is wrong", paused_by="alice")
    away = {"catalog.make_renditions": {"since": ago(minutes=5).isoformat(), "reason": "The disk is\u202e full\x1b"}}
    WorkerFactory.create(queues=EVERY_JOB, paused=away)
    assert troubles(status()) == [
        r"Renditions is waiting since 24 Nov, 09:55: The disk is\u202e full\x1b",
        "Order confirmation is paused by alice since 24 Nov, 10:00: The letter is wrong",
    ]


@pytest.mark.parametrize(
    ("duration", "words"),
    [
        (timedelta(seconds=-1), "0 seconds"),
        (timedelta(seconds=1), "1 second"),
        (timedelta(seconds=59.9), "59 seconds"),
        (timedelta(minutes=1), "1 minute"),
        (timedelta(minutes=90), "1 hour"),
        (timedelta(days=2), "2 days"),
    ],
)
def test_a_duration_is_told_in_its_largest_unit(duration: timedelta, words: str) -> None:
    assert lasted(duration) == words
