from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.utils import timezone

from messaging import staff
from messaging.models import FailedJob, OutboxMessage, PausedQueue
from tests.factories import FailedJobFactory, OutboxMessageFactory

pytestmark = pytest.mark.django_db

QUEUE = "orders.send_confirmation"


@pytest.fixture
def alice() -> User:
    return User.objects.create_superuser("alice")


@pytest.fixture
def bob() -> User:
    return User.objects.create_superuser("bob")


def test_a_pause_says_who_and_why_and_is_in_the_log(alice: User) -> None:
    assert staff.pause(QUEUE, by=alice, reason="The letter is wrong")
    row = PausedQueue.objects.get()
    assert (row.queue, row.reason, row.paused_by) == (QUEUE, "The letter is wrong", "alice")
    entry = LogEntry.objects.get()
    assert (entry.user, entry.object_repr, entry.change_message) == (alice, QUEUE, "Paused: The letter is wrong")


def test_who_pauses_what_is_paused_changes_nothing(alice: User, bob: User) -> None:
    staff.pause(QUEUE, by=alice, reason="The letter is wrong")
    assert not staff.pause(QUEUE, by=bob, reason="Lunch")
    assert PausedQueue.objects.get().reason == "The letter is wrong"
    assert LogEntry.objects.count() == 1


def test_a_pause_ends_once(alice: User, bob: User) -> None:
    staff.pause(QUEUE, by=alice, reason="The letter is wrong")
    assert staff.resume(QUEUE, by=bob)
    assert not staff.resume(QUEUE, by=alice)
    assert not PausedQueue.objects.exists()
    assert list(LogEntry.objects.order_by("pk").values_list("user__username", "change_message")) == [
        ("alice", "Paused: The letter is wrong"),
        ("bob", "Resumed."),
    ]


def test_what_is_parked_or_scheduled_is_made_due_and_keeps_its_reason(
    alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(staff, "AT_ONCE", 2)
    later = timezone.now() + timedelta(minutes=20)
    OutboxMessageFactory.create_batch(3, available_at=later)
    OutboxMessageFactory.create(available_at=later, parked_reason="no queue", parked_at=timezone.now())
    due = OutboxMessageFactory.create()
    assert staff.hurry(OutboxMessage.objects.all(), by=alice) == 4
    assert not OutboxMessage.objects.filter(available_at__gt=timezone.now()).exists()
    assert OutboxMessage.objects.filter(parked_reason="no queue", parked_at__isnull=False).count() == 1
    assert set(LogEntry.objects.values_list("change_message", flat=True)) == {"Made due at once."}
    # And what was due keeps its place in the line, and nobody is said to have touched it
    assert OutboxMessage.objects.get(pk=due.pk).available_at == due.available_at
    assert LogEntry.objects.count() == 4


def test_a_failed_job_whose_next_attempt_is_hurried_says_so(alice: User) -> None:
    later = timezone.now() + timedelta(minutes=20)
    hurried, other = FailedJobFactory.create_batch(2, state=FailedJob.State.RETRYING, next_attempt_at=later)
    elsewhere = FailedJobFactory.create(
        message_id=hurried.message_id, queue="orders.print_label", state="retrying", next_attempt_at=later
    )
    OutboxMessageFactory.create(message_id=hurried.message_id, queue=hurried.queue, available_at=later)
    staff.hurry(OutboxMessage.objects.all(), by=alice)
    for failed in (hurried, other, elsewhere):
        failed.refresh_from_db()
    assert hurried.next_attempt_at is not None
    assert hurried.next_attempt_at <= timezone.now()
    assert other.next_attempt_at == elsewhere.next_attempt_at == later
