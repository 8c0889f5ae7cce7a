from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import NoReturn

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.db import DatabaseError, connection
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks

from messaging import repair
from messaging.broker import ATTEMPT, Delivery, Link
from messaging.failures import Failure, record
from messaging.jobs import registered
from messaging.models import Batch, FailedJob, OutboxMessage, ProcessedMessage
from messaging.repair import discard, retry
from tests.factories import FailedJobFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def alice() -> User:
    return User.objects.create_superuser("alice")


@pytest.fixture
def bob(transactional_db: None) -> User:
    return User.objects.create_superuser("bob")


def test_alice_retries_a_job_and_its_message_goes_out_again_to_that_job_only(alice: User) -> None:
    # Given a confirmation that ten attempts could not send
    failed = FailedJobFactory.create(attempts=10)
    # When Alice retries it
    result = retry(FailedJob.objects.all(), by=alice)
    # Then its message waits for the relay, under its old id, as the eleventh attempt, and is due
    assert (result.taken, result.skipped, result.made_by) == (1, 0, "alice")
    message = OutboxMessage.objects.get()
    assert (message.message_id, message.queue, message.attempt) == (failed.message_id, failed.queue, 11)
    assert bytes(message.body) == failed.body
    assert message.available_at <= timezone.now()
    failed.refresh_from_db()
    assert failed.state == FailedJob.State.RETRIED
    # And it is known who did that
    entry = LogEntry.objects.get()
    assert (entry.user, entry.object_id, entry.change_message) == (alice, str(failed.pk), f"Queued again, in {result}.")


def test_a_double_click_queues_once(alice: User) -> None:
    FailedJobFactory.create()
    retry(FailedJob.objects.all(), by=alice)
    second = retry(FailedJob.objects.all(), by=alice)
    assert (second.taken, second.skipped) == (0, 1)
    assert OutboxMessage.objects.count() == 1
    assert LogEntry.objects.count() == 1


@pytest.mark.parametrize("state", sorted(set(FailedJob.State) - {FailedJob.State.NEEDS_ATTENTION}))
def test_a_job_that_needs_no_attention_is_not_queued(alice: User, state: str) -> None:
    FailedJobFactory.create(state=state)
    assert retry(FailedJob.objects.all(), by=alice).skipped == 1
    assert not OutboxMessage.objects.exists()


def test_alice_and_bob_retry_the_same_jobs_at_once_and_each_is_queued_once(alice: User, bob: User) -> None:
    # Given twenty failed jobs, which Alice and Bob have selected in opposite orders
    FailedJobFactory.create_batch(20)
    start = threading.Barrier(2, timeout=10)

    def press(who: User, order: str) -> Batch:
        try:
            start.wait()
            return retry(FailedJob.objects.order_by(order), by=who)
        finally:
            connection.close()

    # When both press Retry
    with ThreadPoolExecutor(2) as threads:
        pressed = [threads.submit(press, alice, "pk"), threads.submit(press, bob, "-pk")]
        results = [each.result(timeout=30) for each in pressed]
    # Then neither fails, and each job is queued by one of them and skipped by the other
    assert sum(result.taken for result in results) == 20
    assert sum(result.skipped for result in results) == 20
    assert OutboxMessage.objects.count() == 20


def test_retry_works_while_rabbitmq_is_away(
    alice: User,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    def connect(link: Link) -> NoReturn:
        raise AssertionError("Retry asked for RabbitMQ.")

    monkeypatch.setattr(Link, "start", connect)
    FailedJobFactory.create()
    with django_capture_on_commit_callbacks(execute=True):
        assert retry(FailedJob.objects.all(), by=alice).taken == 1


def test_a_retried_job_gets_all_its_attempts_again(alice: User) -> None:
    # Given a job that gives up after ten attempts, which has used them up
    job = registered()["orders.send_confirmation"]
    assert job.retry.attempts == 10
    failed = FailedJobFactory.create(attempts=0, state=FailedJob.State.RETRYING)
    assert [fails(failed, number) for number in range(1, 11)] == [False] * 9 + [True]
    # When Alice retries it
    retry(FailedJob.objects.all(), by=alice)
    # Then it gives up after ten more
    assert [fails(failed, number) for number in range(11, 21)] == [False] * 9 + [True]
    failed.refresh_from_db()
    assert (failed.state, failed.kind) == (FailedJob.State.NEEDS_ATTENTION, FailedJob.Kind.USED_UP)
    # And once more, if Alice insists
    assert retry(FailedJob.objects.all(), by=alice).taken == 1
    assert not fails(failed, 21)


def test_a_job_that_this_release_does_not_have_stays_where_it_is_and_is_named(alice: User) -> None:
    FailedJobFactory.create()
    gone = FailedJobFactory.create(queue="orders.send_telegram")
    result = retry(FailedJob.objects.all(), by=alice)
    assert (result.taken, result.skipped, result.without_job) == (1, 0, {"orders.send_telegram": 1})
    gone.refresh_from_db()
    assert gone.state == FailedJob.State.NEEDS_ATTENTION


def test_if_the_database_fails_half_way_nothing_has_been_retried(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    FailedJobFactory.create_batch(3)

    def fail(*_: object) -> NoReturn:
        raise DatabaseError("disk full")

    monkeypatch.setattr(repair, "_log", fail)
    with pytest.raises(DatabaseError, match="disk full"):
        retry(FailedJob.objects.all(), by=alice)
    assert FailedJob.objects.filter(state=FailedJob.State.NEEDS_ATTENTION).count() == 3
    assert not OutboxMessage.objects.exists()
    assert not Batch.objects.exists()


def test_a_batch_larger_than_what_is_in_memory_at_once_takes_every_job_once(
    alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(repair, "AT_ONCE", 2)
    FailedJobFactory.create_batch(5)
    batch = retry(FailedJob.objects.filter(state=FailedJob.State.NEEDS_ATTENTION), by=alice)
    assert batch.taken == batch.failed_jobs.count() == OutboxMessage.objects.count() == LogEntry.objects.count() == 5


def test_what_alice_saw_and_somebody_else_took_counts_as_skipped(alice: User) -> None:
    FailedJobFactory.create_batch(2)
    batch = retry(FailedJob.objects.filter(state=FailedJob.State.NEEDS_ATTENTION), by=alice, expected=5)
    assert (batch.taken, batch.skipped) == (2, 3)


def test_a_job_that_has_been_done_meanwhile_is_resolved_and_not_queued(alice: User) -> None:
    failed = FailedJobFactory.create()
    ProcessedMessage.objects.create(message_id=failed.message_id, queue=failed.queue)
    batch = retry(FailedJob.objects.all(), by=alice)
    assert (batch.taken, batch.skipped, batch.done_already) == (0, 0, {"the job has been done": 1})
    assert not OutboxMessage.objects.exists()
    failed.refresh_from_db()
    assert failed.state == FailedJob.State.RESOLVED
    assert LogEntry.objects.get().change_message == "Not queued: the job has been done."


def test_alice_discards_a_job_and_says_why(alice: User) -> None:
    failed = FailedJobFactory.create()
    batch = discard(FailedJob.objects.all(), by=alice, reason="A test order")
    failed.refresh_from_db()
    assert (failed.state, failed.batch, batch.taken) == (FailedJob.State.DISCARDED, batch, 1)
    assert LogEntry.objects.get().change_message == f"Discarded, in {batch}: A test order"
    assert not OutboxMessage.objects.exists()
    # And a discarded job is not retried by whoever still has it on a page
    assert retry(FailedJob.objects.all(), by=alice).skipped == 1


def fails(failed: FailedJob, number: int) -> bool:
    """The job's attempt with this number fails, as a mail server's hiccup would make it. Whether that was the last."""
    message = Delivery(
        queue=failed.queue,
        body=bytes(failed.body),
        headers={ATTEMPT: number},
        redelivered=False,
        tag=1,
        generation=1,
    )
    failure = Failure(ConnectionResetError("Connection reset by peer"), timezone.now(), timedelta(seconds=1))
    return record(message, registered()[failed.queue], failed.message_id, failure)
