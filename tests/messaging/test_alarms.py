from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.utils import timezone

from messaging.alarms import alarms, lasted
from messaging.models import PublishedMessage
from messaging.status import status
from tests.factories import OutboxMessageFactory, WorkerFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def ten_o_clock() -> Iterator[None]:
    with time_machine.travel(datetime(2026, 11, 24, 10, tzinfo=UTC), tick=False):
        yield


def ago(**duration: float) -> datetime:
    return timezone.now() - timedelta(**duration)


def test_a_worker_that_was_killed_is_missed_and_nothing_is_lost() -> None:
    WorkerFactory.create(last_seen=ago(minutes=3, seconds=10))
    assert list(alarms(status())) == ["No worker has reported for 3 minutes."]
    OutboxMessageFactory.create()
    assert list(alarms(status())) == ["No worker has reported for 3 minutes: e-mails are waiting, none is lost."]


def test_workers_that_have_stopped_in_peace_are_missed_too() -> None:
    assert list(alarms(status())) == ["No worker is running."]


def test_what_rabbitmq_has_taken_waits_too_while_no_worker_runs() -> None:
    now = timezone.now()
    PublishedMessage.objects.create(
        message_id="5e1c7f0a-3f0e-4c59-9c50-6a6f3d5b8f11", body=b"", attempt=1, published_at=now, look_at=now
    )
    assert list(alarms(status())) == ["No worker is running: e-mails are waiting, none is lost."]


def test_what_a_mail_server_said_is_told_in_a_line_that_can_be_read() -> None:
    reason = f"The disk\nis\u202e full\x1b {'x' * 1_000}"
    away = {"orders.send_confirmation": {"since": ago(minutes=6).isoformat(), "reason": reason}}
    WorkerFactory.create(paused=away)
    [alarm] = alarms(status())
    assert alarm.startswith(r"Order confirmation has been paused for 6 minutes: The disk is\u202e full\x1b xxx")
    assert alarm.endswith("x…")


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
