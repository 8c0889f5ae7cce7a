from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from messaging.models import FailedJob, PausedQueue, ProcessedMessage
from messaging.status import MINUTES, QueueStatus, status
from tests.factories import FailedJobFactory, OutboxMessageFactory, WorkerFactory

pytestmark = pytest.mark.django_db

QUEUE = "orders.send_confirmation"


def minutes(number: float) -> timedelta:
    return timedelta(minutes=number)


def of_confirmations() -> QueueStatus:
    [found] = [queue for queue in status().queues if queue.name == QUEUE]
    return found


def test_each_message_of_the_outbox_waits_is_scheduled_or_is_parked() -> None:
    # Given two messages that are due, one that is scheduled, and two that RabbitMQ has refused, one of them due again
    now = timezone.now()
    for due in (now - minutes(4), now - minutes(1), now + minutes(30)):
        OutboxMessageFactory.create(available_at=due)
    for due in (now - minutes(10), now + minutes(0.5)):
        OutboxMessageFactory.create(available_at=due, parked_at=now - minutes(90), parked_reason="no queue")
    outbox = status().outbox
    assert (outbox.waiting, outbox.scheduled, outbox.parked) == (2, 1, 2)
    assert (outbox.waiting_since, outbox.parked_since) == (now - minutes(4), now - minutes(90))
    assert outbox.next_due == now + minutes(30)
    # Then what RabbitMQ refuses does not look young because it is tried every half minute
    assert outbox.unsent_since == now - minutes(90)


def test_an_empty_outbox_has_waited_for_nothing() -> None:
    outbox = status().outbox
    assert (outbox.waiting, outbox.scheduled, outbox.parked) == (0, 0, 0)
    assert outbox.unsent_since is outbox.waiting_since is outbox.parked_since is outbox.next_due is None


def test_a_queue_is_as_deep_as_the_newest_report_of_a_running_worker_says() -> None:
    now = timezone.now()
    depths = [{QUEUE: {"ready": ready, "consumers": 2}} for ready in (900, 40, 50)]
    WorkerFactory.create(last_seen=now - minutes(5), depths=depths[0], in_hand={QUEUE: 8})
    WorkerFactory.create(last_seen=now - minutes(0.1), depths=depths[1], in_hand={QUEUE: 3})
    WorkerFactory.create(last_seen=now, depths=depths[2], in_hand={QUEUE: 4}, queues=["catalog.make_renditions"])
    found = of_confirmations()
    assert (found.ready, found.consumers, found.unacked, found.workers) == (50, 2, 7, 1)
    assert status().broker_answers
    assert len(status().running) == 2


def test_nobody_knows_how_deep_a_queue_is_while_no_worker_runs() -> None:
    WorkerFactory.create(last_seen=timezone.now() - minutes(3))
    found = status()
    assert (found.running, found.broker_answers, found.last_report) == ([], None, found.workers[0].last_seen)
    assert (of_confirmations().ready, of_confirmations().consumers, of_confirmations().workers) == (None, None, 0)


def test_a_worker_that_rabbitmq_does_not_answer_says_so() -> None:
    WorkerFactory.create(depths={})
    assert status().broker_answers is False


def test_what_was_done_is_counted_minute_by_minute() -> None:
    this_minute = timezone.now().replace(second=0, microsecond=0)
    for ago, number in ((0, 2), (1, 3), (MINUTES - 1, 4), (MINUTES, 5)):
        for _ in range(number):
            ProcessedMessage.objects.create(
                message_id=uuid4(), queue=QUEUE, processed_at=this_minute - minutes(ago) + minutes(0.0001)
            )
    done = of_confirmations().done
    assert (len(done), done[0], done[-2], done[-1], sum(done)) == (MINUTES, 4, 3, 2, 9)


def test_failed_jobs_are_counted_by_what_they_wait_for() -> None:
    for state in FailedJob.State:
        FailedJobFactory.create(state=state)
    FailedJobFactory.create()
    found = of_confirmations()
    assert (found.needs_attention, found.retrying) == (2, 2)


def test_a_queue_is_paused_by_staff_or_because_something_is_away() -> None:
    now = timezone.now()
    PausedQueue.objects.create(queue=QUEUE, reason="The letter is wrong", paused_by="alice")
    PausedQueue.objects.create(queue="orders.of_another_release", reason="Later", paused_by="bob")
    for ago, reason in ((2, "still away"), (5, "away")):
        away = {QUEUE: {"since": (now - minutes(ago)).isoformat(), "reason": reason}}
        WorkerFactory.create(paused=away, last_seen=now - timedelta(seconds=ago))
    by_staff, by_itself = of_confirmations().pauses
    assert (by_staff.reason, by_staff.by) == ("The letter is wrong", "alice")
    assert (by_itself.reason, by_itself.since, by_itself.by) == ("still away", now - minutes(5), "")
    assert "orders.of_another_release" in [queue.name for queue in status().queues]


def test_nine_queries_tell_everything(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    WorkerFactory.create_batch(3)
    FailedJobFactory.create_batch(3)
    OutboxMessageFactory.create_batch(3)
    with django_assert_num_queries(9):
        status()
